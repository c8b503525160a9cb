package consumer

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/payload"
)

// metrics of the consumer; every field works without a registry too. The
// first six keep the names of the tracker that dashboards were built for.
type metrics struct {
	processed       prometheus.Counter
	processSeconds  prometheus.Histogram
	processErrors   prometheus.Counter
	consumed        prometheus.Counter
	consumeErrors   prometheus.Counter
	invalidIDs      prometheus.Counter
	stored          prometheus.Counter
	repeated        prometheus.Counter
	late            prometheus.Counter
	withoutOrg      prometheus.Counter
	oddities        *prometheus.CounterVec
	deadLetters     *prometheus.CounterVec
	countedOnly     prometheus.Counter
	batchRows       prometheus.Histogram
	batchSeconds    prometheus.Histogram
	ingestRetries   prometheus.Counter
	lostPartitions  prometheus.Counter
	skippedOffsets  prometheus.Counter
	positionResets  *prometheus.CounterVec
	lag             *prometheus.GaugeVec
	assigned        prometheus.Gauge
	topicMissing    prometheus.Gauge
	stuckPartitions prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	var all []prometheus.Collector
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "payload_tracker_" + name, Help: help})
		all = append(all, c)
		return c
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "payload_tracker_" + name, Help: help}, []string{label})
		all = append(all, c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "payload_tracker_" + name, Help: help})
		all = append(all, g)
		return g
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "payload_tracker_" + name, Help: help, Buckets: buckets})
		all = append(all, h)
		return h
	}
	seconds := prometheus.ExponentialBuckets(0.001, 2, 16)
	m := &metrics{
		processed:      counter("messages_processed", "Messages stored, new or repeated."),
		processSeconds: histogram("message_process_seconds", "From a message read to it stored, in seconds; one sample a batch.", seconds),
		processErrors:  counter("message_process_errors", "Messages that could not be stored and became dead letters."),
		consumed:       counter("consumed_messages", "Messages read from Kafka."),
		consumeErrors:  counter("consume_errors", "Errors of reading from Kafka."),
		invalidIDs:     counter("consumer_invalid_request_IDs", "Messages whose request id is no UUID."),

		stored:         counter("events_stored_total", "New events stored."),
		repeated:       counter("events_repeated_total", "Events that were stored already."),
		late:           counter("events_late_total", "Events that came when their day was given up: counted, not stored."),
		withoutOrg:     counter("events_without_org_total", "Events that came without an org id."),
		oddities:       counters("event_oddities_total", "Optional fields whose value could not be used.", "field"),
		deadLetters:    counters("dead_letters_total", "Messages written to the dead-letter topic.", "reason"),
		countedOnly:    counter("junk_messages_total", "Messages with a request id that the settings say to count only."),
		batchRows:      histogram("batch_rows", "Records in a batch.", prometheus.ExponentialBuckets(1, 4, 9)),
		batchSeconds:   histogram("batch_seconds", "Time to store a batch, retries included, in seconds.", seconds),
		ingestRetries:  counter("ingest_retries_total", "Batches tried again because the database was away or refused."),
		lostPartitions: counter("positions_lost_total", "Parts of batches dropped because another consumer had moved their position."),
		skippedOffsets: counter("offsets_skipped_total", "Offsets without a record between two records read: compaction, markers or deletion."),
		positionResets: counters("position_resets_total", "Positions that no longer matched the topic.", "cause"),
		assigned:       gauge("partitions_assigned", "Partitions this consumer reads."),
		topicMissing:   gauge("topic_missing", "1 while the topic does not exist."),
		stuckPartitions: gauge("partitions_stuck",
			"Partitions that cannot be read on: a batch past the decompression limit, or broken."),
	}
	m.lag = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "payload_tracker_consumer_lag", Help: "Records of a partition that are not stored yet.",
	}, []string{"partition"})
	all = append(all, m.lag)
	// A counter that begins with its first count has no increase to alert on.
	for _, reason := range append(payload.Reasons(), reasonRefused) {
		m.deadLetters.WithLabelValues(string(reason))
	}
	for _, cause := range resetCauses {
		m.positionResets.WithLabelValues(cause)
	}
	if registerer != nil {
		registerer.MustRegister(all...)
	}
	return m
}
