package graph

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts questions by the code of their first error, and times them.
type metrics struct {
	questions *prometheus.CounterVec
	seconds   prometheus.Histogram
}

func newMetrics(registerer prometheus.Registerer) metrics {
	m := metrics{
		questions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payload_tracker_graphql_questions_total",
			Help: "GraphQL questions, by the code of their first error; OK without one.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "payload_tracker_graphql_seconds",
			Help:    "Time to answer a GraphQL question.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12),
		}),
	}
	if registerer != nil {
		registerer.MustRegister(m.questions, m.seconds)
	}
	return m
}

func (m metrics) observe(a *answer, took time.Duration) {
	code := "OK"
	if len(a.errors) > 0 {
		code, _ = a.errors[0].Extensions["code"].(string)
	}
	m.questions.WithLabelValues(code).Inc()
	m.seconds.Observe(took.Seconds())
}
