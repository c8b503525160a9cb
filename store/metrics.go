package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/exemplar"
)

// metrics of the store; every field works without a registry too.
type metrics struct {
	seconds   *prometheus.HistogramVec
	retention retentionMetrics
	listenMetrics
}

func newMetrics(registerer prometheus.Registerer, pool *pgxpool.Pool) metrics {
	m := metrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "payload_tracker_db_seconds",
		Help:    "Time of a database operation, in seconds.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
	}, []string{"operation"}), listenMetrics: newListenMetrics(registerer), retention: newRetentionMetrics(registerer)}
	if registerer != nil {
		registerer.MustRegister(m.seconds, poolMetrics{pool})
	}
	return m
}

// observe measures from its call until the returned function's.
func (m metrics) observe(ctx context.Context, operation string) func() {
	start := time.Now()
	return func() { exemplar.Observe(ctx, m.seconds.WithLabelValues(operation), time.Since(start)) }
}

// poolMetrics tell of the pool of connections, as it counts by itself.
type poolMetrics struct{ of *pgxpool.Pool }

var (
	poolConnections = prometheus.NewDesc("payload_tracker_db_connections",
		"Connections to the database, by what they do: used, idle or constructing.", []string{"state"}, nil)
	poolMost = prometheus.NewDesc("payload_tracker_db_connections_max",
		"Connections that this process may have: DB_MAX_CONNECTIONS.", nil, nil)
	poolAcquires = prometheus.NewDesc("payload_tracker_db_acquires_total",
		"Connections taken from the pool.", nil, nil)
	poolWaits = prometheus.NewDesc("payload_tracker_db_acquire_waits_total",
		"Connections that had to be waited for: none was idle.", nil, nil)
	poolWaitSeconds = prometheus.NewDesc("payload_tracker_db_acquire_wait_seconds_total",
		"Time for which connections were waited for, in seconds.", nil, nil)
	poolCanceled = prometheus.NewDesc("payload_tracker_db_acquires_canceled_total",
		"Connections that were waited for in vain: who wanted one gave up.", nil, nil)
)

// Describe names what Collect gives.
func (m poolMetrics) Describe(all chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{poolConnections, poolMost, poolAcquires, poolWaits, poolWaitSeconds, poolCanceled} {
		all <- desc
	}
}

// Collect gives the numbers.
func (m poolMetrics) Collect(all chan<- prometheus.Metric) {
	stat := m.of.Stat()
	send := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	send(poolConnections, prometheus.GaugeValue, float64(stat.AcquiredConns()), "used")
	send(poolConnections, prometheus.GaugeValue, float64(stat.IdleConns()), "idle")
	send(poolConnections, prometheus.GaugeValue, float64(stat.ConstructingConns()), "constructing")
	send(poolMost, prometheus.GaugeValue, float64(stat.MaxConns()))
	send(poolAcquires, prometheus.CounterValue, float64(stat.AcquireCount()))
	send(poolWaits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))
	send(poolWaitSeconds, prometheus.CounterValue, stat.EmptyAcquireWaitTime().Seconds())
	send(poolCanceled, prometheus.CounterValue, float64(stat.CanceledAcquireCount()))
}
