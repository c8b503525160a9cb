// Package exemplar gives what is measured the trace that it was measured in: a dashboard leads from a slow bar to the
// trace of one that was slow.
package exemplar

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Observe notes how long something took, in seconds, with the trace of ctx where it has one that is kept.
func Observe(ctx context.Context, to prometheus.Observer, took time.Duration) {
	of := trace.SpanContextFromContext(ctx)
	if exemplar, ok := to.(prometheus.ExemplarObserver); ok && of.IsSampled() {
		exemplar.ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": of.TraceID().String()})
		return
	}
	to.Observe(took.Seconds())
}
