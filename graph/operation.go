package graph

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// admit checks all that can be checked of a question before any of it runs, and
// makes it ready to be executed: every transport asks here. It stands for the
// executor's own reading, which checks sizes only after validation, whose work
// grows faster than what is sent.
func (h *Handler) admit(params *question) (*graphql.OperationContext, cost, gqlerror.List) {
	operation, cost, errs := h.understand(params)
	return operation, cost, h.tidy(errs)
}

func (h *Handler) understand(params *question) (*graphql.OperationContext, cost, gqlerror.List) {
	if int64(len(params.Query)) > h.config.Limits.RequestBytes {
		return nil, cost{}, gqlerror.List{badRequest("the question is too large")}
	}
	if err := h.complete(params); err != nil {
		return nil, cost{}, gqlerror.List{err}
	}
	doc, errs := h.document(params.Query)
	if len(errs) > 0 {
		return nil, cost{}, errs
	}
	operation := doc.Operations.ForName(params.OperationName)
	if operation == nil {
		return nil, cost{}, gqlerror.List{coded(codeValidationFailed, "name one of the document's operations in operationName")}
	}
	variables, err := validator.VariableValues(h.schema.Schema(), operation, params.Variables)
	if err != nil {
		return nil, cost{}, gqlerror.List{variableError(err)}
	}
	cost, err := h.measure(operation, variables)
	if err != nil {
		return nil, cost, gqlerror.List{asError(err)}
	}
	return &graphql.OperationContext{
		RawQuery: params.Query, OperationName: params.OperationName, Variables: variables, Headers: params.Headers,
		Doc: doc, Operation: operation, DisableIntrospection: h.config.HideSchema,
		RecoverFunc:            h.errors.recovered,
		ResolverMiddleware:     func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) },
	}, cost, nil
}

// document parses and validates; what passed is kept.
func (h *Handler) document(query string) (*ast.QueryDocument, gqlerror.List) {
	if doc := h.known.get(query); doc != nil {
		return doc, nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, h.config.Limits.Tokens)
	if err != nil {
		return nil, gqlerror.List{parseError(err)}
	}
	if len(doc.Operations) == 0 {
		return nil, gqlerror.List{coded(codeValidationFailed, "the document has no operation")}
	}
	if err := h.config.Limits.count(doc); err != nil {
		return nil, gqlerror.List{err}
	}
	errs := validator.ValidateWithRules(h.schema.Schema(), doc, rules.NewDefaultRules())
	if len(errs) > 0 {
		for _, err := range errs {
			setCode(err, codeValidationFailed)
		}
		return nil, errs
	}
	h.known.add(query, doc)
	return doc, nil
}

func parseError(err error) *gqlerror.Error {
	if strings.Contains(err.Error(), "exceeded token limit") {
		return coded(codeComplexityLimit, "the question has too many words")
	}
	failed, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		return coded(codeParseFailed, "the question cannot be read")
	}
	setCode(failed, codeParseFailed)
	return failed
}

// variableError says which variable is wrong, in words of JSON. Its path is
// none within an answer.
func variableError(err error) *gqlerror.Error {
	failed, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		return coded(codeBadUserInput, "a variable has a wrong value")
	}
	message := wordsOfJSON.Replace(wrongNumber.ReplaceAllString(failed.Message, "cannot be used as $1"))
	if path := strings.TrimPrefix(failed.Path.String(), "variable."); path != "" {
		message = "$" + path + ": " + message
	}
	return badRequest(message)
}

// wrongNumber is what the library says of a number that does not fit: not the one that was sent.
var wrongNumber = regexp.MustCompile(`^cannot use value \S+ as (\w+)$`)

var wordsOfJSON = strings.NewReplacer(" slice", " list", " map", " object", " float64", " number", " bool", " boolean")

// documents are the validated texts that were asked last.
type documents struct{ cache *lru.LRU[*ast.QueryDocument] }

// A parsed document takes up to a hundred times its text: these bounds keep
// all of them below 64 MiB, whatever is sent.
const (
	maxDocuments     = 128
	maxDocumentBytes = 4 << 10 // longer ones are not kept
)

func newDocuments() *documents { return &documents{lru.New[*ast.QueryDocument](maxDocuments)} }

func (d *documents) get(query string) *ast.QueryDocument {
	doc, _ := d.cache.Get(context.Background(), query) //nolint:forbidigo // the cache's interface has a context it does not use
	return doc
}

func (d *documents) add(query string, doc *ast.QueryDocument) {
	if len(query) <= maxDocumentBytes {
		d.cache.Add(context.Background(), query, doc) //nolint:forbidigo // as above
	}
}
