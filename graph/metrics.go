package graph

import (
	"cmp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// metrics counts questions by the code of their first error, and times them.
type metrics struct {
	questions *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer) metrics {
	m := metrics{
		questions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payload_tracker_graphql_questions_total",
			Help: "GraphQL questions, by the code of their first error; OK without one.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "payload_tracker_graphql_seconds",
			Help:    "Time to answer a GraphQL question, by its name where that is one of a trusted document's.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12),
		}, []string{"operation"}),
	}
	if registerer != nil {
		registerer.MustRegister(m.questions, m.seconds)
	}
	return m
}

func (m metrics) observe(a *answer, took time.Duration, span trace.Span) {
	code := "OK"
	if len(a.errors) > 0 {
		code, _ = a.errors[0].Extensions["code"].(string)
	}
	m.questions.WithLabelValues(code).Inc()
	seconds := m.seconds.WithLabelValues(cmp.Or(a.operation, "other"))
	exemplar, ok := seconds.(prometheus.ExemplarObserver)
	if of := span.SpanContext(); ok && of.IsSampled() {
		exemplar.ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": of.TraceID().String()})
		return
	}
	seconds.Observe(took.Seconds())
}
