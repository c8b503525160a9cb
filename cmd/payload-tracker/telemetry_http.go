package main

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/payload-tracker/payload-tracker/exemplar"
	"github.com/payload-tracker/payload-tracker/payload"
)

// watch times the requests to the APIs and makes a span of each, below the caller's.
type watch struct {
	tracer  trace.Tracer
	seconds *prometheus.HistogramVec
}

func newWatch(traces trace.TracerProvider, registerer prometheus.Registerer) watch {
	w := watch{
		tracer: traces.Tracer("github.com/payload-tracker/payload-tracker/cmd/payload-tracker"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "payload_tracker_http_seconds",
			Help:    "Time to answer a request to the APIs, in seconds, by route and HTTP status code; 500 where an answer broke off. Streams and websockets do not count.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12),
		}, []string{"route", "code"}),
	}
	registerer.MustRegister(w.seconds)
	return w
}

// request is what only the handler that answers in the end knows.
type request struct {
	route, id string
}

type requestKey struct{}

// told remembers on which route a request ended, and which payload it asks for.
func told(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if asked, ok := r.Context().Value(requestKey{}).(*request); ok {
			asked.route, asked.id = r.Pattern, r.PathValue("request_id")
		}
	})
}

// over watches what next answers; what is told of the request is told inside of it. A websocket lives for hours: each
// question that comes through it has a span of its own.
func (w watch) over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if isUpgrade(r) {
			next.ServeHTTP(rw, r)
			return
		}
		began := time.Now()
		method := methodOf(r)
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := w.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		asked := &request{}
		answer := &watchedWriter{ResponseWriter: rw, status: http.StatusOK}
		pattern, status := r.Pattern, http.StatusInternalServerError // unless the handler returns: it may panic
		defer func() {
			route := routeOf(cmp.Or(asked.route, pattern))
			w.describe(span, r, status, method, route, asked.id)
			if !answer.stream() {
				exemplar.Observe(ctx, w.seconds.WithLabelValues(route, strconv.Itoa(status)), time.Since(began))
			}
		}()
		next.ServeHTTP(answer, r.WithContext(context.WithValue(ctx, requestKey{}, asked)))
		status = answer.status
	})
}

func (w watch) describe(span trace.Span, r *http.Request, status int, method, route, id string) {
	if !span.IsRecording() {
		return
	}
	span.SetName(method + " " + route)
	span.SetAttributes(
		semconv.HTTPRequestMethodKey.String(method), semconv.HTTPRoute(route), semconv.HTTPResponseStatusCode(status),
		semconv.URLPath(r.URL.Path), semconv.URLScheme(schemeOf(r)), semconv.ServerAddress(r.Host),
	)
	if id, err := payload.ParseRequestID(id); err == nil {
		span.SetAttributes(attribute.String("request_id", id.String()))
	}
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(status)))
	}
}

// methodOf is the method, as far as it is one that is known: anybody may send any.
func methodOf(r *http.Request) string {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch}
	if slices.Contains(known, r.Method) {
		return r.Method
	}
	return "_OTHER"
}

// routeOf is a pattern of net/http as a route: without its method, and without the sign of its end.
func routeOf(pattern string) string {
	if _, path, found := strings.Cut(pattern, " "); found {
		pattern = path
	}
	return strings.TrimSuffix(pattern, "{$}")
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// watchedWriter remembers the status of an answer.
type watchedWriter struct {
	http.ResponseWriter
	status int
}

func (w *watchedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// stream tells whether the answer was one of events, which lasts as long as its reader.
func (w *watchedWriter) stream() bool {
	return strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
