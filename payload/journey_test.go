package payload_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// anyEvents draws distinct events of one payload: few services, words and
// dates, so that ties, retries and healed failures are common.
func anyEvents(t *rapid.T) []payload.Event {
	draw := rapid.Custom(func(t *rapid.T) payload.Event {
		date := start.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "second")) * time.Second)
		if rapid.IntRange(0, 9).Draw(t, "far") == 0 {
			date = date.AddDate(0, 0, rapid.IntRange(-400, 400).Draw(t, "days"))
		}
		return payload.Event{
			Service:     rapid.SampledFrom([]string{"ingress", "puptoo", "inventory"}).Draw(t, "service"),
			Source:      rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "source"),
			Status:      rapid.SampledFrom([]string{"received", "processing", "success", "error", "failed", "odd"}).Draw(t, "status"),
			Message:     rapid.SampledFrom([]string{"", "why", "because", string(bytes.Repeat([]byte("é"), 700))}).Draw(t, "message"),
			Date:        date,
			OrgID:       rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "org"),
			InventoryID: rapid.SampledFrom([]string{"", "df615ee7-b326-519b-83a8-55ebae71fd6a", "host"}).Draw(t, "inventory"),
			TakenIn:     start.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "taken")) * time.Second),
		}
	})
	return rapid.SliceOfNDistinct(draw, 1, 60, func(e payload.Event) int64 { return e.Hash() }).Draw(t, "events")
}

func encode(t *rapid.T, j *payload.Journey) []byte {
	b, err := j.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMergeGivesTheSameBytesInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := payload.DefaultRules()
		events := anyEvents(t)
		var whole payload.Journey
		whole.Merge(&rules, events...)

		// Another order, cut into parts, with repeats, each part its own
		// journey that went through its bytes.
		mixed := rapid.Permutation(append(slices.Clone(events), events[:len(events)/2]...)).Draw(t, "order")
		var joined payload.Journey
		for len(mixed) > 0 {
			n := rapid.IntRange(1, len(mixed)).Draw(t, "part")
			var part, read payload.Journey
			part.Merge(&rules, mixed[:n]...)
			if err := read.UnmarshalBinary(encode(t, &part)); err != nil {
				t.Fatal(err)
			}
			joined.MergeJourney(&read)
			mixed = mixed[n:]
		}
		if !bytes.Equal(encode(t, &joined), encode(t, &whole)) {
			t.Fatalf("the journeys differ:\n%+v\n%+v", joined, whole)
		}
	})
}

// The states of a journey's stages, told by walking the sorted events.
func TestStagesAreWhatTheEventsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := payload.DefaultRules()
		events := anyEvents(t)
		var j payload.Journey
		j.Merge(&rules, events...)
		want := walk(&rules, events)
		if len(j.Stages()) != len(want) {
			t.Fatalf("%d stages, want %d", len(j.Stages()), len(want))
		}
		for _, s := range j.Stages() {
			w := want[[2]string{s.Service, s.Source}]
			state := s.State
			if state == payload.StageHandedOver {
				state = payload.StageReceived
			}
			if state != w.state {
				t.Errorf("%s/%s is %s, want %s", s.Service, s.Source, s.State, w.state)
			}
			if w.state == payload.StageFailed && s.Failure.Status != w.firstFailure.Status {
				t.Errorf("%s/%s failed with %s, want %s", s.Service, s.Source, s.Failure.Status, w.firstFailure.Status)
			}
		}
	})
}

type walked struct {
	state        payload.StageState
	failures     []payload.Event
	firstFailure payload.Event // of the last 16 since the stage began or healed
}

func walk(rules *payload.Rules, events []payload.Event) map[[2]string]walked {
	sorted := slices.Clone(events)
	slices.SortFunc(sorted, func(a, b payload.Event) int { return payload.Compare(&a, &b, rules) })
	stages := map[[2]string]walked{}
	for _, e := range sorted {
		key := [2]string{e.Service, e.Source}
		s := stages[key]
		switch rules.Class(e.Status) {
		case payload.ClassOpening:
			s = walked{state: payload.StageReceived}
		case payload.ClassSuccess:
			s = walked{state: payload.StageSucceeded}
		case payload.ClassFailure:
			s.state, s.failures = payload.StageFailed, append(s.failures, e)
			s.firstFailure = s.failures[max(0, len(s.failures)-16)]
		case payload.ClassDetail:
			if s.state == "" || s.state == payload.StageReceived {
				s.state = payload.StageProcessing
			}
		}
		stages[key] = s
	}
	return stages
}

func TestJourneyBounds(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	var j payload.Journey
	for i := range 2000 {
		j.Merge(&rules, payload.Event{
			Service: "service-" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)), Status: "error",
			Message: string(bytes.Repeat([]byte("x"), 5000)), Date: start.Add(time.Duration(i) * time.Hour), TakenIn: start,
		})
	}
	if n := len(j.Stages()); n != 256 {
		t.Errorf("%d stages are kept, want 256", n)
	}
	if d := j.Days(); !d.Range || len(d.Dates) != 2 {
		t.Errorf("days %+v, want a range", d)
	}
	v := j.Verdict(&rules, start)
	if !v.Failure.Cut || len(v.Failure.Message) != 1024 {
		t.Errorf("failure's message has %d bytes, cut: %t", len(v.Failure.Message), v.Failure.Cut)
	}
	if v.QuietSince.After(start) {
		t.Errorf("quiet since %s: a date ahead hides that nothing happens", v.QuietSince)
	}
}

func FuzzJourneyUnmarshal(f *testing.F) {
	rules := payload.DefaultRules()
	var j payload.Journey
	j.Merge(&rules, payload.Event{Service: "ingress", Status: "error", Message: "why", Date: start, TakenIn: start, OrgID: "1"})
	b, err := j.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, data []byte) {
		var j payload.Journey
		if j.UnmarshalBinary(data) == nil {
			j.Verdict(&rules, start)
		}
	})
}
