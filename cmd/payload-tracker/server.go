package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
	"github.com/payload-tracker/payload-tracker/web"
)

// publicHandler is the whole URL space of PUBLICPORT.
func (a *app) publicHandler(questions *graph.Handler) http.Handler {
	legacy := a.restHandler()
	guardedLegacy := a.watch.over(a.guarded(told(legacy), rest.Refuse))
	page := web.Handler(web.Config{Playground: a.config.playground})
	mux := http.NewServeMux()
	mux.Handle("/graphql", a.watch.over(a.guarded(told(questions), refuseGraph)))
	mux.Handle("/playground", page)
	mux.Handle("/playground/", page)
	for _, base := range slices.Concat(rest.Bases, a.config.rest.prefixes) {
		mux.Handle(base, guardedLegacy)
		mux.Handle(base+"/", guardedLegacy)
	}
	mux.Handle("/health", legacy)
	mux.HandleFunc("GET /livez", livez)
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("/{$}", pageOr(legacy, page))
	mux.Handle("/", page)
	return a.parting(a.recovered(mux))
}

func refuseGraph(w http.ResponseWriter, r *http.Request, code payload.Code, message string) {
	status := http.StatusForbidden
	if code == payload.CodeUnauthenticated {
		status = http.StatusUnauthorized
	}
	graph.Refuse(w, r, status, string(code), message)
}

func (a *app) graphHandler() *graph.Handler {
	c := a.config
	return graph.NewHandler(graph.HandlerConfig{
		Store: a.store, Logger: a.log, Registerer: a.registry, Traces: a.traces,
		Limits: graph.Limits{
			RequestBytes: int64(c.graph.requestBytes),
			Tokens:       c.graph.tokens,
			Depth:        c.graph.depth,
			Complexity:   c.graph.complexity,
			Aliases:      c.graph.aliases,
			Directives:   c.graph.directives,
			RootFields:   c.graph.rootFields,
			Errors:       c.graph.errors,
			AnswerBytes:  c.graph.answerBytes,
			HeldBytes:    int64(c.graph.heldBytes),
			Concurrent:   c.graph.concurrent,
			Deadline:     c.graph.deadline,
		},
		Documents: a.documents, OnlyTrusted: c.graph.onlyTrusted, CacheTime: c.graph.cacheTime,
		Live: graph.LiveConfig{
			Subscriptions: c.graph.subscriptions,
			PerConnection: c.graph.subscriptionsPerConnection,
			TailRate:      c.graph.statusesPerSecond,
		},
		Topic:      graph.TopicConfig{Group: c.kafka.group, Name: c.kafka.topic, Ends: a.ends.Of},
		HideSchema: !c.graph.introspection, HideSuggestions: !c.graph.suggestions,
		Links: graph.LinksConfig{
			KibanaURL: c.links.kibanaURL, KibanaIndex: c.links.kibanaIndex, KibanaServiceField: c.links.kibanaServiceField,
			JaegerURL: c.links.jaegerURL,
		},
	})
}

// readDocuments reads what may be asked by its id: what the page asks, and what the folder of the settings has.
func (c graphConfig) readDocuments() (*graph.TrustedDocuments, error) {
	documents := &graph.TrustedDocuments{}
	if err := documents.ReadDocuments(web.Documents()); err != nil {
		return nil, fmt.Errorf("the page's documents: %w", err)
	}
	if c.documents == "" {
		return documents, nil
	}
	before := documents.Len()
	if err := documents.ReadDocuments(os.DirFS(c.documents)); err != nil {
		return nil, fmt.Errorf("TRUSTED_DOCUMENTS_DIR=%q: %w", c.documents, err)
	}
	if documents.Len() == before {
		return nil, fmt.Errorf("TRUSTED_DOCUMENTS_DIR=%q has no document: .graphql files, or .json manifests", c.documents)
	}
	return documents, nil
}

func (a *app) restHandler() http.Handler {
	c := a.config
	return rest.NewHandler(rest.Config{
		Store: a.store, Logger: a.log, Registerer: a.registry,
		Prefixes: c.rest.prefixes, Timeout: c.rest.deadline, Lists: c.rest.lists,
		RequestsPerMinute: c.maxRequestsPerMinute, TrustedProxies: c.rest.trustedProxies,
		Archive: rest.ArchiveConfig{
			BrokerURL: c.links.storageBrokerURL, Role: c.links.storageBrokerRole, Timeout: c.links.storageBrokerTimeout,
			Mock: c.links.requestor == "mock", PublicPort: c.publicPort,
		},
		Kibana: rest.KibanaConfig{URL: c.links.kibanaURL, Index: c.links.kibanaIndex, ServiceField: c.links.kibanaServiceField},
	})
}

// metricsHandler is the whole URL space of METRICSPORT.
func (a *app) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{Registry: a.registry, EnableOpenMetrics: true}))
	mux.HandleFunc("GET /livez", livez)
	mux.HandleFunc("GET /readyz", a.readyz)
	return a.recovered(mux)
}

// pageOr gives the page to who takes one, and the legacy answer to programs that do not say they would.
func pageOr(legacy, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept")
		accept := strings.Join(r.Header.Values("Accept"), ",")
		if strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*") {
			page.ServeHTTP(w, r)
			return
		}
		legacy.ServeHTTP(w, r)
	})
}

// recovered answers 500 where a handler panics, and logs the stack.
func (a *app) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				panic(cause)
			}
			a.log.ErrorContext(r.Context(), "handler panicked",
				slog.String("path", r.URL.Path), slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))
			http.Error(w, "an internal error occurred", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
