package store_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// journeys of all payloads.
func (l *ledger) journeys() []*payload.Journey {
	l.t.Helper()
	rows, err := storetest.Conn(l.t, l.dsn).Query(l.t.Context(), `SELECT journey FROM payloads WHERE journey IS NOT NULL`)
	if err != nil {
		l.t.Fatal(err)
	}
	encoded, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		l.t.Fatal(err)
	}
	journeys := make([]*payload.Journey, len(encoded))
	for i, b := range encoded {
		journeys[i] = new(payload.Journey)
		if err := journeys[i].UnmarshalBinary(b); err != nil {
			l.t.Fatal(err)
		}
	}
	return journeys
}

// question is a window and a filter, and which passages they mean.
type question struct {
	name     string
	window   store.Window
	filter   store.NumbersFilter
	from, to time.Time // as counted
	org      func(string) bool
	stages   bool
	source   string
}

func since(d time.Duration) store.Window { return store.Window{Since: &d} }

func eq(text string) *store.Text { return &store.Text{Eq: &text} }

// questions at noon and 61 minutes.
func questions() []question {
	anyOrg := func(string) bool { return true }
	first := func(org string) bool { return org == "1" }
	at := func(after time.Duration) time.Time { return noon.Add(after) }
	from, to := at(-25*time.Hour-30*time.Minute), at(-time.Hour-10*time.Minute)
	return []question{
		{name: "an hour", window: since(time.Hour), from: at(0), to: at(65 * time.Minute), org: anyOrg},
		{name: "six hours", window: since(6 * time.Hour), from: at(-5 * time.Hour), to: at(65 * time.Minute), org: anyOrg},
		{name: "a day", window: since(24 * time.Hour), from: at(-23 * time.Hour), to: at(65 * time.Minute), org: anyOrg},
		{name: "a day before", window: store.Window{From: &from, To: &to}, from: at(-26 * time.Hour), to: at(-time.Hour), org: anyOrg},
		{name: "a month", window: since(30 * 24 * time.Hour), from: at(1*time.Hour - 30*24*time.Hour), to: at(2 * time.Hour), org: anyOrg},
		{name: "an hour of an org", window: since(time.Hour), filter: store.NumbersFilter{OrgID: eq("1")}, from: at(0), to: at(2 * time.Hour), org: first},
		{name: "a day of an org", window: since(24 * time.Hour), filter: store.NumbersFilter{OrgID: eq("1")}, from: at(-23 * time.Hour), to: at(2 * time.Hour), org: first},
		{name: "a month of two", window: since(30 * 24 * time.Hour), filter: store.NumbersFilter{OrgID: &store.Text{In: []string{"1", "2"}}}, from: at(1*time.Hour - 30*24*time.Hour), to: at(2 * time.Hour), org: func(org string) bool { return org != "" }},
		{name: "of a source", window: since(24 * time.Hour), filter: store.NumbersFilter{Source: eq("worker")}, from: at(-23 * time.Hour), to: at(65 * time.Minute), org: anyOrg, stages: true, source: "worker"},
		{name: "of no source", window: since(24 * time.Hour), filter: store.NumbersFilter{Source: eq("")}, from: at(-23 * time.Hour), to: at(65 * time.Minute), org: anyOrg, stages: true},
	}
}

// passages that a question means, of its window or the one before.
func (q *question) passages(journeys []*payload.Journey, before bool) map[string][]payload.Passage {
	from, to := q.from, q.to
	if before {
		from, to = q.from.Add(-q.to.Sub(q.from)), q.from
	}
	found := map[string][]payload.Passage{}
	for _, j := range journeys {
		for _, p := range j.AppendPassages(nil) {
			if q.org(j.OrgID()) && !p.First.Before(from) && p.First.Before(to) && (q.stages && p.Stage && p.Source == q.source || !q.stages && p.Whole) {
				found[p.Service] = append(found[p.Service], p)
			}
		}
	}
	return found
}

func countedOf(passages []payload.Passage) (n store.Numbers, took []time.Duration) {
	for _, p := range passages {
		n.Received++
		switch {
		case p.State == payload.StageSucceeded:
			n.Succeeded++
		case p.State == payload.StageFailed:
			n.Failed++
		case p.State.Open():
			n.Open++
		}
		if p.Retried {
			n.Retried++
		}
		if p.State == payload.StageSucceeded || p.State == payload.StageFailed {
			took = append(took, p.Last.Sub(p.First))
		}
	}
	slices.Sort(took)
	return n, took
}

func (l *ledger) wantNumbers(what string, got store.Numbers, passages []payload.Passage) {
	l.t.Helper()
	want, took := countedOf(passages)
	duration := got.Duration
	got.Duration = nil
	if got != want {
		l.t.Errorf("%s: %+v, want %+v", what, got, want)
	}
	l.wantPercentiles(what, duration, took)
}

func (l *ledger) wantPercentiles(what string, got *store.Percentiles, sorted []time.Duration) {
	l.t.Helper()
	if (got == nil) != (len(sorted) == 0) {
		l.t.Errorf("%s: percentiles %v of %d", what, got, len(sorted))
	}
	if got == nil {
		return
	}
	for p, at := range map[float64]time.Duration{0.5: got.P50, 0.95: got.P95, 0.99: got.P99} {
		want := sorted[int(math.Ceil(p*float64(len(sorted))))-1]
		if math.Abs(float64(at-want)) > 0.0501*float64(want) {
			l.t.Errorf("%s: p%.0f is %v, want %v", what, p*100, at, want)
		}
	}
}

