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

// With what ANALYZE knows and without, an estimate is within a fifth: of
// everything, and of what one filter leaves, whatever it asks.
func TestEstimatesAreWithinAFifth(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN, c.Now = dsn, func() time.Time { return noon.Add(time.Hour) } })
	f := newFeeder(t, s, 0)
	const payloads, days = 30_000, 40
	var events []payload.Event
	for n := range payloads {
		at := -time.Duration(n%days)*24*time.Hour - time.Duration(n/days)*time.Minute
		first, second := event(n+1, "ingress", "received", at), event(n+1, "puptoo", []string{"success", "error"}[n%2], at+time.Second)
		first.OrgID, second.OrgID = "", []string{"large", "other", "other"}[n%3]
		second.Message = []string{"host validation failed", "done"}[n/days%2]
		events = append(events, first, second)
	}
	f.feed(events...)
	within := func(what string, total store.Total, err error, exactly int) {
		t.Helper()
		if err != nil || total.Exact || total.Value < exactly*8/10 || total.Value > exactly*12/10 {
			t.Errorf("%s: %+v, %v, want an estimate within 20 %% of %d", what, total, err, exactly)
		}
	}
	failed := payload.StateFailed
	half := &store.Window{From: new(noon.AddDate(0, 0, -days/2).Add(time.Hour))}
	check := func(when string) {
		for name, c := range map[string]struct {
			filter store.PayloadFilter
			want   int
		}{
			"all":     {store.PayloadFilter{}, payloads},
			"org":     {store.PayloadFilter{OrgID: &store.Text{NotIn: []string{"large"}}}, payloads * 2 / 3},
			"failed":  {store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &failed}}, payloads / 2},
			"service": {store.PayloadFilter{FailedService: &store.Text{Eq: new("puptoo")}}, payloads / 2},
			"status":  {store.PayloadFilter{Service: &store.Text{Eq: new("puptoo")}, Status: &store.Text{Eq: new("success")}}, payloads / 2},
			"started": {store.PayloadFilter{StartedAt: half}, payloads / 2},
		} {
			total, err := s.PayloadsTotal(t.Context(), c.filter)
			within(when+": payloads, "+name, total, err, c.want)
		}
		for name, c := range map[string]struct {
			filter store.StatusFilter
			want   int
		}{
			"all":     {store.StatusFilter{}, 2 * payloads},
			"service": {store.StatusFilter{Service: &store.Text{Eq: new("ingress")}}, payloads},
			"message": {store.StatusFilter{Message: &store.Text{Contains: new("Validation")}}, payloads / 2},
			"date":    {store.StatusFilter{Date: half}, payloads},
		} {
			total, err := s.StatusesTotal(t.Context(), c.filter)
			within(when+": statuses, "+name, total, err, c.want)
		}
		total, err := s.StatusesTotal(t.Context(), store.StatusFilter{Service: &store.Text{Eq: new("ingress")}, Date: half})
		within(when+": statuses, service and date", total, err, payloads/2)
	}
	check("never analyzed")
	if _, err := storetest.Conn(t, dsn).Exec(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	check("analyzed")
}
