package graph

import (
	"cmp"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/exemplar"
)

// metrics counts questions by the code of their first error, and times them.
// Their labels take what is known beforehand alone: anybody may name an
// operation as he likes.
type metrics struct {
	questions   *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	pushSeconds prometheus.Histogram
}

func newMetrics(registerer prometheus.Registerer) metrics {
	buckets := prometheus.ExponentialBuckets(0.001, 2.5, 12)
	m := metrics{
		questions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payload_tracker_graphql_questions_total",
			Help: "GraphQL questions, by the code of their first error; OK without one.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "payload_tracker_graphql_seconds",
			Help: "Time to answer a GraphQL question, in seconds, by its kind (none where it was not understood) and its name " +
				"where that is one of a trusted document's, else other. Of a subscription: until it is followed.",
			Buckets: buckets,
		}, []string{"kind", "operation"}),
		pushSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "payload_tracker_graphql_push_seconds", Help: "Time to make one answer of a subscription, in seconds.", Buckets: buckets,
		}),
	}
	if registerer != nil {
		registerer.MustRegister(m.questions, m.seconds, m.pushSeconds)
	}
	return m
}

// observe counts an answer; ctx has its span.
func (m metrics) observe(ctx context.Context, a *answer, took time.Duration) {
	code := "OK"
	if len(a.errors) > 0 {
		code, _ = a.errors[0].Extensions["code"].(string)
	}
	m.questions.WithLabelValues(code).Inc()
	exemplar.Observe(ctx, m.seconds.WithLabelValues(cmp.Or(a.kind, "none"), cmp.Or(a.operation, "other")), took)
}
