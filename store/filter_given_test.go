package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// What asks for nothing means the same as what is not there: the cursors of
// one list are those of the other, and it is read by the same statements.
func TestAConditionThatAsksForNothingIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 31, 30, 3)
	none := &store.Text{NotIn: []string{}}
	read := func(payloads store.PayloadFilter, statuses store.StatusFilter, page store.Page, other store.Page) (first, second string, sql []string) {
		t.Helper()
		w.statements.Reset()
		p, err := w.Payloads(t.Context(), payloads, store.PayloadOrder{}, page)
		if err != nil {
			t.Fatal(err)
		}
		s, err := w.Statuses(t.Context(), statuses, store.StatusOrder{}, other)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(payloadKeys(p).keys, *p.EndCursor), fmt.Sprint(statusKeys(s).keys, *s.EndCursor), w.statements.Inlined()
	}
	size := store.Page{First: new(7)}
	p1, s1, plain := read(store.PayloadFilter{}, store.StatusFilter{}, size, size)
	empty := store.PayloadFilter{
		RequestID: none, OrgID: none, Account: none, InventoryID: none, SystemID: none, Service: none, Source: none, Status: none,
		FailedService: none, FailureMessage: none, Fingerprint: none, Verdict: &store.VerdictFilter{NotIn: []payload.State{}},
		StartedAt: &store.Window{}, FailedAt: &store.Window{}, Duration: &store.DurationRange{},
	}
	emptyStatuses := store.StatusFilter{
		Service: none, Source: none, Status: none, Message: none, OrgID: none, Account: none, RequestID: none, Date: &store.Window{},
	}
	p2, s2, asked := read(empty, emptyStatuses, size, size)
	if p1 != p2 || s1 != s2 || !slices.Equal(plain, asked) {
		t.Errorf("%s\n%s\n%q\nwith conditions that ask for nothing\n%s\n%s\n%q", p1, s1, plain, p2, s2, asked)
	}
	// And what asks beside them is still asked.
	org := store.PayloadFilter{OrgID: &store.Text{Eq: new("org3"), NotIn: []string{}}, Verdict: &store.VerdictFilter{NotIn: []payload.State{}}}
	if got, want := w.allPayloads(org, store.PayloadOrder{}), w.allPayloads(store.PayloadFilter{OrgID: eq("org3")}, store.PayloadOrder{}); len(got) != len(want) || len(want) == 0 {
		t.Errorf("%d payloads of the org, want %d", len(got), len(want))
	}
	nothing := store.PayloadFilter{OrgID: &store.Text{In: []string{}}}
	if got := w.allPayloads(nothing, store.PayloadOrder{}); len(got) != 0 {
		t.Errorf("%d payloads are in an empty list", len(got))
	}
}

// Numbers are of whole services where no source is looked for, and a
// customer's own where he names no organisation.
func TestNumbersTakeAConditionThatAsksForNothingForNone(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	one, two := event(1, "advisor", "received", 0), event(1, "advisor", "received", time.Second)
	one.Source, two.Source, one.OrgID, two.OrgID = "a", "b", "org1", "org1"
	other := event(2, "advisor", "received", 0)
	other.OrgID = "org2"
	newFeeder(t, l.Store, 0).feed(one, two, other)
	if err := l.FoldRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	own := identity.WithScope(t.Context(), identity.Org("org1"))
	window := store.Window{From: new(noon.Add(-time.Hour)), To: new(noon.Add(time.Hour))}
	for name, filter := range map[string]store.NumbersFilter{
		"none": {}, "source": {Source: &store.Text{}}, "org": {OrgID: &store.Text{}}, "service": {Service: &store.Text{}},
	} {
		services, err := l.Services(own, window, filter)
		if err != nil || len(services) != 1 || services[0].Received != 1 {
			t.Errorf("%s: %+v, %v, want one payload", name, services, err)
		}
		if _, err := l.Flow(own, window, filter); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if groups, err := l.FailureGroups(own, window, store.FailureFilter{NumbersFilter: filter}); err != nil || len(groups) != 0 {
			t.Errorf("%s: %d kinds of failures, %v", name, len(groups), err)
		}
	}
}
