package store

import "github.com/prometheus/client_golang/prometheus"

// retentionMetrics tell what this process has given up. What will be is told
// by RetentionState. They stay at zero in a process that does not look.
type retentionMetrics struct {
	partitions, payloads, failures prometheus.Counter
}

func newRetentionMetrics(registerer prometheus.Registerer) retentionMetrics {
	var all []prometheus.Collector
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "payload_tracker_retention_" + name, Help: help})
		all = append(all, c)
		return c
	}
	m := retentionMetrics{
		partitions: counter("partitions_dropped_total", "Partitions dropped because they were too old."),
		payloads:   counter("payloads_deleted_total", "Payloads deleted because their last event was too old."),
		failures:   counter("failures_total", "Looks at what is too old that did not end well; the next ones go on."),
	}
	if registerer != nil {
		registerer.MustRegister(all...)
	}
	return m
}
