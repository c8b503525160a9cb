package consumer_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// Dashboards built for the existing tracker find its metrics under their
// names, with numbers that add up.
func TestMetrics(t *testing.T) {
	t.Parallel()
	b := setup(t)
	registry := prometheus.NewPedanticRegistry()
	b.Produce(0, messages(1, 2)...)
	b.Produce(0, messages(1, 1)...)
	b.Produce(0, "junk", `{"service":"a","request_id":"third-party","status":"error","date":"2026-03-04T12:00:00Z"}`,
		`{"service":"a","request_id":"00000000000000000000000000000009","status":"error","date":"2026-03-04T12:00:00Z","account":true}`)
	b.start(func(c *consumer.Config) { c.Registerer = registry })
	b.waitPosition(0, 12)
	want := map[string]float64{
		"payload_tracker_consumed_messages":            12,
		"payload_tracker_messages_processed":           10,
		"payload_tracker_message_process_errors":       2,
		"payload_tracker_consumer_invalid_request_IDs": 1,
		"payload_tracker_events_stored_total":          7,
		"payload_tracker_events_repeated_total":        3,
		"payload_tracker_events_without_org_total":     1,
		"payload_tracker_event_oddities_total":         1,
		"payload_tracker_dead_letters_total":           2,
		"payload_tracker_partitions_assigned":          3,
		"payload_tracker_consume_errors":               0,
	}
	consumertest.Wait(t, "the numbers", func() error {
		for name, value := range want {
			if err := registered(registry, name, value); err != nil {
				return err
			}
		}
		return registered(registry, "payload_tracker_message_process_seconds", 0)
	})
}

// registered tells whether a metric is there and its samples sum up to value;
// of a histogram it only asks whether it is there.
func registered(registry *prometheus.Registry, name string, value float64) error {
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		sum := 0.0
		for _, metric := range family.GetMetric() {
			sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
		if sum != value {
			return fmt.Errorf("%s is %v, want %v", name, sum, value)
		}
		return nil
	}
	return fmt.Errorf("%s is missing", name)
}
