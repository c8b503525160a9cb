// Package rest answers the routes of the Platform's existing payload tracker, so that clients written for it work
// unchanged. The rows come from the same store, and the verdicts from the same function, as those of GraphQL.
package rest

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/store"
)

// Bases are the paths below which every route answers: the documented one, and the one the existing front end calls.
var Bases = []string{"/api/v1", "/app/payload-tracker/api/v1"}

// Config is what the routes need.
type Config struct {
	Store *store.Store
	// Logger gets what callers must not see; nil discards it.
	Logger *slog.Logger
	// Registerer gets the metrics of the existing tracker's API; nil keeps them to themselves.
	Registerer prometheus.Registerer
	// Timeout bounds the work for one request (default 10 s).
	Timeout time.Duration
	// RequestsPerMinute bounds what one client address may ask for, /health apart (default 3000).
	RequestsPerMinute int
	// Now is the clock of that bound (default time.Now).
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.RequestsPerMinute == 0 {
		c.RequestsPerMinute = 3000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

type handler struct {
	store   *store.Store
	log     *slog.Logger
	metrics *metrics
	timeout time.Duration
}

// NewHandler gives the handler of /health, of the routes below each of Bases, and of / for callers that want no page.
// A path it does not know answers 404.
func NewHandler(config Config) http.Handler {
	config = config.withDefaults()
	h := &handler{
		store: config.Store, log: config.Logger, metrics: newMetrics(config.Registerer), timeout: config.Timeout,
	}
	routes := http.NewServeMux()
	h.handle(routes, "/{$}", h.lubdub)
	for _, base := range Bases {
		h.handle(routes, base, h.lubdub)
		h.handle(routes, base+"/{$}", h.lubdub)
		h.handle(routes, base+"/payloads/{request_id}", h.payload)
	}
	limiter := &limiter{perMinute: config.RequestsPerMinute, now: config.Now}
	mux := http.NewServeMux()
	h.handle(mux, "/health", h.health) // probes are not throttled
	mux.Handle("/", limiter.limit(routes))
	return h.metrics.count(mux)
}

// route answers one path. What it returns as an error becomes the answer.
type route func(w http.ResponseWriter, r *http.Request) error

// handle serves a path for GET alone: HEAD too gets 405, as from the existing service.
func (h *handler) handle(mux *http.ServeMux, path string, serve route) {
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			writeFault(w, http.StatusMethodNotAllowed, "method "+r.Method+" is not allowed, only GET")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
		defer cancel()
		if err := serve(w, r.WithContext(ctx)); err != nil {
			h.fail(w, r, err)
		}
	})
}

func (h *handler) lubdub(w http.ResponseWriter, _ *http.Request) error {
	writeText(w, "lubdub")
	return nil
}

func (h *handler) health(w http.ResponseWriter, r *http.Request) error {
	if err := h.store.Ready(r.Context()); err != nil {
		return err
	}
	writeText(w, "OK")
	return nil
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text)) // the caller has gone: nobody to tell
}
