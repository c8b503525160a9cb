package graph

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.opentelemetry.io/otel/trace"

	"github.com/payload-tracker/payload-tracker/store"
)

// HandlerConfig says what the handler answers from, and how much of it. Only
// Store is required. (Config is what gqlgen calls its own.)
type HandlerConfig struct {
	Store      *store.Store
	Logger     *slog.Logger          // default: none
	Registerer prometheus.Registerer // nil: no metrics
	Traces     trace.TracerProvider  // nil: no spans
	Limits     Limits
	Links      LinksConfig
	Topic      TopicConfig

	// Documents are those that may be asked for by their id; with OnlyTrusted
	// nothing else is answered.
	Documents   *TrustedDocuments
	OnlyTrusted bool

	// CacheTime is how long a client may reuse the answer to a GET of a
	// persisted document; 0: it asks each time whether the answer has changed.
	CacheTime time.Duration

	Live LiveConfig

	HideSchema      bool // no introspection
	HideSuggestions bool // errors do not say "did you mean"
}

// Handler answers GraphQL over HTTP: POST of JSON, and GET; subscriptions over
// a websocket (graphql-transport-ws) or as server-sent events (graphql-sse).
// Run must run beside it for these.
type Handler struct {
	config   HandlerConfig
	schema   graphql.ExecutableSchema
	executor *executor.Executor
	errors   errorPresenter
	metrics  metrics
	tracer   trace.Tracer
	known    *documents
	hashed   *persisted
	slots    slots
	memory   *memory
	livePart
}

// NewHandler makes a handler for one path.
func NewHandler(config HandlerConfig) *Handler {
	config.Limits = config.Limits.withDefaults()
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	config.Live = config.Live.withDefaults()
	if config.Documents == nil {
		config.Documents = &TrustedDocuments{}
	}
	part := newLivePart(&config)
	schema := NewExecutableSchema(Config{Schema: knownSchema(), Resolvers: &Resolver{store: config.Store, links: config.Links, topic: config.Topic, live: part.live}})
	h := &Handler{
		config:   config,
		schema:   schema,
		executor: executor.New(schema),
		errors:   errorPresenter{logger: config.Logger},
		metrics:  newMetrics(config.Registerer),
		tracer:   newTracer(config.Traces),
		known:    newDocuments(),
		hashed:   newPersisted(),
		slots:    newSlots(config.Limits.Concurrent),
		memory:   newMemory(config.Limits, config.Registerer),
		livePart: part,
	}
	h.executor.SetErrorPresenter(h.errors.present)
	h.executor.SetRecoverFunc(h.errors.recovered)
	return h
}

// knownSchema is the schema without @defer, which the library brings along: no
// transport here sends later what it would leave out of the answer.
var knownSchema = sync.OnceValue(func() *ast.Schema {
	schema := *NewExecutableSchema(Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return &schema
})

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wantsSocket(r) {
		h.serveSocket(w, r)
		return
	}
	a := newAnswer(r)
	defer a.release()
	if asked, status, err := readQuestion(w, r, h.config.Limits.RequestBytes); err != nil {
		a.refuse(status, err)
	} else {
		h.ask(r.Context(), asked, a)
	}
	takes, only := takesEvents(r)
	switch {
	case a.status >= http.StatusBadRequest:
	case only, takes && a.stream != nil:
		h.serveEvents(w, r, a)
		return
	case a.stream != nil:
		a.reject(gqlerror.List{badRequest("subscribe by a websocket, or with Accept: text/event-stream")})
	}
	a.write(w)
}

// ask gives a the answer to a question, or the stream to follow, whichever
// transport the question came by.
func (h *Handler) ask(ctx context.Context, asked *question, a *answer) {
	began := time.Now()
	ctx, span := h.tracer.Start(ctx, "GraphQL")
	traced := ctx
	defer func() {
		if cause := recover(); cause != nil {
			a.refuse(http.StatusInternalServerError, asError(h.errors.recovered(ctx, cause)))
		}
		h.metrics.observe(traced, a, time.Since(began))
		endSpan(span, a.errors)
	}()
	ctx, cancel := context.WithTimeout(ctx, h.config.Limits.Deadline)
	defer cancel()
	leave, err := h.slots.enter(ctx)
	if err != nil {
		a.refuse(http.StatusTooManyRequests, err)
		return
	}
	defer leave() // before the answer is written: who reads slowly holds nobody up
	h.answer(ctx, asked, a)
}

// answer asks the question, once it is understood and found affordable.
func (h *Handler) answer(ctx context.Context, asked *question, a *answer) {
	operation, cost, errs := h.admit(asked)
	nameSpan(ctx, operation)
	if operation != nil {
		a.kind, a.operation = string(operation.Operation.Operation), h.config.Documents.nameOf(operation)
	}
	if cost.measured {
		a.extend("cost", cost.extension(h.config.Limits))
	}
	switch {
	case len(errs) > 0 && errs[0].Extensions["code"] == codePersistedQueryNotFound:
		a.refuse(http.StatusOK, errs[0]) // the client sends the text as well: no fault of its own
		return
	case len(errs) > 0:
		a.reject(errs)
		return
	case operation.Operation.Operation == ast.Subscription:
		a.stream = operation
		return
	}
	a.held = h.memory.holding()
	response := h.run(withHolding(ctx, a.held), operation)
	if response == nil {
		a.reject(gqlerror.List{timedOut()})
		return
	}
	if err := a.held.hold(ctx, int64(len(response.Data))); err != nil {
		a.refuse(http.StatusTooManyRequests, asError(err))
		return
	}
	a.answered(response)
	if asked.persisted() && len(response.Errors) == 0 {
		a.cacheable(h.config.CacheTime)
	}
}

// run executes an admitted operation that is no subscription, at one moment.
func (h *Handler) run(ctx context.Context, operation *graphql.OperationContext) *graphql.Response {
	if asksForOne(operation) {
		ctx = store.Newest(ctx)
	}
	respond, ctx := h.executor.DispatchOperation(withNow(ctx, h.config.Store.Now()), operation)
	return h.bounded(respond(ctx))
}

// ofOne are the questions about single things: who asks again must not see an
// older state, as a replica's may be.
var ofOne = []string{"payload", "node", "nodes", "find", "compare"}

func asksForOne(operation *graphql.OperationContext) bool {
	fields := graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query"})
	return slices.ContainsFunc(fields, func(field graphql.CollectedField) bool { return slices.Contains(ofOne, field.Name) })
}

// bounded is a response within the limits of an answer: no more errors than
// anyone reads (rows that share one would repeat it), and no more bytes than
// anyone takes.
func (h *Handler) bounded(r *graphql.Response) *graphql.Response {
	if r == nil {
		return nil
	}
	limits := h.config.Limits
	if len(r.Data) > limits.AnswerBytes {
		return &graphql.Response{Errors: gqlerror.List{asError(tooLarge(int64(limits.AnswerBytes)))}}
	}
	inOrder(r.Errors) // before any are left out: the same ones each time
	r.Errors = r.Errors[:min(len(r.Errors), limits.Errors)]
	return r
}

type nowKey struct{}

// withNow gives a question its one moment: all of it is judged then.
func withNow(ctx context.Context, now time.Time) context.Context {
	return context.WithValue(ctx, nowKey{}, now)
}

func now(ctx context.Context) time.Time {
	now, _ := ctx.Value(nowKey{}).(time.Time)
	return now
}
