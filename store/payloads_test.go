package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestPayloadsPagesGiveEachOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 150, 2)
	keyOf := map[store.PayloadOrderField]func(*store.Payload) time.Time{
		store.OrderByStartedAt:  func(p *store.Payload) time.Time { return p.StartedAt },
		store.OrderByQuietSince: func(p *store.Payload) time.Time { return p.Journey.QuietSince() },
		store.OrderByFailedAt: func(p *store.Payload) time.Time {
			return p.Journey.Verdict(&w.rules, w.Now()).Failure.At
		},
	}
	for field, key := range keyOf {
		for _, direction := range []store.OrderDirection{store.Ascending, store.Descending} {
			order := store.PayloadOrder{Field: field, Direction: direction}
			all := w.allPayloads(store.PayloadFilter{}, order)
			if len(all) == 0 {
				t.Fatalf("%v lists nothing", order)
			}
			sorted := slices.SortedFunc(slices.Values(all), func(a, b *store.Payload) int {
				c := cmp.Or(key(a).Compare(key(b)), cmp.Compare(a.ID, b.ID))
				if direction == store.Descending {
					return -c
				}
				return c
			})
			var want []string
			for i, p := range sorted {
				if all[i].ID != p.ID {
					t.Fatalf("%v: payload %d of the list is out of order", order, i)
				}
				want = append(want, p.RequestID.String())
			}
			for _, omit := range []store.Omit{0, store.OmitJourneys} {
				walkAll(t, want, func(request store.Page) (page, error) {
					request.Omit = omit
					p, err := w.Payloads(t.Context(), store.PayloadFilter{}, order, request)
					if err != nil {
						return page{}, err
					}
					return payloadKeys(p), nil
				})
			}
		}
	}
	if got := len(w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{})); got != 150 {
		t.Errorf("%d payloads, want 150", got)
	}
}

// Every verdict filter agrees with Journey.Verdict, whatever the moment, and
// whatever the rules.
func TestVerdictFiltersAgreeWithTheVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, 200, 1)
	w.verdictFiltersAgree()
	rules := payload.DefaultRules()
	rules.StallAfter = 3 * time.Hour
	rules.StallAfterService = map[string]time.Duration{"puptoo": time.Minute, "inventory": 20 * time.Hour}
	rules.Handovers = []payload.Handover{{From: "ingress", To: "patchman"}, {From: "puptoo", To: "inventory"}}
	rules.Failure = append(rules.Failure, "uploaded")
	if err := w.ApplyRules(t.Context(), rules, nil); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.rules, err = w.Rules(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.verdictFiltersAgree()
}

func (w *world) verdictFiltersAgree() {
	w.t.Helper()
	all := w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{})
	states := []payload.State{payload.StateInProgress, payload.StateStalled, payload.StateFailed, payload.StateSucceeded}
	moments := []time.Time{noon.Add(-48 * time.Hour), noon.Add(-12 * time.Hour), noon, noon.Add(24 * time.Hour)}
	for _, p := range all[:20] {
		if at := p.Journey.Verdict(&w.rules, noon).StallsAt; !at.IsZero() {
			moments = append(moments, at.Add(-time.Microsecond), at, at.Add(time.Microsecond))
		}
	}
	seen := map[payload.State]bool{}
	for _, now := range moments {
		for mask := 1; mask < 1<<len(states); mask++ {
			var chosen []payload.State
			for i, state := range states {
				if mask&(1<<i) != 0 {
					chosen = append(chosen, state)
				}
			}
			filters := []*store.VerdictFilter{{In: chosen}, {NotIn: chosen}}
			if len(chosen) == 1 {
				filters = append(filters, &store.VerdictFilter{Eq: &chosen[0]})
			}
			for _, filter := range filters {
				var want []string
				for _, p := range all {
					state := p.Journey.Verdict(&w.rules, now).State
					seen[state] = true
					if slices.Contains(chosen, state) != (filter.NotIn != nil) {
						want = append(want, p.RequestID.String())
					}
				}
				var got []string
				for _, p := range w.allPayloads(store.PayloadFilter{Verdict: filter, Now: now}, store.PayloadOrder{}) {
					got = append(got, p.RequestID.String())
				}
				if !slices.Equal(got, want) {
					w.t.Errorf("%+v at %v: %d payloads, want %d", filter, now, len(got), len(want))
				}
			}
		}
	}
	if len(seen) != len(states) {
		w.t.Errorf("the world only has the states %v", seen)
	}
}

