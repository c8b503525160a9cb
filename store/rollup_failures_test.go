package store_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

type groupKey struct {
	service, source string
	fingerprint     payload.Fingerprint
}

// groups that a question means, as they are recounted.
func (q *question) groups(journeys []*payload.Journey) (now map[groupKey]*store.FailureGroup, before map[groupKey]bool) {
	now, before = map[groupKey]*store.FailureGroup{}, map[groupKey]bool{}
	orgs := map[string]bool{}
	for _, j := range journeys {
		for k := range j.FailureKinds() {
			key := groupKey{k.Service, k.Source, k.Fingerprint}
			switch {
			case !q.org(j.OrgID()) || q.stages && k.Source != q.source || !k.At.Before(q.to):
			case !k.At.Before(q.from):
				g := now[key]
				if g == nil {
					g = &store.FailureGroup{FirstSeen: k.At}
					now[key] = g
				}
				g.Total++
				if k.Open {
					g.Open++
				}
				if hit := fmt.Sprint(key, j.OrgID()); j.OrgID() != "" && !orgs[hit] {
					orgs[hit] = true
					g.Orgs++
				}
			case !k.At.Before(q.from.Add(-q.to.Sub(q.from))):
				before[key] = true
			}
		}
	}
	return now, before
}

func TestFailureGroupsEqualARecount(t *testing.T) {
	t.Parallel()
	l := answering(t)
	journeys := l.journeys()
	known, fresh := 0, 0
	for _, q := range questions() {
		groups, err := l.FailureGroups(t.Context(), q.window, store.FailureFilter{NumbersFilter: q.filter})
		if err != nil {
			t.Fatalf("%s: %v", q.name, err)
		}
		now, before := q.groups(journeys)
		whole := q
		whole.stages = false
		services, earlier := whole.passages(journeys, false), whole.passages(journeys, true)
		for _, g := range groups {
			what := fmt.Sprintf("%s: %s %s %s", q.name, g.Fingerprint, g.Service, g.Source)
			key := groupKey{g.Service, g.Source, g.Fingerprint}
			want := now[key]
			if want == nil {
				t.Errorf("%s was not seen", what)
				continue
			}
			delete(now, key)
			if g.Total != want.Total || g.Open != want.Open || g.Orgs != want.Orgs {
				t.Errorf("%s: %+v, want %+v", what, g, want)
			}
			switch {
			case len(earlier) == 0 && g.IsNew != nil, len(earlier) > 0 && (g.IsNew == nil || *g.IsNew == before[key]):
				t.Errorf("%s: new %v, seen before %v, %d services before", what, g.IsNew, before[key], len(earlier))
			case before[key]:
				known++
			case g.IsNew != nil:
				fresh++
			}
			if share := float64(g.Total) / float64(len(services[g.Service])); len(services[g.Service]) > 0 && (g.Share == nil || math.Abs(*g.Share-share) > 1e-9) {
				t.Errorf("%s: share %v, want %v", what, g.Share, share)
			}
			var sum int64
			for _, p := range g.Trend {
				sum += p.Count
			}
			if sum != g.Total || g.FirstSeen.Before(q.from) || g.LastSeen.Before(g.FirstSeen) || !g.LastSeen.Before(q.to) {
				t.Errorf("%s: from %v to %v, %d in the trend of %d", what, g.FirstSeen, g.LastSeen, sum, g.Total)
			}
			l.wantSamples(what, g)
		}
		if len(now) > 0 || len(groups) == 0 {
			t.Errorf("%s: %d groups, missing %v", q.name, len(groups), now)
		}
		if !slices.IsSortedFunc(groups, func(a, b *store.FailureGroup) int { return int(b.Total - a.Total) }) {
			t.Errorf("%s: the most frequent are not first", q.name)
		}
	}
	if known == 0 || fresh == 0 {
		t.Errorf("%d groups were seen in the window before, %d are new", known, fresh)
	}
}

