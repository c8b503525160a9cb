// Package identity says who asks. The platform's gateway signs callers in and
// tells the services behind it by the x-rh-identity header: this package reads
// it, and gives the Scope that the caller may see.
package identity

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Header is the gateway's: base64 of JSON.
const Header = "X-Rh-Identity"

// Type is what kind of caller it is.
type Type string

// Types that may ask.
const (
	Associate      Type = "Associate" // works for the platform: sees every customer
	User           Type = "User"
	ServiceAccount Type = "ServiceAccount"
	System         Type = "System"
)

// Identity is a caller.
type Identity struct {
	Type  Type
	OrgID string   // of all but an Associate
	Roles []string // of an Associate
}

// Scope is what the caller may see.
func (i Identity) Scope() Scope {
	if i.Type == Associate {
		return Everything()
	}
	return Org(i.OrgID)
}

// HasRole tells whether the caller has a role of associates.
func (i Identity) HasRole(role string) bool { return slices.Contains(i.Roles, role) }

// document is what the header holds, as far as it matters here.
type document struct {
	Identity *struct {
		Type     Type   `json:"type"`
		OrgID    string `json:"org_id"`
		Internal struct {
			OrgID string `json:"org_id"` // where older gateways write it
		} `json:"internal"`
		Associate struct {
			Role []string `json:"Role"`
		} `json:"associate"`
	} `json:"identity"`
}

// Parse reads the header's value. An error says what is wrong, for the caller
// to read; it repeats nothing of the value.
func Parse(value string) (Identity, error) {
	if strings.TrimSpace(value) == "" {
		return Identity{}, errors.New("the " + strings.ToLower(Header) + " header is missing")
	}
	content, err := decode(strings.TrimSpace(value))
	if err != nil {
		return Identity{}, wrong("is no base64")
	}
	var d document
	if err := json.Unmarshal(content, &d); err != nil || d.Identity == nil {
		return Identity{}, wrong("holds no JSON object with an identity")
	}
	orgID := d.Identity.OrgID
	if orgID == "" {
		orgID = d.Identity.Internal.OrgID
	}
	switch d.Identity.Type {
	case Associate:
		return Identity{Type: Associate, Roles: d.Identity.Associate.Role}, nil
	case User, ServiceAccount, System:
		if strings.TrimSpace(orgID) == "" {
			return Identity{}, wrong("names no org_id")
		}
		return Identity{Type: d.Identity.Type, OrgID: orgID}, nil
	}
	return Identity{}, wrong("names no type that may ask: Associate, User, ServiceAccount or System")
}

func decode(value string) ([]byte, error) {
	value = strings.TrimRight(value, "=") // with and without padding
	if strings.ContainsAny(value, "-_") {
		return base64.RawURLEncoding.DecodeString(value)
	}
	return base64.RawStdEncoding.DecodeString(value)
}

func wrong(what string) error {
	return errors.New("the " + strings.ToLower(Header) + " header " + what)
}

// Require lets through who says who they are, with identity and scope in the
// request's context. Others are refused: the reason is for them to read.
func Require(next http.Handler, refuse func(w http.ResponseWriter, r *http.Request, reason string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", Header)
		values := r.Header.Values(Header)
		if len(values) > 1 { // a gateway writes one: another is the caller's own
			refuse(w, r, wrong("was sent more than once").Error())
			return
		}
		caller, err := Parse(r.Header.Get(Header))
		if err != nil {
			refuse(w, r, err.Error())
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), caller)))
	})
}
