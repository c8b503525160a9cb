package identity

import "context"

// Scope is whose data may be seen: everybody's, or one customer organisation's.
// The zero value sees nothing.
type Scope struct {
	everything bool
	orgID      string
}

// Everything is the scope without bounds.
func Everything() Scope { return Scope{everything: true} }

// Org is the scope of one customer organisation; "" sees nothing.
func Org(id string) Scope { return Scope{orgID: id} }

// Bound is the organisation to which the scope is bound, if it is.
func (s Scope) Bound() (orgID string, bound bool) { return s.orgID, !s.everything }

// Sees tells whether what belongs to an organisation may be seen.
func (s Scope) Sees(orgID string) bool { return s.everything || (orgID != "" && s.orgID == orgID) }

type callerKey struct{}

type scopeKey struct{}

// With is ctx for a caller, and in the caller's scope.
func With(ctx context.Context, caller Identity) context.Context {
	return context.WithValue(WithScope(ctx, caller.Scope()), callerKey{}, caller)
}

// WithScope is ctx in a scope.
func WithScope(ctx context.Context, scope Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// Of is the caller of ctx; false where nobody was asked who they are.
func Of(ctx context.Context) (Identity, bool) {
	caller, ok := ctx.Value(callerKey{}).(Identity)
	return caller, ok
}

// ScopeOf is the scope of ctx; false where none was set.
func ScopeOf(ctx context.Context) (Scope, bool) {
	scope, ok := ctx.Value(scopeKey{}).(Scope)
	return scope, ok
}