// wantSamples: the payloads failed so, and one may have said so.
func (l *ledger) wantSamples(what string, g *store.FailureGroup) {
	l.t.Helper()
	samples, err := l.FailureSamples(l.t.Context(), []*store.FailureGroup{g})
	if n := len(samples[g]); err != nil || n == 0 || n > 3 || int64(n) > g.Total {
		l.t.Errorf("%s: %d sample payloads of %d, %v", what, n, g.Total, err)
	}
	for _, p := range samples[g] {
		failed := false
		for k := range p.Journey.FailureKinds() {
			failed = failed || k.Fingerprint == g.Fingerprint && k.Service == g.Service && k.Source == g.Source
		}
		if !failed {
			l.t.Errorf("%s: payload %d never failed so", what, p.ID)
		}
	}
	if g.Sample != "" && payload.FingerprintOf(g.Service, g.Source, g.Sample) != g.Fingerprint {
		l.t.Errorf("%s: %q is no such failure", what, g.Sample)
	}
}

// A payload that a retry heals leaves the open ones, and stays in the total:
// whatever came first.
func TestAHealedFailureStaysInTheTotal(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]int{"in order": {0, 1, 2}, "success first": {2, 1, 0}, "failure last": {0, 2, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			events := []payload.Event{event(1, "inventory", "received", 0), event(1, "inventory", "error", time.Second), event(1, "inventory", "success", 2*time.Second)}
			for i := range events {
				events[i].Message = "host 12345678-1234-4234-8234-123456789012 is not valid"
			}
			other := event(2, "inventory", "error", time.Minute)
			other.Message = "host 99999999-1234-4234-8234-123456789012 is not valid"
			f := newFeeder(t, l.Store, 0)
			f.feed(other)
			for _, i := range order {
				f.feed(events[i])
				l.fold()
			}
			groups, err := l.FailureGroups(t.Context(), since(24*time.Hour), store.FailureFilter{})
			if err != nil || len(groups) != 1 {
				t.Fatalf("%d groups, %v", len(groups), err)
			}
			g := groups[0]
			if g.Total != 2 || g.Open != 1 || g.Sample != other.Message || g.IsNew != nil || g.Orgs != 1 || *g.Share != 1 {
				t.Errorf("%+v", g)
			}
			text := g.Fingerprint.String()
			page, err := l.Payloads(t.Context(), store.PayloadFilter{Fingerprint: &store.Text{Eq: &text}}, store.PayloadOrder{}, store.Page{})
			if err != nil || len(page.Items) != 1 || page.Items[0].RequestID != requestID(2) {
				t.Errorf("payloads of %s: %v, %v", text, page, err)
			}
			alone, err := l.FailureGroups(t.Context(), since(24*time.Hour), store.FailureFilter{Fingerprint: &g.Fingerprint})
			if err != nil || len(alone) != 1 || alone[0].Total != 2 {
				t.Errorf("by fingerprint: %v, %v", alone, err)
			}
			otherKind := g.Fingerprint + 1
			if none, err := l.FailureGroups(t.Context(), since(24*time.Hour), store.FailureFilter{Fingerprint: &otherKind}); err != nil || len(none) > 0 {
				t.Errorf("by another: %v, %v", none, err)
			}
		})
	}
}

