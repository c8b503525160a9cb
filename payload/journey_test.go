package payload_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
)

func TestMergeInAnyOrderGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(madeEvent(), 1, 40).Draw(t, "events")
		checkAnyOrder(t, events, rapid.Uint64().Draw(t, "seed"))
	})
}

func TestMergeBeyondTheBoundsGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			checkAnyOrder(t, manyEvents(seed, 1500), seed)
		})
	}
}

// checkAnyOrder merges events one by one and by parts, each part's journey
// through the codec, in random order and with repeats.
func checkAnyOrder(t rapid.TB, events []payload.Event, seed uint64) {
	t.Helper()
	rules := payload.DefaultRules()
	want := encoded(t, journeyOf(events...))
	random := rand.New(rand.NewPCG(seed, 2))
	if got := encoded(t, journeyOf(shuffled(random, events)...)); got != want {
		t.Fatal("another order gives another journey")
	}
	var parts []*payload.Journey
	for mixed := shuffled(random, events); len(mixed) > 0; {
		n := 1 + random.IntN(len(mixed))
		parts = append(parts, journeyOf(mixed[:n]...))
		mixed = mixed[n:]
	}
	parts = append(parts, new(payload.Journey), decoded(t, encoded(t, parts[0])))
	for len(parts) > 1 {
		a, b := random.IntN(len(parts)), random.IntN(len(parts))
		if a == b {
			continue
		}
		merged := decoded(t, encoded(t, parts[a]))
		before := encoded(t, parts[b])
		merged.MergeJourney(parts[b])
		if encoded(t, parts[b]) != before {
			t.Fatal("merging changed what was merged")
		}
		merged.Merge(&rules, events[random.IntN(len(events))])
		parts[a] = merged
		parts = slices.Delete(parts, b, b+1)
	}
	if encoded(t, parts[0]) != want {
		t.Fatal("other parts give another journey")
	}
}

func TestIdentifiersTakeTheLatestDateThenTheGreaterText(t *testing.T) {
	t.Parallel()
	at := func(second int, org string) payload.Event {
		return payload.Event{Service: "s", Status: "received", Date: day0.Add(time.Duration(second) * time.Second), OrgID: org}
	}
	for want, events := range map[string][]payload.Event{
		"":   {at(0, "")},
		"1":  {at(0, "1"), at(5, "")},
		"2":  {at(2, "2"), at(1, "9")},
		"30": {at(1, "3"), at(1, "30"), at(1, "20")},
	} {
		if got := journeyOf(events...).OrgID(); got != want {
			t.Errorf("org %q, want %q", got, want)
		}
	}
}

func TestDaysBecomeARangeBeyondSixteen(t *testing.T) {
	t.Parallel()
	var events []payload.Event
	for day := range 16 {
		events = append(events, payload.Event{Service: "s", Status: "received", Date: day0.AddDate(0, 0, 3*day)})
	}
	j := journeyOf(events...)
	if days := j.Days(); days.Range || len(days.Dates) != 16 || !days.Dates[1].Equal(time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("16 days give %+v", days)
	}
	one := journeyOf(payload.Event{Service: "s", Status: "received", Date: day0.AddDate(-1, 0, 0)})
	j.MergeJourney(one)
	one.MergeJourney(j)
	want := payload.Days{Range: true, Dates: []time.Time{
		time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 18, 0, 0, 0, 0, time.UTC),
	}}
	for _, j := range []*payload.Journey{j, one} {
		if got := j.Days(); !reflect.DeepEqual(got, want) {
			t.Errorf("17 days give %+v, want %+v", got, want)
		}
	}
}

func TestTheSmallestStagesAndWordsAreKept(t *testing.T) {
	t.Parallel()
	var events []payload.Event
	for i := range 300 {
		events = append(events,
			payload.Event{Service: fmt.Sprintf("s%03d", i), Status: "success", Date: day0, TakenIn: day0},
			payload.Event{Service: "s000", Status: fmt.Sprintf("step-%03d", i), Date: day0, TakenIn: day0})
	}
	rules := payload.DefaultRules()
	j := journeyOf(events...)
	stages := j.Stages()
	if n := len(stages); n != 256 || stages[255].Service != "s255" {
		t.Fatalf("%d stages, the last is %s", n, stages[n-1].Service)
	}
	if words := stages[0].Words; len(words) != 32 || words[0] != "step-000" || words[31] != "step-031" {
		t.Errorf("words %v", words)
	}
	if s := j.Verdict(&rules, day0).Sentence; !strings.Contains(s, "256") {
		t.Errorf("%q does not say that stages were left out", s)
	}
	var other payload.Journey
	other.MergeJourney(j)
	if encoded(t, &other) != encoded(t, j) {
		t.Error("merging forgot that stages were left out")
	}
}

func TestMessagesAreCutAndDatesAheadHideNothing(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	v := journeyOf(payload.Event{
		Service: "s", Status: "error", Message: strings.Repeat("x", 1023) + "é", Date: start.AddDate(0, 0, 9), TakenIn: start,
	}).Verdict(&rules, start)
	if !v.Failure.Cut || len(v.Failure.Message) != 1023 {
		t.Errorf("failure's message has %d bytes, cut: %t", len(v.Failure.Message), v.Failure.Cut)
	}
	if !v.QuietSince.Equal(start) {
		t.Errorf("quiet since %s, want %s", v.QuietSince, start)
	}
}

