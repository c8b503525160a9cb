package payload_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
)

var (
	start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	// day0 is where the made-up events begin: two seconds before midnight.
	day0 = time.Date(2026, 3, 4, 23, 59, 58, 0, time.UTC)
)

var madeWords = []string{
	"received", "received", "processing", "advertised", "success", "successful", "error", "failed", "processing_error",
}

// madeEvent is an event of a payload with few services, words and dates, so
// that ties, retries and reopened stages are common.
func madeEvent() *rapid.Generator[payload.Event] {
	return rapid.Custom(func(t *rapid.T) payload.Event {
		of := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
		e := payload.Event{
			RequestID:   payload.RequestID{1},
			Service:     of("service", "ingress", "puptoo", "inventory"),
			Source:      of("source", "", "", "host", "batch"),
			Status:      of("status", madeWords...),
			Message:     of("message", "", "a", "b", strings.Repeat("é", 600)),
			Date:        day0.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "date")) * time.Second),
			OrgID:       of("org", "", "1", "2"),
			Account:     of("account", "", "7", "8"),
			InventoryID: of("inventory", "", "1c38ef4e-be66-5d5c-8e2c-0f68744c15fd", "1C38EF4E-be66-5d5c-8e2c-0f68744c15fd", "odd"),
			SystemID:    of("system", "", "2c38ef4ebe665d5c8e2c0f68744c15fd"),
		}
		if rapid.IntRange(0, 4).Draw(t, "first taken in") > 0 {
			e.TakenIn = day0.Add(time.Duration(rapid.IntRange(-5, 20).Draw(t, "taken in")) * time.Second)
		}
		return e
	})
}

// manyEvents go beyond every bound of a journey: of its stages and words, or
// with an even seed of the failures of a stage.
func manyEvents(seed uint64, n int) []payload.Event {
	random := rand.New(rand.NewPCG(seed, 1))
	services, words := 300, madeWords
	if seed%2 == 0 {
		services, words = 2, []string{"error", "failed"}
	}
	events := make([]payload.Event, n)
	for i := range events {
		e := &events[i]
		e.RequestID = payload.RequestID{1}
		e.Service = fmt.Sprintf("service-%d", random.IntN(services))
		e.Source = []string{"", "host"}[random.IntN(2)]
		e.Status = words[random.IntN(len(words))]
		if random.IntN(4) == 0 {
			e.Status = fmt.Sprintf("step-%d", random.IntN(60))
		}
		if random.IntN(100) == 0 {
			e.Status = madeWords[random.IntN(len(madeWords))]
		}
		e.Message = strings.Repeat("m", random.IntN(2000))
		e.Date = day0.Add(time.Duration(random.IntN(40*86400)) * time.Second)
		e.TakenIn = e.Date.Add(time.Duration(random.IntN(100)-50) * time.Second)
	}
	return events
}

// shuffled is a permutation of events with some of them repeated.
func shuffled(random *rand.Rand, events []payload.Event) []payload.Event {
	mixed := append([]payload.Event(nil), events...)
	for range len(events) / 3 {
		mixed = append(mixed, events[random.IntN(len(events))])
	}
	random.Shuffle(len(mixed), func(a, b int) { mixed[a], mixed[b] = mixed[b], mixed[a] })
	return mixed
}

func journeyOf(events ...payload.Event) *payload.Journey {
	rules := payload.DefaultRules()
	var j payload.Journey
	j.Merge(&rules, events...)
	return &j
}

func encoded(t rapid.TB, j *payload.Journey) string {
	t.Helper()
	b, err := j.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func decoded(t rapid.TB, b string) *payload.Journey {
	t.Helper()
	var j payload.Journey
	if err := j.UnmarshalBinary([]byte(b)); err != nil {
		t.Fatal(err)
	}
	return &j
}
