package store_test

import (
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestTotalsPastTheBoundAreEstimates(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	f := newFeeder(t, s, 0)
	const many = 12_000
	var events []payload.Event
	for n := range many {
		events = append(events, event(n+1, "ingress", "received", time.Duration(n)*time.Millisecond))
	}
	f.feed(events...)
	check := func(what string, total store.Total, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if total.Exact || total.Value < many*8/10 || total.Value > many*12/10 {
			t.Errorf("%s: %+v, want an estimate within 20 %% of %d", what, total, many)
		}
	}
	total, err := s.PayloadsTotal(t.Context(), store.PayloadFilter{})
	check("payloads", total, err)
	total, err = s.StatusesTotal(t.Context(), store.StatusFilter{})
	check("statuses", total, err)
	total, err = s.StatusesTotal(t.Context(), store.StatusFilter{
		Message: &store.Text{Contains: new("SAYS")}, Date: &store.Window{From: new(noon.Add(-time.Hour)), To: new(noon.Add(time.Hour))},
	})
	check("statuses that say a word", total, err)
	total, err = s.StatusesTotal(t.Context(), store.StatusFilter{OrgID: &store.Text{Eq: new("700101")}})
	if err != nil || total.Exact || total.Value < 10_000 {
		t.Errorf("statuses of an org: %+v, %v", total, err)
	}
	few := store.PayloadFilter{StartedAt: &store.Window{To: new(noon.Add(5 * time.Millisecond))}}
	total, err = s.PayloadsTotal(t.Context(), few)
	if err != nil || total != (store.Total{Value: 5, Exact: true}) {
		t.Errorf("five payloads: %+v, %v", total, err)
	}
}