// matchText is what Text means, said in Go.
func matchText(t *store.Text, value string) bool {
	if t == nil {
		return true
	}
	return (t.Eq == nil || *t.Eq == value) && (t.In == nil || slices.Contains(t.In, value)) &&
		!slices.Contains(t.NotIn, value) &&
		(t.Contains == nil || strings.Contains(strings.ToLower(value), strings.ToLower(*t.Contains)))
}

func TestPayloadFiltersAgreeWithTheirMeaning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 200, 2)
	all := w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{})
	rng := rand.New(rand.NewPCG(3, 3))
	text := func(values ...string) *store.Text {
		pick := func() string { return values[rng.IntN(len(values))] }
		switch rng.IntN(8) {
		case 0:
			return &store.Text{Eq: new(pick())}
		case 1:
			return &store.Text{In: []string{pick(), pick()}}
		case 2:
			return &store.Text{NotIn: []string{pick()}}
		case 3:
			eq := pick()
			others := slices.DeleteFunc(slices.Clone(values), func(value string) bool { return strings.EqualFold(value, eq) })
			return &store.Text{Eq: &eq, In: []string{pick(), eq}, NotIn: others}
		case 4:
			return &store.Text{In: []string{}}
		}
		return nil
	}
	for range 300 {
		f := store.PayloadFilter{
			OrgID: text("org0", "org1", "org2", ""), Account: text("", "1"),
			Service: text(worldServices...), Source: text(worldSources...), Status: text(worldWords...),
			FailedService: text("ingress", "puptoo", ""),
		}
		if rng.IntN(4) == 0 {
			f.FailureMessage = &store.Text{Contains: new([]string{"100% FIT_", "TAG", "%"}[rng.IntN(3)])}
		}
		if rng.IntN(3) == 0 {
			f.StartedAt = &store.Window{From: new(noon.Add(-30 * time.Hour)), To: new(noon.Add(-time.Duration(rng.IntN(30)) * time.Hour))}
		}
		if rng.IntN(3) == 0 {
			f.Duration = &store.DurationRange{Gte: new(time.Second), Lt: new(4 * time.Second)}
		}
		if rng.IntN(3) == 0 {
			f.SystemID = &store.Text{Eq: new(fmt.Sprintf("%032X", 1+rng.IntN(7)))}
		}
		if rng.IntN(4) == 0 {
			f.InventoryID = &store.Text{In: []string{"host-1", "host-2"}}
		}
		var want, got []string
		for _, p := range all {
			if w.matches(p, f) {
				want = append(want, p.RequestID.String())
			}
		}
		for _, p := range w.allPayloads(f, store.PayloadOrder{}) {
			got = append(got, p.RequestID.String())
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: %d payloads, want %d", f, len(got), len(want))
		}
		total, err := w.PayloadsTotal(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if want := (store.Total{Value: len(want), Exact: true}); total != want {
			t.Fatalf("total %+v, want %+v", total, want)
		}
	}
}