func TestIdentifiersOutliveARebuild(t *testing.T) {
	t.Parallel()
	e := payload.Event{Service: "s", Status: "success", Date: day0, TakenIn: day0}
	repeat := e
	repeat.SystemID, repeat.TakenIn = "m", time.Time{}
	whole := journeyOf(e, repeat)
	rebuilt := whole.Identifiers()
	if !rebuilt.Empty() || rebuilt.SystemID() != "m" {
		t.Fatalf("identifiers alone are %+v", rebuilt)
	}
	checkCodec(t, &rebuilt)
	rules := payload.DefaultRules()
	rebuilt.Merge(&rules, e)
	if encoded(t, &rebuilt) != encoded(t, whole) {
		t.Error("the rebuilt journey differs")
	}
}

func TestMarksFollowTheOrderOfEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := payload.DefaultRules()
		events := rapid.SliceOfN(madeEvent(), 1, 20).Draw(t, "events")
		j := journeyOf(events...)
		slices.SortFunc(events, func(a, b payload.Event) int { return payload.Compare(&a, &b, &rules) })
		for _, pair := range []struct {
			mark payload.Mark
			e    payload.Event
		}{{j.First(), events[0]}, {j.Last(), events[len(events)-1]}} {
			want := payload.Mark{Date: pair.e.Date, Service: pair.e.Service, Source: pair.e.Source, Status: pair.e.Status, Hash: pair.e.Hash()}
			if pair.mark != want {
				t.Fatalf("mark %+v, want %+v", pair.mark, want)
			}
		}
	})
}

func TestFailureKindsKeepWhatEverFailed(t *testing.T) {
	t.Parallel()
	at := func(second int, status, message string) payload.Event {
		return payload.Event{Service: "puptoo", Status: status, Message: message, Date: day0.Add(time.Duration(second) * time.Second)}
	}
	kind := func(second int, message, said string) payload.FailureKind {
		return payload.FailureKind{
			Service: "puptoo", Fingerprint: payload.FingerprintOf("puptoo", "", message),
			At: day0.Add(time.Duration(second) * time.Second), Open: said != "", Message: said,
		}
	}
	rules := payload.DefaultRules()
	long := strings.Repeat("a word more ", 200)
	events := []payload.Event{
		at(0, "received", ""),
		at(1, "error", "no space in /tmp/a1"),
		at(2, "received", ""),
		at(3, "error", "no space in /tmp/b2"),
		at(4, "error", long+"and KeyError: 'rpm'"),
	}
	for name, c := range map[string]struct {
		events []payload.Event
		want   []payload.FailureKind
	}{
		"none":            {events[:1], nil},
		"first":           {events[:2], []payload.FailureKind{kind(1, "no space in /tmp/x", "no space in /tmp/a1")}},
		"opened again":    {events[:3], []payload.FailureKind{kind(1, "no space in /tmp/x", "")}},
		"failing again":   {events[:4], []payload.FailureKind{kind(1, "no space in /tmp/x", "no space in /tmp/b2")}},
		"in two ways":     {events, []payload.FailureKind{kind(1, "no space in /tmp/x", "no space in /tmp/b2"), kind(4, long+"and KeyError: 'rpm'", long[:1024])}},
		"retried at last": {append(slices.Clone(events), at(5, "success", "")), []payload.FailureKind{kind(1, "no space in /tmp/x", ""), kind(4, long+"and KeyError: 'rpm'", "")}},
	} {
		slices.SortFunc(c.want, func(a, b payload.FailureKind) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
		random := rand.New(rand.NewPCG(1, 1))
		j := decoded(t, encoded(t, journeyOf(shuffled(random, c.events)...)))
		if got := slices.Collect(j.FailureKinds()); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if f := j.Verdict(&rules, day0).Failure; f != nil && !slices.ContainsFunc(c.want, func(k payload.FailureKind) bool { return k.Open && k.Fingerprint == f.Fingerprint }) {
			t.Errorf("%s: the verdict's failure %s is not among the open ones", name, f.Fingerprint)
		}
	}
}

func TestFailureKindsAreTheSmallest(t *testing.T) {
	t.Parallel()
	var events []payload.Event
	first := map[payload.Fingerprint]time.Time{}
	for i := range 60 {
		message := "cannot read " + strings.Repeat("x", 1+i%30)
		e := payload.Event{Service: "puptoo", Status: "error", Message: message, Date: day0.Add(time.Duration(i) * time.Second)}
		if f := payload.FingerprintOf("puptoo", "", message); first[f].IsZero() {
			first[f] = e.Date
		}
		events = append(events, e)
	}
	want := slices.Sorted(maps.Keys(first))[:16]
	var got []payload.Fingerprint
	for k := range journeyOf(shuffled(rand.New(rand.NewPCG(2, 1)), events)...).FailureKinds() {
		if got = append(got, k.Fingerprint); !k.At.Equal(first[k.Fingerprint]) {
			t.Errorf("%s happened first at %v, want %v", k.Fingerprint, k.At, first[k.Fingerprint])
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("kinds %v, want %v", got, want)
	}
}
