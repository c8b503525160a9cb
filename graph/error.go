package graph

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.opentelemetry.io/otel/trace"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Codes of GraphQL itself, in extensions.code beside those of payload.Code.
const (
	codeParseFailed            = "GRAPHQL_PARSE_FAILED"
	codeValidationFailed       = "GRAPHQL_VALIDATION_FAILED"
	codeComplexityLimit        = "COMPLEXITY_LIMIT_EXCEEDED"
	codeDepthLimit             = "DEPTH_LIMIT_EXCEEDED"
	codePersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND"
	codeBadUserInput           = string(payload.CodeBadUserInput)
	codeTimeout                = string(payload.CodeTimeout)
	codeInternal               = string(payload.CodeInternal)
)

// maxErrorMessage bounds the message of an error, in bytes: it quotes what was
// sent.
const maxErrorMessage = 400

func coded(code, message string) *gqlerror.Error {
	err := &gqlerror.Error{Message: message}
	setCode(err, code)
	return err
}

func codedf(code, format string, args ...any) *gqlerror.Error {
	return coded(code, fmt.Sprintf(format, args...))
}

func badRequest(message string) *gqlerror.Error { return coded(codeBadUserInput, message) }

func timedOut() *gqlerror.Error {
	return coded(codeTimeout, "the question took too long: ask for less of it, or again in a moment")
}

func setCode(err *gqlerror.Error, code string) {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	err.Extensions["code"] = code
}

func locate(err *gqlerror.Error, p *ast.Position) {
	err.Locations = []gqlerror.Location{{Line: p.Line, Column: p.Column}}
}

// asError is a user's error as GraphQL writes it; anything else says nothing.
func asError(err error) *gqlerror.Error {
	if ours, ok := errors.AsType[*payload.Error](err); ok && ours.Code != payload.CodeInternal {
		return coded(string(ours.Code), ours.Message)
	}
	if known, ok := errors.AsType[*gqlerror.Error](err); ok && known.Extensions["code"] != nil {
		return known
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return timedOut()
	}
	return coded(codeInternal, "an internal error occurred")
}

var suggestion = regexp.MustCompile(`\.? ?Did you mean .*\?$`)

// tidy bounds the errors of a question that is not executed, and takes out
// what they tell of the schema where that is to be hidden.
func (h *Handler) tidy(errs gqlerror.List) gqlerror.List {
	errs = errs[:min(len(errs), h.config.Limits.Errors)]
	for _, err := range errs {
		if h.config.HideSuggestions {
			err.Message = suggestion.ReplaceAllString(err.Message, ".")
		}
		clip(err)
		delete(err.Extensions, "rule")
		err.Rule = ""
	}
	return errs
}

func clip(err *gqlerror.Error) {
	if len(err.Message) > maxErrorMessage {
		err.Message = strings.ToValidUTF8(err.Message[:maxErrorMessage], "") + "…"
	}
}

// inOrder sorts the errors of an answer by their paths: they come in the order
// in which the fields happened to be resolved, which is another each time.
func inOrder(errs gqlerror.List) {
	slices.SortStableFunc(errs, func(a, b *gqlerror.Error) int {
		return cmp.Or(slices.CompareFunc(a.Path, b.Path, compareSteps), strings.Compare(a.Message, b.Message))
	})
}

// compareSteps compares elements of paths: indexes by number, before names.
func compareSteps(a, b ast.PathElement) int {
	i, aIndex := a.(ast.PathIndex)
	j, bIndex := b.(ast.PathIndex)
	switch {
	case aIndex && bIndex:
		return cmp.Compare(i, j)
	case aIndex:
		return -1
	case bIndex:
		return 1
	}
	m, _ := a.(ast.PathName)
	n, _ := b.(ast.PathName)
	return cmp.Compare(m, n)
}

// errorPresenter turns what a resolver returns into what is shown.
type errorPresenter struct{ logger *slog.Logger }

func (p errorPresenter) present(ctx context.Context, err error) *gqlerror.Error {
	shown := asError(err)
	if shown.Extensions["code"] == codeInternal && shown.Extensions["id"] == nil {
		if shared, ok := errors.AsType[*sharedError](err); ok {
			shown = shared.shownOnce(func() *gqlerror.Error { return p.internal(ctx, err, "") })
		} else {
			shown = p.internal(ctx, err, "")
		}
	}
	clip(shown)
	if shown.Path == nil {
		shown.Path = graphql.GetPath(ctx)
	}
	if field := graphql.GetFieldContext(ctx); field != nil && shown.Locations == nil && field.Field.Field != nil && field.Field.Position != nil {
		locate(shown, field.Field.Position)
	}
	return shown
}

// sharedError is the error of a read that many rows share: it is logged once.
type sharedError struct {
	error
	once  sync.Once
	shown *gqlerror.Error
}

func (e *sharedError) Unwrap() error { return e.error }

// shownOnce is a copy of what show says the first time, for one more row.
func (e *sharedError) shownOnce(show func() *gqlerror.Error) *gqlerror.Error {
	e.once.Do(func() { e.shown = show() })
	return &gqlerror.Error{Message: e.shown.Message, Extensions: maps.Clone(e.shown.Extensions)}
}

// recovered is a panic as an error.
func (p errorPresenter) recovered(ctx context.Context, cause any) error {
	return p.internal(ctx, fmt.Errorf("panic: %v", cause), string(debug.Stack()))
}

// internal shows an id, that of the trace where there is one, and nothing
// else; the log has the rest under both.
func (p errorPresenter) internal(ctx context.Context, err error, stack string) *gqlerror.Error {
	id := strings.ToLower(rand.Text()[:16])
	p.logger.ErrorContext(ctx, "a question failed",
		slog.String("error_id", id), slog.String("path", graphql.GetPath(ctx).String()),
		slog.String("error", err.Error()), slog.String("stack", stack))
	shown := codedf(codeInternal, "an internal error occurred; the log has it under %s", id)
	shown.Extensions["id"] = id
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		shown.Extensions["traceId"] = span.TraceID().String()
	}
	return shown
}