// matches is what PayloadFilter means, said in Go.
func (w *world) matches(p *store.Payload, f store.PayloadFilter) bool {
	v := p.Journey.Verdict(&w.rules, w.Now())
	var failedService, failureMessage string
	if v.Failure != nil {
		failedService, failureMessage = v.Failure.Service, v.Failure.Message
	}
	ok := matchText(f.OrgID, p.OrgID) && matchText(f.Account, p.Account) &&
		matchText(f.FailedService, failedService) && matchText(f.FailureMessage, failureMessage)
	if f.StartedAt != nil {
		ok = ok && !p.StartedAt.Before(*f.StartedAt.From) && p.StartedAt.Before(*f.StartedAt.To)
	}
	if f.Duration != nil {
		ok = ok && p.Duration() >= *f.Duration.Gte && p.Duration() < *f.Duration.Lt
	}
	events := w.events[p.RequestID]
	names := func(id func(payload.Event) string, wanted []string) bool {
		return slices.ContainsFunc(events, func(e payload.Event) bool { return slices.Contains(wanted, strings.ToLower(id(e))) })
	}
	if f.SystemID != nil {
		ok = ok && names(func(e payload.Event) string { return e.SystemID }, []string{strings.ToLower(*f.SystemID.Eq)})
	}
	if f.InventoryID != nil {
		ok = ok && names(func(e payload.Event) string { return e.InventoryID }, f.InventoryID.In)
	}
	return ok && passed(events, f)
}

func passed(events []payload.Event, f store.PayloadFilter) bool {
	wanted := func(t *store.Text) *store.Text {
		if t == nil {
			return nil
		}
		return &store.Text{Eq: t.Eq, In: t.In, Contains: t.Contains}
	}
	unwanted := func(t *store.Text, value string) bool { return t != nil && slices.Contains(t.NotIn, value) }
	asked := (f.Service != nil && len(f.Service.NotIn) == 0) || (f.Source != nil && len(f.Source.NotIn) == 0) ||
		(f.Status != nil && len(f.Status.NotIn) == 0)
	for _, t := range []*store.Text{f.Service, f.Source, f.Status} {
		asked = asked || (t != nil && t.Eq != nil)
	}
	met := !asked
	for _, e := range events {
		service, source := matchText(wanted(f.Service), e.Service), matchText(wanted(f.Source), e.Source)
		met = met || (service && source && matchText(wanted(f.Status), e.Status))
		if unwanted(f.Service, e.Service) || (service && unwanted(f.Source, e.Source)) ||
			(service && source && unwanted(f.Status, e.Status)) {
			return false
		}
	}
	return met
}

