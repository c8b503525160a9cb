package store

import "github.com/prometheus/client_golang/prometheus"

// retentionMetrics tell what is given up, and before that what will be. They
// stay at zero in a process that does not look.
type retentionMetrics struct {
	horizon, used, left, nextDay, nextBytes prometheus.Gauge
	partitions, payloads, failures          prometheus.Counter
}

func newRetentionMetrics(registerer prometheus.Registerer) retentionMetrics {
	var all []prometheus.Collector
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "payload_tracker_retention_" + name, Help: help})
		all = append(all, g)
		return g
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "payload_tracker_retention_" + name, Help: help})
		all = append(all, c)
		return c
	}
	m := retentionMetrics{
		horizon:    gauge("horizon_timestamp_seconds", "Events of dates before this one are given up; 0: none are."),
		used:       gauge("budget_used_ratio", "Share of MAX_DATABASE_BYTES that the database takes; past 1 the oldest days go. 0 without a budget."),
		left:       gauge("budget_left_seconds", "When the budget is used up, at the growth of the last days. 0 without a budget."),
		nextDay:    gauge("next_day_timestamp_seconds", "The oldest day that is kept: it goes next."),
		nextBytes:  gauge("next_bytes", "What the oldest day that is kept takes."),
		partitions: counter("partitions_dropped_total", "Partitions dropped because they were too old."),
		payloads:   counter("payloads_deleted_total", "Payloads deleted because their last event was too old."),
		failures:   counter("failures_total", "Looks at what is too old that did not end well; the next ones go on."),
	}
	if registerer != nil {
		registerer.MustRegister(all...)
	}
	return m
}
