package sample_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/payload/sample"
)

var start = time.Date(2026, 3, 4, 9, 15, 0, 0, time.UTC)

func TestVerdictEqualsTheTruth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		rules := sample.Rules()
		generator := sample.New(seed, sample.Config{Failed: 0.3, Stalled: 0.1, Lost: 0.05, Retried: 0.3, Repeated: 0.3, Disordered: 0.5})
		seen := map[payload.State]int{}
		for n := range 1_000 {
			journey := generator.Journey(start.Add(time.Duration(n) * time.Minute))
			seen[journey.True]++
			checkTruth(t, &rules, journey)
			if t.Failed() {
				return
			}
		}
		for _, state := range []payload.State{payload.StateSucceeded, payload.StateFailed, payload.StateStalled} {
			if seen[state] < 50 {
				t.Errorf("seed %d: only %d journeys are %s", seed, seen[state], state)
			}
		}
	}
}

func TestOneServiceFails(t *testing.T) {
	t.Parallel()
	rules := sample.Rules()
	generator := sample.New(1, sample.Config{Failed: 0.5, FailedIn: "vulnerability"})
	failed := 0
	for n := range 300 {
		journey := generator.Journey(start.Add(time.Duration(n) * time.Minute))
		checkTruth(t, &rules, journey)
		if journey.True == payload.StateFailed {
			failed++
		}
		if s := journey.FailedService; s != "" && s != "vulnerability" {
			t.Errorf("%s failed in %s", journey.RequestID, s)
		}
	}
	if failed < 20 || failed > 100 { // a third of the journeys comes there, and half of these fail
		t.Errorf("%d of 300 failed", failed)
	}
}

func checkTruth(t *testing.T, rules *payload.Rules, journey sample.Journey) {
	t.Helper()
	var merged payload.Journey
	distinct := map[int64]bool{}
	for _, message := range journey.Events {
		event, err := payload.Decoder{}.Decode(message.Value)
		if err != nil {
			t.Fatalf("%s: %v", message.Value, err)
		}
		if event.RequestID != journey.RequestID {
			t.Errorf("request id %s, want %s", event.RequestID, journey.RequestID)
		}
		event.TakenIn = message.At
		distinct[event.Hash()] = true
		merged.Merge(rules, event)
	}
	last := journey.Events[len(journey.Events)-1].At
	verdict := merged.Verdict(rules, last.Add(time.Hour))
	if len(distinct) != journey.Distinct {
		t.Errorf("%s: %d distinct events, want %d", journey.RequestID, len(distinct), journey.Distinct)
	}
	if verdict.State != journey.True || verdict.ServicesPassed != journey.Passed {
		t.Errorf("%s: %s after %d services, want %s after %d: %q\n%s", journey.RequestID,
			verdict.State, verdict.ServicesPassed, journey.True, journey.Passed, verdict.Sentence, values(journey))
	}
	var service, source, status, message string
	if f := verdict.Failure; f != nil {
		service, source, status, message = f.Service, f.Source, f.Status, f.Message
	}
	if service != journey.FailedService || source != journey.FailedSource ||
		status != journey.FailedStatus || message != journey.FailedMessage {
		t.Errorf("%s: failure %s/%s %s %q, want %s/%s %s %q\n%s", journey.RequestID, service, source, status, message,
			journey.FailedService, journey.FailedSource, journey.FailedStatus, journey.FailedMessage, values(journey))
	}
	if merged.OrgID() != journey.OrgID && len(distinct) > 2 || merged.InventoryID() != journey.InventoryID {
		t.Errorf("%s: org %q host %q, want %q %q", journey.RequestID,
			merged.OrgID(), merged.InventoryID(), journey.OrgID, journey.InventoryID)
	}
}

func values(journey sample.Journey) []byte {
	var lines [][]byte
	for _, message := range journey.Events {
		lines = append(lines, message.Value)
	}
	return bytes.Join(lines, []byte("\n"))
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	a, b := sample.New(7, sample.Config{}), sample.New(7, sample.Config{})
	other := sample.New(8, sample.Config{}).Journey(start)
	for range 200 {
		x, y := a.Journey(start), b.Journey(start)
		if !bytes.Equal(values(x), values(y)) {
			t.Fatalf("journeys differ:\n%s\n\n%s", values(x), values(y))
		}
		if bytes.Equal(values(x), values(other)) {
			t.Fatal("another seed gives the same journey")
		}
	}
}

func TestJourneysAreOfTheUsualSize(t *testing.T) {
	t.Parallel()
	generator := sample.New(1, sample.Config{})
	services, events, size := map[string]bool{}, 0, 0
	const journeys = 1_000
	for range journeys {
		journey := generator.Journey(start)
		for i, message := range journey.Events {
			if i > 0 && message.At.Before(journey.Events[i-1].At) {
				t.Fatal("events are not in the order of sending")
			}
			event, err := payload.Decoder{}.Decode(message.Value)
			if err != nil {
				t.Fatal(err)
			}
			services[event.Service] = true
			events++
			size += len(message.Value)
		}
	}
	if len(services) != 8 {
		t.Errorf("%d services: %v", len(services), services)
	}
	if mean := float64(events) / journeys; mean < 10 || mean > 14 {
		t.Errorf("%.1f events a journey", mean)
	}
	t.Logf("%.1f events a journey, %d bytes an event", float64(events)/journeys, size/events)
}

func TestGeneratorsShareCustomers(t *testing.T) {
	t.Parallel()
	orgs := func(seed uint64, config sample.Config) map[string]bool {
		generator, seen := sample.New(seed, config), map[string]bool{}
		for range 500 {
			seen[generator.Journey(start).OrgID] = true
		}
		return seen
	}
	shared := func(a, b map[string]bool) (n int) {
		for org := range a {
			if b[org] {
				n++
			}
		}
		return n
	}
	one := orgs(1, sample.Config{Customers: 7})
	if n := shared(one, orgs(2, sample.Config{Customers: 7})); n < 35 {
		t.Errorf("of the same customers only %d organisations send with both seeds", n)
	}
	if n := shared(orgs(1, sample.Config{}), orgs(2, sample.Config{})); n > 0 {
		t.Errorf("%d organisations of generators that share none", n)
	}
}
