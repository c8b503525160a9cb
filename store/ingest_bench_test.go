package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// BenchmarkIngest stores batches of 20,000 events: 12 a payload, the events of
// 2,000 payloads interleaved.
func BenchmarkIngest(b *testing.B) {
	s := storetest.New(b)
	next, err := s.InitPosition(b.Context(), group, topic, [16]byte{1}, 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	const rows, open = 20_000, 2_000
	number := 0
	batch := func() []payload.Event {
		events := make([]payload.Event, rows)
		for i := range events {
			window, step, which := number/(open*12), number/open%12, number%open
			id := window*open + which
			events[i] = payload.Event{
				RequestID: requestID(id + 1), Service: fmt.Sprintf("service-%d", step/3), OrgID: fmt.Sprint(id % 500),
				Status: []string{"received", "processing", "success"}[step%3], Message: "a message of about fifty bytes, as services send it",
				Date: noon.Add(time.Duration(number) * time.Millisecond), SystemID: fmt.Sprintf("%032x", id),
			}
			number++
		}
		return events
	}
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		events := batch()
		b.StartTimer()
		_, err := s.Ingest(context.Background(), store.Batch{Group: group, Parts: []store.Part{{
			Topic: topic, TopicID: [16]byte{1}, From: next, To: next + rows, Events: events,
		}}})
		if err != nil {
			b.Fatal(err)
		}
		next += rows
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "events/s")
}