// answering is a ledger of random payloads whose clock stands at 13:01.
func answering(t *testing.T) *ledger {
	t.Helper()
	l := newLedger(t)
	l.feed(l.events(6, 4000, 600), 2)
	l.fold()
	l.Store = storetest.New(t, func(c *store.Config) {
		c.DSN, c.Now = l.dsn, func() time.Time { return noon.Add(61 * time.Minute) }
	})
	return l
}

func TestServicesEqualARecount(t *testing.T) {
	t.Parallel()
	l := answering(t)
	journeys := l.journeys()
	for _, q := range questions() {
		services, err := l.Services(t.Context(), q.window, q.filter)
		if err != nil {
			t.Fatalf("%s: %v", q.name, err)
		}
		now, before := q.passages(journeys, false), q.passages(journeys, true)
		if len(now) == 0 {
			t.Errorf("%s: nothing to count", q.name)
		}
		for _, s := range services {
			what := q.name + ": " + s.Name
			l.wantNumbers(what, s.Numbers, now[s.Name])
			l.wantNumbers(what+" before", s.Before, before[s.Name])
			l.wantTrend(what, s.Trend, now[s.Name], q.to)
			delete(now, s.Name)
			delete(before, s.Name)
		}
		if len(now)+len(before) > 0 {
			t.Errorf("%s: missing %v %v", q.name, now, before)
		}
	}
}

func (l *ledger) wantTrend(what string, trend []store.ServicePoint, passages []payload.Passage, end time.Time) {
	l.t.Helper()
	if len(trend) < 2 || len(trend) > 100 {
		l.t.Errorf("%s: a trend of %d points", what, len(trend))
	}
	for i, point := range trend {
		to := end
		if i+1 < len(trend) {
			to = trend[i+1].At
		}
		within := slices.DeleteFunc(slices.Clone(passages), func(p payload.Passage) bool { return p.First.Before(point.At) || !p.First.Before(to) })
		want, _ := countedOf(within)
		if point.Received != want.Received || point.Failed != want.Failed || point.Succeeded != want.Succeeded || (point.P95 == nil) != (want.Succeeded+want.Failed == 0) {
			l.t.Errorf("%s at %v: %+v, want %+v", what, point.At, point, want)
		}
	}
}

func TestFlowEqualsARecount(t *testing.T) {
	t.Parallel()
	l := answering(t)
	journeys := l.journeys()
	for _, q := range questions() {
		if q.stages {
			continue
		}
		flow, err := l.Flow(t.Context(), q.window, q.filter)
		if err != nil {
			t.Fatalf("%s: %v", q.name, err)
		}
		all := q.passages(journeys, false)
		edges := map[string][]payload.Passage{}
		for _, passages := range all {
			for _, p := range passages {
				if p.From != "" {
					edges[p.From+">"+p.Service] = append(edges[p.From+">"+p.Service], p)
				}
			}
		}
		for _, n := range flow.Nodes {
			if want, _ := countedOf(all[n.Service]); n.Payloads != want.Received || n.Failed != want.Failed {
				t.Errorf("%s: %+v, want %+v", q.name, n, want)
			}
		}
		for _, e := range flow.Edges {
			passages := edges[e.From+">"+e.To]
			want, _ := countedOf(passages)
			var waits []time.Duration
			for _, p := range passages {
				waits = append(waits, p.Wait)
			}
			slices.Sort(waits)
			if e.Payloads != want.Received || e.Failed != want.Failed {
				t.Errorf("%s: %+v, want %+v", q.name, e, want)
			}
			l.wantPercentiles(q.name+": "+e.From+">"+e.To, e.Handover, waits)
		}
		if len(flow.Nodes) != len(all) || len(flow.Edges) != len(edges) || len(edges) == 0 {
			t.Errorf("%s: %d nodes and %d edges, want %d and %d", q.name, len(flow.Nodes), len(flow.Edges), len(all), len(edges))
		}
	}
	flow, err := l.Flow(t.Context(), since(24*time.Hour), store.NumbersFilter{Service: eq("Puptoo")})
	if err != nil || len(flow.Nodes) != 1 || len(flow.Edges) != 6 {
		t.Errorf("around puptoo: %d nodes, %d edges, %v", len(flow.Nodes), len(flow.Edges), err)
	}
	if !slices.IsSortedFunc(flow.Edges, func(a, b *store.FlowEdge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	}) {
		t.Error("edges are in no order")
	}
}

func TestNumbersRefuseWhatTheyCannotTell(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	long, from, to := 400*24*time.Hour, noon, noon.Add(-time.Hour)
	part := "7"
	for what, ask := range map[string]func() error{
		"no begin": func() error { _, err := s.Services(t.Context(), store.Window{}, store.NumbersFilter{}); return err },
		"no end": func() error {
			_, err := s.Services(t.Context(), store.Window{From: &from, To: &to}, store.NumbersFilter{})
			return err
		},
		"a long time": func() error { _, err := s.Flow(t.Context(), since(long), store.NumbersFilter{}); return err },
		"part of an org": func() error {
			_, err := s.Services(t.Context(), since(time.Hour), store.NumbersFilter{OrgID: &store.Text{Contains: &part}})
			return err
		},
		"all but an org": func() error {
			_, err := s.Flow(t.Context(), since(time.Hour), store.NumbersFilter{OrgID: &store.Text{NotIn: []string{"1"}}})
			return err
		},
		"a flow of a source": func() error {
			_, err := s.Flow(t.Context(), since(time.Hour), store.NumbersFilter{Source: eq("x")})
			return err
		},
	} {
		wantBadInput(t, what, ask())
	}
	for name, window := range map[string]store.Window{"nothing": since(0), "a year": since(365 * 24 * time.Hour)} {
		if services, err := s.Services(t.Context(), window, store.NumbersFilter{}); err != nil || len(services) > 0 {
			t.Errorf("%s: %v, %v", name, fmt.Sprint(services), err)
		}
	}
}
