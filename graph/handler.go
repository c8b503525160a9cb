package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/payload-tracker/payload-tracker/store"
)

// HandlerConfig says what the handler answers from, and how much of it. Only
// Store is required. (Config is what gqlgen calls its own.)
type HandlerConfig struct {
	Store      *store.Store
	Logger     *slog.Logger          // default: none
	Registerer prometheus.Registerer // nil: no metrics
	Limits     Limits
	Links      LinksConfig

	HideSchema      bool // no introspection
	HideSuggestions bool // errors do not say "did you mean"
}

// Handler answers GraphQL over HTTP: POST of JSON, and GET.
type Handler struct {
	config   HandlerConfig
	schema   graphql.ExecutableSchema
	executor *executor.Executor
	errors   errorPresenter
	metrics  metrics
	known    *documents
	hashed   *persisted
}

// NewHandler makes a handler for one path.
func NewHandler(config HandlerConfig) *Handler {
	config.Limits = config.Limits.withDefaults()
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	schema := NewExecutableSchema(Config{Resolvers: &Resolver{store: config.Store, links: config.Links}})
	h := &Handler{
		config:   config,
		schema:   schema,
		executor: executor.New(schema),
		errors:   errorPresenter{logger: config.Logger},
		metrics:  newMetrics(config.Registerer),
		known:    newDocuments(),
		hashed:   newPersisted(),
	}
	h.executor.SetErrorPresenter(h.errors.present)
	h.executor.SetRecoverFunc(h.errors.recovered)
	return h
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	a := answer{accepts: acceptOf(r)}
	defer func() {
		if cause := recover(); cause != nil {
			a.refuse(http.StatusInternalServerError, asError(h.errors.recovered(r.Context(), cause)))
		}
		h.metrics.observe(&a, time.Since(began))
		a.write(w)
	}()
	params, status, err := readParams(w, r, h.config.Limits.RequestBytes)
	if err != nil {
		a.refuse(status, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.config.Limits.Deadline)
	defer cancel()
	h.answer(withNow(ctx, h.config.Store.Now()), params, &a)
}

// answer asks the question, once it is understood and found affordable.
func (h *Handler) answer(ctx context.Context, params *graphql.RawParams, a *answer) {
	if err := h.hashed.complete(params); err != nil {
		a.refuse(http.StatusOK, err)
		return
	}
	operation, cost, errs := h.operation(params)
	if cost.measured {
		a.extend("cost", map[string]any{
			"complexity": cost.complexity, "limit": h.config.Limits.Complexity, "depth": cost.depth,
		})
	}
	if len(errs) > 0 {
		a.reject(h.tidy(errs))
		return
	}
	respond, ctx := h.executor.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if response == nil {
		a.reject(gqlerror.List{timedOut()})
		return
	}
	a.answered(response)
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
