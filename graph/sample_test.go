package graph_test

import (
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/payload/sample"
)

// What the API says of made-up journeys is the truth about them, one by one
// and in the lists that the same words filter.
func TestTheAPITellsTheTruthAboutSampleJourneys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	generator := sample.New(7, sample.Config{Failed: 0.3, Stalled: 0.2, Retried: 0.2, Lost: -1})
	var events []payload.Event
	states, failedIn := map[string]int{}, map[string]int{}
	var journeys []sample.Journey
	for n := range 60 {
		journey := generator.Journey(noon.Add(-5*time.Hour - time.Duration(n)*time.Minute))
		for _, message := range journey.Events {
			event, err := payload.Decoder{}.Decode(message.Value)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, event)
		}
		states[string(journey.True)]++
		if journey.FailedService != "" {
			failedIn[journey.FailedService]++
		}
		journeys = append(journeys, journey)
	}
	b.feed(events...)
	for _, j := range journeys {
		p := at(t, b.data(question1, map[string]any{"id": j.RequestID.String()}), "payload")
		want(t, p, j.True, "verdict", "state")
		want(t, p, j.Passed, "verdict", "servicesPassed")
		if j.FailedService != "" {
			want(t, p, j.FailedService, "verdict", "failure", "service")
			want(t, p, j.FailedMessage, "verdict", "failure", "message")
		}
	}
	for state, n := range states {
		data := b.data(`query ($s: VerdictState!) { payloads(filter: {verdict: {eq: $s}}, first: 500) { nodes { verdict { state } } total { value exact } } }`, map[string]any{"s": state})
		want(t, data, map[string]any{"value": n, "exact": true}, "payloads", "total")
		for i := range n {
			want(t, data, state, "payloads", "nodes", i, "verdict", "state")
		}
	}
	for service, n := range failedIn {
		data := b.data(`query ($s: String) { payloads(filter: {failedService: {eq: $s}}) { total { value } } }`, map[string]any{"s": service})
		want(t, data, n, "payloads", "total", "value")
	}
}
