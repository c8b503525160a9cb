package store_test

import (
	"maps"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// A payload whose next service never begins is found everywhere as hanging:
// in the list, in its sentence and in the numbers, until it is heard of again.
func TestHandoversThatNeverHappen(t *testing.T) {
	t.Parallel()
	now := noon
	s := storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return now } })
	rules := payload.DefaultRules()
	puptoo := payload.Handover{From: "ingress", To: "puptoo"}
	inventory := payload.Handover{From: "puptoo", To: "inventory"}
	rules.Handovers = []payload.Handover{puptoo, inventory}
	rules.StallAfterService = map[string]time.Duration{"inventory": time.Hour}
	if err := s.ApplyRules(t.Context(), rules, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	f := newFeeder(t, s, 0)
	at := func(n int, service, word string, before time.Duration) payload.Event {
		e := event(n, service, word, 0)
		e.Date = now.Add(-before)
		return e
	}
	now = noon.Add(-22 * time.Minute) // when they are taken in
	f.feed(
		at(1, "ingress", "success", 0),                                // puptoo should have begun
		at(2, "ingress", "success", 0), at(2, "puptoo", "success", 0), // inventory may take an hour
		at(3, "ingress", "error", 0), // nobody waits
		at(4, "ingress", "received", 0),
	)
	now = noon
	f.feed(at(5, "ingress", "success", time.Minute)) // not yet

	standing := func() *store.Standing {
		t.Helper()
		got, err := s.Standing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	wantStanding := func(what string, stalled, overdue int64, recent map[payload.State]int64) {
		t.Helper()
		got := standing()
		if got.Stalled != stalled || !maps.Equal(got.Overdue, map[payload.Handover]int64{puptoo: overdue, inventory: 0}) || !maps.Equal(got.Recent, recent) {
			t.Errorf("%s: %+v", what, got)
		}
	}
	wantStanding("at noon", 2, 1, map[payload.State]int64{"FAILED": 1, "STALLED": 2, "IN_PROGRESS": 2, "SUCCEEDED": 0})
	stalled := payload.StateStalled
	page, err := s.Payloads(t.Context(), store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &stalled}}, store.PayloadOrder{Field: store.OrderByQuietSince}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	sentences := map[string]int{}
	for _, p := range page.Items {
		sentences[p.Journey.Verdict(&rules, now).Sentence]++
	}
	if want := map[string]int{"no news from puptoo, expected after ingress, for 22 min": 1, "no news from ingress for 22 min": 1}; !maps.Equal(sentences, want) {
		t.Errorf("hanging: %v, want %v", sentences, want)
	}

	f.feed(at(1, "puptoo", "received", 0)) // any event clears it
	wantStanding("heard of again", 1, 0, map[payload.State]int64{"FAILED": 1, "STALLED": 1, "IN_PROGRESS": 3, "SUCCEEDED": 0})
	now = noon.Add(50 * time.Minute) // what began earlier than an hour ago counts among the hanging alone
	got := standing()
	if got.Stalled != 4 || got.Overdue[puptoo] != 1 || got.Overdue[inventory] != 1 || got.Recent[stalled] != 1 || len(got.Recent) != 4 {
		t.Errorf("later: %+v", got)
	}
}