// However many fail in one way within one bucket, three are shown: the last to
// fail, of the organisations that were asked for.
func TestAKindShowsThreePayloads(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	f := newFeeder(t, l.Store, 0)
	for n := range 6 {
		failure := event(n+1, "puptoo", "error", time.Duration(n)*time.Second)
		failure.Message, failure.OrgID = fmt.Sprintf("no such host: db-%d", n), fmt.Sprint(n%2)
		f.feed(failure)
	}
	healed := event(6, "puptoo", "success", time.Minute)
	healed.OrgID = "1"
	f.feed(healed)
	other := event(9, "puptoo", "error", time.Minute)
	other.Message = "the disk is full"
	f.feed(other)
	l.fold()
	for name, asked := range map[string]struct {
		filter store.FailureFilter
		want   []int
	}{
		"of all":      {store.FailureFilter{}, []int{6, 5, 4}}, // the last of the bucket was healed, and is one of them
		"of an org":   {store.FailureFilter{NumbersFilter: store.NumbersFilter{OrgID: eq("0")}}, []int{5, 3, 1}},
		"of two orgs": {store.FailureFilter{NumbersFilter: store.NumbersFilter{OrgID: &store.Text{In: []string{"1", "7"}}}}, []int{6, 4, 2}},
	} {
		groups, err := l.FailureGroups(t.Context(), since(24*time.Hour), asked.filter)
		if err != nil || len(groups) == 0 || groups[0].Total < 3 {
			t.Fatalf("%s: %d groups, %v", name, len(groups), err)
		}
		samples, err := l.FailureSamples(t.Context(), groups)
		if err != nil {
			t.Fatal(err)
		}
		var got []payload.RequestID
		for _, p := range samples[groups[0]] {
			got = append(got, p.RequestID)
		}
		var want []payload.RequestID
		for _, n := range asked.want {
			want = append(want, requestID(n))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// A kind is new when payloads came in the window before and none failed so.
// On the first day there is nothing to compare with.
func TestAKindIsNewAgainstTheWindowBefore(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	f := newFeeder(t, l.Store, 0)
	failure := event(1, "puptoo", "error", 0)
	failure.Message = "no such host"
	f.feed(failure)
	isNew := func(filter store.FailureFilter) *bool {
		t.Helper()
		l.fold()
		groups, err := l.FailureGroups(t.Context(), since(24*time.Hour), filter)
		if err != nil || len(groups) != 1 {
			t.Fatalf("%d groups, %v", len(groups), err)
		}
		return groups[0].IsNew
	}
	if got := isNew(store.FailureFilter{}); got != nil {
		t.Errorf("on the first day it is new: %v", *got)
	}
	f.feed(event(2, "inventory", "success", -30*time.Hour))
	for name, filter := range map[string]store.FailureFilter{"of all": {}, "of its service": {NumbersFilter: store.NumbersFilter{Service: eq("puptoo")}}} {
		if got := isNew(filter); got == nil || !*got {
			t.Errorf("%s: never seen before, and not new: %v", name, got)
		}
	}
	failure = event(3, "puptoo", "error", -30*time.Hour)
	failure.Message = "no such host"
	f.feed(failure)
	if got := isNew(store.FailureFilter{}); got == nil || *got {
		t.Errorf("seen the day before, and new: %v", got)
	}
}

func TestAKindSaysWhatIsKnownOfAnyOfItsFailures(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	f := newFeeder(t, l.Store, 0)
	lasting, healed := event(1, "puptoo", "error", -5*time.Hour), event(2, "puptoo", "error", -time.Hour)
	lasting.Message, healed.Message = "timeout after 3 s", "timeout after 40 s"
	f.feed(lasting)
	f.feed(healed, event(2, "puptoo", "success", -time.Hour+time.Second)) // counted when all was well again
	l.fold()
	groups, err := l.FailureGroups(t.Context(), since(24*time.Hour), store.FailureFilter{})
	if err != nil || len(groups) != 1 || groups[0].Total != 2 {
		t.Fatalf("%+v, %v", groups, err)
	}
	if got := groups[0].Sample; got != lasting.Message {
		t.Errorf("the sample is %q, want %q: of the last failure none is known", got, lasting.Message)
	}
}

func TestPayloadsByFingerprint(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	f := newFeeder(t, s, 0)
	messages := map[int]string{1: "timeout after 3 s", 2: "timeout after 40 s", 3: "no such host"}
	for n, message := range messages {
		e := event(n, "puptoo", "error", 0)
		e.Message = message
		f.feed(e, event(9, "puptoo", "success", 0))
	}
	timeout := payload.FingerprintOf("puptoo", "", messages[1]).String()
	missing := payload.FingerprintOf("puptoo", "", messages[3]).String()
	for what, want := range map[*store.Text]int{
		{Eq: &timeout}: 2, {In: []string{timeout, missing}}: 3, {In: []string{}}: 0, {NotIn: []string{timeout}}: 2, {Eq: &missing}: 1,
	} {
		page, err := s.Payloads(t.Context(), store.PayloadFilter{Fingerprint: what}, store.PayloadOrder{}, store.Page{})
		if err != nil || len(page.Items) != want {
			t.Errorf("%+v: %d payloads, %v, want %d", what, len(page.Items), err, want)
		}
		total, err := s.PayloadsTotal(t.Context(), store.PayloadFilter{Fingerprint: what})
		if err != nil || total.Value != want {
			t.Errorf("%+v: total %+v, %v, want %d", what, total, err, want)
		}
	}
	odd := "timeout"
	for _, wrong := range []*store.Text{{Eq: &odd}, {In: []string{odd}}, {Contains: &timeout}} {
		_, err := s.Payloads(t.Context(), store.PayloadFilter{Fingerprint: wrong}, store.PayloadOrder{}, store.Page{})
		wantBadInput(t, fmt.Sprintf("%+v", wrong), err)
	}
}
