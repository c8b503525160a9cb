package stock

import (
	"encoding/hex"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, storetest.NoLeaks()) }

// The journeys are what the package says of them.
func TestPlanHasItsShares(t *testing.T) {
	t.Parallel()
	const payloads = 20_000
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	plan := newPlan(1, payloads*eventsPerPayload, within, now)
	if n := plan.Before(now); n < payloads || n > payloads*101/100 {
		t.Errorf("%d journeys by now, want about %d", n, payloads)
	}
	rules := payload.DefaultRules()
	states, ofOrg, services := map[payload.State]int{}, map[string]int{}, map[string]bool{}
	odd := 0
	for number := range payloads {
		events := plan.Events(number)
		if len(events) != eventsPerPayload {
			t.Fatalf("%d events", len(events))
		}
		var journey payload.Journey
		journey.Merge(&rules, events...)
		states[journey.Verdict(&rules, now.AddDate(500, 0, 0)).State]++
		ofOrg[journey.OrgID()]++
		for _, e := range events {
			services[e.Service] = true
		}
		if events[1].Date.Sub(events[0].Date).Abs() > lasts {
			odd++
		}
		if i := len(events) - 1; events[i].Date.Sub(plan.Start(number)) > lasts {
			t.Errorf("a journey of %v", events[i].Date.Sub(plan.Start(number)))
		}
	}
	for state, share := range map[payload.State]float64{payload.StateFailed: failedShare, payload.StateStalled: openShare} {
		if got := float64(states[state]) / payloads; math.Abs(got-share) > share/5 {
			t.Errorf("%.3f %s, want %.2f", got, state, share)
		}
	}
	if share := float64(ofOrg[LargestOrg]) / payloads; math.Abs(share-1.0/3) > 0.02 {
		t.Errorf("the largest org has %.2f", share)
	}
	if n := ofOrg[TiniestOrg]; n > 20 {
		t.Errorf("the tiniest org has %d payloads", n)
	}
	if len(services) != 8 || odd != 30 {
		t.Errorf("%d services, %d odd dates", len(services), odd)
	}
}

// What the large batches of Fill leave is what consumers leave that take the
// same events in as they happen, a few at a time.
func TestFilledRowsEqualThoseOfIngest(t *testing.T) {
	t.Parallel()
	const payloads = 300
	plan := newPlan(2, payloads*eventsPerPayload, time.Hour, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC))
	filler := &Filler{Plan: plan}
	filler.at(plan.Began)
	filled := storetest.New(t, func(c *store.Config) { c.Now = filler.Now })
	if n, err := filler.Fill(t.Context(), filled, payloads, func(int) {}); n != payloads || err != nil {
		t.Fatal(n, err)
	}
	if n, err := filler.Fill(t.Context(), filled, payloads, func(int) {}); n != 0 || err != nil {
		t.Fatalf("filled again: %d more, %v", n, err)
	}
	steady := &Steady{Plan: plan}
	followed := storetest.New(t, func(c *store.Config) { c.Now = filler.Now })
	for at := plan.Began; at.Before(plan.Start(payloads).Add(lasts)); at = at.Add(5 * time.Second) {
		filler.at(at)
		if err := steady.Step(t.Context(), followed, at, payloads); err != nil {
			t.Fatal(err)
		}
	}
	for number := range payloads {
		want, got := read(t, followed, plan.RequestID(number)), read(t, filled, plan.RequestID(number))
		if want != got {
			t.Fatalf("payload %d:\n%+v\n%+v", number, got, want)
		}
	}
	large, err := filled.Payload(t.Context(), store.PayloadKey{RequestID: new(plan.LargeID())})
	if err != nil || large == nil {
		t.Fatal(large, err)
	}
	pages, err := filled.Timelines(t.Context(), []*store.Payload{large}, store.Page{Last: new(1)})
	if err != nil || len(pages[large.ID].Items) != 1 || pages[large.ID].Items[0].Message != "rule 49999 of the content pack hit" {
		t.Errorf("the large payload ends with %+v, %v", pages[large.ID], err)
	}
}

// stored is a payload without its row number and the time it was taken in.
type stored struct {
	requestID, orgID, account, inventoryID, systemID string
	startedAt, updatedAt                             time.Time
	verdict                                          string
	journey                                          string // without odd dates: one ahead of its time counts from when it was taken in
	timeline                                         string
}

func read(t *testing.T, db *store.Store, id payload.RequestID) stored {
	t.Helper()
	p, err := db.Payload(t.Context(), store.PayloadKey{RequestID: &id})
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	pages, err := db.Timelines(t.Context(), []*store.Payload{p}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := db.Hosts(t.Context(), []int64{p.ID}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	rules := payload.DefaultRules()
	verdict := p.Journey.Verdict(&rules, time.Date(2026, 5, 4, 18, 0, 0, 0, time.UTC))
	s := stored{
		p.RequestID.String(), p.OrgID, p.Account, p.InventoryID, p.SystemID, p.StartedAt, p.UpdatedAt,
		fmt.Sprint(verdict.State, verdict.ServicesPassed, verdict.Failure), "", "",
	}
	if p.Duration() < lasts {
		encoded, err := p.Journey.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		s.journey = hex.EncodeToString(encoded)
	}
	for _, e := range pages[p.ID].Items {
		s.timeline += fmt.Sprintln(e.Service, e.Source, e.Status, e.Message, e.Date, e.Hash)
	}
	for _, h := range hosts[p.ID].Items {
		s.timeline += fmt.Sprintln(*h)
	}
	return s
}