func TestPayloadsRefusesWhatContradictsItself(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	failed, succeeded, unknown := payload.StateFailed, payload.StateSucceeded, payload.State("LOST")
	byFailure := store.PayloadOrder{Field: store.OrderByFailedAt}
	byQuiet := store.PayloadOrder{Field: store.OrderByQuietSince}
	other, err := s.Payloads(t.Context(), store.PayloadFilter{}, store.PayloadOrder{}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	if len(other.Items) != 0 || other.HasNextPage || other.HasPreviousPage || other.StartCursor != nil {
		t.Errorf("an empty database gives %+v", other)
	}
	for name, c := range map[string]struct {
		filter store.PayloadFilter
		order  store.PayloadOrder
		page   store.Page
	}{
		"first and last":                 {page: store.Page{First: new(1), Last: new(1)}},
		"first beyond 500":               {page: store.Page{First: new(501)}},
		"negative last":                  {page: store.Page{Last: new(-1)}},
		"garbled cursor":                 {page: store.Page{After: new("nonsense")}},
		"empty cursor":                   {page: store.Page{Before: new("")}},
		"unknown order":                  {order: store.PayloadOrder{Field: "LUCK"}},
		"unknown direction":              {order: store.PayloadOrder{Direction: "UP"}},
		"unknown state":                  {filter: store.PayloadFilter{Verdict: &store.VerdictFilter{In: []payload.State{unknown}}}},
		"failed at, without the failed":  {order: byFailure, filter: store.PayloadFilter{Verdict: &store.VerdictFilter{NotIn: []payload.State{failed}}}},
		"failed at, of the succeeded":    {order: byFailure, filter: store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &succeeded}}},
		"quiet since, of the failed":     {order: byQuiet, filter: store.PayloadFilter{Verdict: &store.VerdictFilter{In: []payload.State{failed, payload.StateStalled}}}},
		"failure of the succeeded":       {filter: store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &succeeded}, FailedService: &store.Text{Eq: new("puptoo")}}},
		"quiet since, by a failure":      {order: byQuiet, filter: store.PayloadFilter{FailedService: &store.Text{Eq: new("puptoo")}}},
		"quiet since, by when it failed": {order: byQuiet, filter: store.PayloadFilter{FailedAt: &store.Window{From: &noon}}},
		"eq outside in":                  {filter: store.PayloadFilter{OrgID: &store.Text{Eq: new("1"), In: []string{"2"}}}},
		"eq in notIn":                    {filter: store.PayloadFilter{Service: &store.Text{Eq: new("Puptoo"), NotIn: []string{"puptoo"}}}},
		"in within notIn":                {filter: store.PayloadFilter{Account: &store.Text{In: []string{"1", "2"}, NotIn: []string{"2", "1", "3"}}}},
		"a host in notIn":                {filter: store.PayloadFilter{SystemID: &store.Text{Eq: new(strings.ToUpper(systemA)), NotIn: []string{systemA}}}},
		"a request id outside in":        {filter: store.PayloadFilter{RequestID: &store.Text{Eq: new(requestID(1).String()), In: []string{requestID(2).String()}}}},
		"a verdict outside in":           {filter: store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &failed, In: []payload.State{succeeded}}}},
		"since and from":                 {filter: store.PayloadFilter{StartedAt: &store.Window{Since: new(time.Hour), From: &noon}}},
		"from after to":                  {filter: store.PayloadFilter{FailedAt: &store.Window{From: new(noon.Add(1)), To: &noon}}},
		"negative since":                 {filter: store.PayloadFilter{StartedAt: &store.Window{Since: new(-time.Hour)}}},
		"duration upside down":           {filter: store.PayloadFilter{Duration: &store.DurationRange{Gte: new(2 * time.Second), Lt: new(time.Second)}}},
		"a request id that is none":      {filter: store.PayloadFilter{RequestID: &store.Text{In: []string{"third-party"}}}},
		"a part of a request id":         {filter: store.PayloadFilter{RequestID: &store.Text{Contains: new("ab")}}},
		"a part of a host id":            {filter: store.PayloadFilter{SystemID: &store.Text{Contains: new("ab")}}},
		"NUL":                            {filter: store.PayloadFilter{OrgID: &store.Text{Eq: new("a\x00b")}}},
		"no UTF-8":                       {filter: store.PayloadFilter{Service: &store.Text{Eq: new("\xff")}}},
	} {
		_, err := s.Payloads(t.Context(), c.filter, c.order, c.page)
		wantBadInput(t, name, err)
	}
}

