// Package rest answers the routes of the Platform's existing payload tracker, so that clients written for it work
// unchanged. The rows come from the same store, and the verdicts from the same function, as those of GraphQL.
package rest

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
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
	// Prefixes are further paths below which every route answers, such as /v1.
	Prefixes []string
	// Timeout bounds the work for one request; a list's is until its first row (default 10 s).
	Timeout time.Duration
	// RequestsPerMinute bounds what one client address may ask for, /health apart (default 3000).
	RequestsPerMinute int
	// TrustedProxies may say in X-Forwarded-For for whom they ask; nobody else is believed.
	TrustedProxies []netip.Prefix
	// Now is the clock of that bound and of verdicts (default time.Now).
	Now func() time.Time

	Lists   ListsConfig
	Archive ArchiveConfig
	Kibana  KibanaConfig
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	setDefault(&c.Timeout, 10*time.Second)
	setDefault(&c.RequestsPerMinute, 3000)
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Lists = c.Lists.withDefaults()
	c.Archive = c.Archive.withDefaults()
	setDefault(&c.Kibana.ServiceField, "app")
	return c
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

type handler struct {
	config  Config
	store   *store.Store
	log     *slog.Logger
	metrics *metrics
	archive archive
	exports chan struct{} // a place each for those under way
}

// NewHandler gives the handler of /health, of the routes below each of Bases and the configured prefixes, and of / for
// callers that want no page. A path it does not know answers 404.
func NewHandler(config Config) http.Handler {
	config = config.withDefaults()
	h := &handler{
		config: config, store: config.Store, log: config.Logger, metrics: newMetrics(config.Registerer),
		archive: newArchive(config.Archive), exports: make(chan struct{}, config.Lists.Exports),
	}
	routes := http.NewServeMux()
	h.handle(routes, "/{$}", endpoint{serve: h.lubdub})
	for _, base := range slices.Concat(Bases, config.Prefixes) {
		h.handle(routes, base, endpoint{serve: h.lubdub})
		for _, e := range h.endpoints() {
			h.handle(routes, base+e.path, e)
		}
	}
	limiter := &limiter{perMinute: config.RequestsPerMinute, trusted: config.TrustedProxies, now: config.Now}
	mux := http.NewServeMux()
	h.handle(mux, "/health", endpoint{serve: h.health}) // probes are not throttled
	mux.Handle("/", limiter.limit(routes))
	return h.metrics.count(mux)
}

// endpoint answers one path.
type endpoint struct {
	path   string
	params []string // of the query: it is not given any other
	serve  route
	slow   bool // it bounds its work itself
}

// route answers a request. What it returns as an error becomes the answer.
type route func(w http.ResponseWriter, r *http.Request, query url.Values) error

// endpoints are the routes below a base. The OpenAPI document describes exactly these.
func (h *handler) endpoints() []endpoint {
	endpoints := []endpoint{
		{path: "/{$}", serve: h.lubdub},
		{path: "/payloads", params: payloadParams(), serve: h.payloads, slow: true},
		{path: "/payloads/{request_id}", params: []string{"sort_by", "sort_dir", "verbosity", "verdict"}, serve: h.payload},
		{path: "/payloads/{request_id}/archiveLink", serve: h.archiveLink, slow: true},
		{path: "/payloads/{request_id}/kibanaLink", params: []string{"service"}, serve: h.kibanaLink},
		{path: "/roles/archiveLink", serve: h.archiveRole},
		{path: "/statuses", params: statusParams(), serve: h.statuses, slow: true},
		{path: "/stats", params: []string{"stat"}, serve: h.stats},
		{path: "/openapi.json", serve: h.openAPI},
		{path: "/docs", serve: h.docs},
	}
	if h.config.Archive.Mock {
		endpoints = append(endpoints, endpoint{path: "/archive/{request_id}", serve: h.mockArchive})
	}
	return endpoints
}

// handle serves a path for GET alone: HEAD too gets 405, as from the existing service.
func (h *handler) handle(mux *http.ServeMux, path string, e endpoint) {
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			writeFault(w, http.StatusMethodNotAllowed, "method "+r.Method+" is not allowed, only GET")
			return
		}
		query := r.URL.Query()
		maps.DeleteFunc(query, func(name string, _ []string) bool { return !slices.Contains(e.params, name) })
		within := r
		if !e.slow {
			ctx, cancel := context.WithTimeout(r.Context(), h.config.Timeout)
			defer cancel()
			within = r.WithContext(ctx)
		}
		if err := e.serve(w, within, query); err != nil {
			h.fail(w, r, err)
		}
	})
}

func (h *handler) lubdub(w http.ResponseWriter, _ *http.Request, _ url.Values) error {
	writeText(w, "lubdub")
	return nil
}

func (h *handler) health(w http.ResponseWriter, r *http.Request, _ url.Values) error {
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
