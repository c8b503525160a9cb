package payload_test

import (
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/payload/sample"
)

// typicalEvents are those of an upload that passes every service.
func typicalEvents(b *testing.B) []payload.Event {
	b.Helper()
	generator := sample.New(1, sample.Config{Failed: -1, Stalled: -1, Repeated: -1})
	var longest sample.Journey
	for range 20 {
		if j := generator.Journey(day0); len(j.Events) > len(longest.Events) {
			longest = j
		}
	}
	var events []payload.Event
	for _, message := range longest.Events {
		e, err := payload.Decoder{}.Decode(message.Value)
		if err != nil {
			b.Fatal(err)
		}
		e.TakenIn = message.At
		events = append(events, e)
	}
	return events
}

func BenchmarkMerge(b *testing.B) {
	rules := payload.DefaultRules()
	events := typicalEvents(b)
	b.ReportAllocs()
	for b.Loop() {
		var j payload.Journey
		j.Merge(&rules, events...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}

func BenchmarkCodec(b *testing.B) {
	bytes := []byte(encoded(b, journeyOf(typicalEvents(b)...)))
	b.ReportAllocs()
	for b.Loop() {
		var j payload.Journey
		if err := j.UnmarshalBinary(bytes); err != nil {
			b.Fatal(err)
		}
		if _, err := j.AppendBinary(make([]byte, 0, len(bytes))); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(bytes)), "bytes/journey")
}

func BenchmarkVerdict(b *testing.B) {
	rules := payload.DefaultRules()
	j := journeyOf(typicalEvents(b)...)
	now := day0.Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		_ = j.Verdict(&rules, now)
	}
}
