package store

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the store; every field works without a registry too.
type metrics struct {
	seconds *prometheus.HistogramVec
	listenMetrics
}

func newMetrics(registerer prometheus.Registerer) metrics {
	m := metrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "payload_tracker_db_seconds",
		Help:    "Time of a database operation, in seconds.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
	}, []string{"operation"}), listenMetrics: newListenMetrics(registerer)}
	if registerer != nil {
		registerer.MustRegister(m.seconds)
	}
	return m
}

// observe measures from its call until the returned function's.
func (m metrics) observe(operation string) func() {
	start := time.Now()
	return func() { m.seconds.WithLabelValues(operation).Observe(time.Since(start).Seconds()) }
}