// What asks for nothing, or for hosts of which a payload can name several, is
// no contradiction.
func TestPayloadsAnswersWhatCanHold(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	failed := payload.StateFailed
	for name, filter := range map[string]store.PayloadFilter{
		"an empty in":           {OrgID: &store.Text{Eq: new("1"), In: []string{}}},
		"an empty in of states": {Verdict: &store.VerdictFilter{Eq: &failed, In: []payload.State{}}},
		"two hosts":             {SystemID: &store.Text{Eq: new(systemA), In: []string{inventoryA}}},
		"two spellings":         {SystemID: &store.Text{In: []string{strings.ToUpper(systemA)}, NotIn: []string{inventoryA}}},
		"two orgs":              {OrgID: &store.Text{Eq: new("a"), NotIn: []string{"A"}}},
		"a failure, by itself":  {FailedService: &store.Text{Eq: new("puptoo")}},
	} {
		if _, err := s.Payloads(t.Context(), filter, store.PayloadOrder{}, store.Page{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPayloadsTakesAnyQuotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, 3, 1)
	for _, nasty := range []string{`'`, `''; DROP TABLE payloads; --`, `?`, `\`, `\'`, `$1`, `%`, "{}", "?0 ?name"} {
		for _, text := range []*store.Text{{Eq: &nasty}, {In: []string{nasty, nasty}}, {Contains: &nasty}} {
			f := store.PayloadFilter{OrgID: text, Service: text, FailureMessage: text}
			if got := w.allPayloads(f, store.PayloadOrder{}); len(got) != 0 {
				t.Errorf("%q: %d payloads, want none", nasty, len(got))
			}
		}
		if got := w.allPayloads(store.PayloadFilter{OrgID: &store.Text{NotIn: []string{nasty}}}, store.PayloadOrder{}); len(got) != 3 {
			t.Errorf("not %q: %d payloads, want 3", nasty, len(got))
		}
	}
}

func TestDatesOutsideTheCalendarSayWhatTheyMean(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, 3, 1)
	early, late := time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		window store.Window
		want   int
	}{
		{store.Window{From: &early, To: &late}, 3},
		{store.Window{To: &early}, 0},
		{store.Window{From: &late}, 0},
		{store.Window{Since: new(time.Duration(1<<63 - 1))}, 3},
		{store.Window{Since: new(time.Duration(0))}, 0},
	} {
		if got := w.allPayloads(store.PayloadFilter{StartedAt: &c.window}, store.PayloadOrder{}); len(got) != c.want {
			t.Errorf("%+v: %d payloads, want %d", c.window, len(got), c.want)
		}
	}
}

func TestCursorKeepsTheMomentOfTheFirstPage(t *testing.T) {
	t.Parallel()
	now := noon
	s := storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return now } })
	f := newFeeder(t, s, 0)
	for n := range 4 {
		f.feed(event(n+1, "ingress", "received", time.Duration(n)*time.Second))
	}
	filter := store.PayloadFilter{StartedAt: &store.Window{Since: new(time.Minute)}}
	first, err := s.Payloads(t.Context(), filter, store.PayloadOrder{}, store.Page{First: new(2)})
	if err != nil {
		t.Fatal(err)
	}
	now = noon.Add(time.Hour)
	second, err := s.Payloads(t.Context(), filter, store.PayloadOrder{}, store.Page{First: new(2), After: first.EndCursor})
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Items) != 2 || !second.Now.Equal(noon) {
		t.Errorf("%d payloads judged at %v, want 2 at %v", len(second.Items), second.Now, noon)
	}
}

// A payload that a late event moves on in the walk's direction is not shown
// again; one that has only become known is.
func TestPayloadsThatMoveAreShownOnce(t *testing.T) {
	t.Parallel()
	now := noon
	s := storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return now } })
	f := newFeeder(t, s, 0)
	for n := range 6 {
		f.feed(event(n+1, "ingress", "received", time.Duration(n)*time.Minute))
	}
	for _, order := range []store.PayloadOrder{
		{Field: store.OrderByStartedAt, Direction: store.Descending},
		{Field: store.OrderByQuietSince, Direction: store.Ascending},
	} {
		seen := map[string]int{}
		request := store.Page{First: new(2)}
		for step := 0; ; step++ {
			p, err := s.Payloads(t.Context(), store.PayloadFilter{}, order, request)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range payloadKeys(p).keys {
				seen[key]++
			}
			if !p.HasNextPage {
				break
			}
			request.After = p.EndCursor
			if step > 0 {
				continue
			}
			now = now.Add(time.Minute)
			for n := range 6 {
				f.feed(event(n+1, "ingress", "processing", -now.Sub(noon)-time.Duration(n)*time.Second),
					event(n+1, "ingress", "processing", time.Hour))
			}
			f.feed(event(7, "ingress", "received", -2*time.Hour))
		}
		for key, times := range seen {
			if times != 1 {
				t.Errorf("%v: payload %s was shown %d times", order, key, times)
			}
		}
	}
}
