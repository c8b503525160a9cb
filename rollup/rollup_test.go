package rollup_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rollup"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// madeEvent is an event of few services, words and dates on both sides of a
// bucket's end, so that retries, ties and events before the first are common.
func madeEvent() *rapid.Generator[payload.Event] {
	return rapid.Custom(func(t *rapid.T) payload.Event {
		of := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
		return payload.Event{
			RequestID: payload.RequestID{1},
			Service:   of("service", "ingress", "puptoo", "inventory"),
			Source:    of("source", "", "", "host"),
			Status:    of("status", "received", "received", "processing", "success", "success", "error", "failed"),
			Message:   of("message", "", "timeout after 3 s", "no such host", strings.Repeat("é", 200)),
			OrgID:     of("org", "", "1", "2"),
			Date:      noon.Add(time.Duration(rapid.IntRange(-400, 400).Draw(t, "date")) * time.Second),
		}
	})
}

func of(j *payload.Journey) rollup.Contribution { return new(rollup.Contributions).Of(1, j) }

// parts are the counters of a sum without what is zero.
func parts(s *rollup.Sum) map[string]string {
	all := map[string]string{}
	for k, c := range s.Stages {
		if !c.Zero() {
			all[fmt.Sprintf("%+v", k)] = fmt.Sprintf("%+v", *c)
		}
	}
	for k, c := range s.Handovers {
		if !c.Zero() {
			all[fmt.Sprintf("%+v", k)] = fmt.Sprintf("%+v", *c)
		}
	}
	for k, c := range s.Failures {
		if !c.Zero() {
			all[fmt.Sprintf("%+v", k)] = fmt.Sprint(c.Total, c.Open, c.Orgs)
		}
	}
	return all
}

// series are the parts of each series.
func series(s *rollup.Sum) map[rollup.Series]map[string]string {
	all := map[rollup.Series]map[string]string{}
	for series, in := range s.Series(noon) {
		all[series] = parts(in)
	}
	return all
}

// Whatever the order in which events come, and however they are cut into
// batches: the moves sum up to what the whole journey contributes.
func TestMovesSumUpToARecount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := payload.DefaultRules()
		moved, recount := rollup.NewSum(), rollup.NewSum()
		for range rapid.IntRange(1, 3).Draw(t, "payloads") {
			var journey, whole payload.Journey
			events := rapid.SliceOfN(madeEvent(), 1, 12).Draw(t, "events")
			for _, e := range events {
				delta := rollup.NewSum()
				before := of(&journey)
				journey.Merge(&rules, e)
				delta.Move(before, of(&journey))
				if err := moved.Add(delta.AppendBinary(nil)); err != nil {
					t.Fatal(err)
				}
			}
			slices.Reverse(events)
			whole.Merge(&rules, events...)
			recount.Move(rollup.Contribution{}, of(&whole))
			defer moved.Move(of(&whole), rollup.Contribution{})
		}
		if want, got := parts(recount), parts(moved); !maps.Equal(want, got) {
			t.Fatalf("the recount gives\n%v\nthe moves\n%v", want, got)
		}
		counted := series(recount)
		for series, got := range series(moved) {
			if want := counted[series]; !maps.Equal(want, got) {
				t.Fatalf("series %d: the recount gives\n%v\nthe moves\n%v", series, want, got)
			}
		}
	})
}

func TestSamplesAreCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	j := new(payload.Journey)
	message := "x" + strings.Repeat("é", 400)
	j.Merge(&rules, payload.Event{RequestID: payload.RequestID{1}, Service: "puptoo", Status: "error", Date: noon, Message: message})
	sum := rollup.NewSum()
	sum.Move(rollup.Contribution{}, of(j))
	for _, f := range sum.Failures {
		if f.Total != 1 || f.Open != 1 || f.Message != message[:299] || !f.First.Equal(noon) || !f.Last.Equal(noon) || f.Payload != 1 {
			t.Errorf("%+v", f)
		}
	}
	if len(sum.Failures) != 1 {
		t.Errorf("%d failures", len(sum.Failures))
	}
}

func TestWhatIsTakenAwayLeavesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := payload.DefaultRules()
		sum := rollup.NewSum()
		var journeys []*payload.Journey
		for range 3 {
			j := new(payload.Journey)
			j.Merge(&rules, rapid.SliceOfN(madeEvent(), 1, 12).Draw(t, "events")...)
			journeys = append(journeys, j)
			sum.Move(rollup.Contribution{}, of(j))
		}
		if sum.Empty() {
			t.Fatal("payloads contribute nothing")
		}
		for _, j := range journeys {
			sum.Move(of(j), rollup.Contribution{})
		}
		if !sum.Empty() {
			t.Fatalf("left: %v", parts(sum))
		}
	})
}

// upload is one payload whose numbers can be counted by hand.
func upload() *payload.Journey {
	rules := payload.DefaultRules()
	at := func(service, source, status string, after time.Duration) payload.Event {
		return payload.Event{RequestID: payload.RequestID{1}, Service: service, Source: source, Status: status, Date: noon.Add(after), OrgID: "1"}
	}
	j := new(payload.Journey)
	j.Merge(&rules,
		at("ingress", "", "received", 0), at("ingress", "", "success", time.Second),
		at("puptoo", "", "received", 3*time.Second), at("puptoo", "", "error", 4*time.Second), at("puptoo", "", "success", 10*time.Second),
		at("compliance", "", "received", 5*time.Minute), at("compliance", "worker", "error", 5*time.Minute+2*time.Second),
	)
	return j
}

func TestAPayloadIsCountedWhereItBegan(t *testing.T) {
	t.Parallel()
	sum := rollup.NewSum()
	sum.Move(rollup.Contribution{}, of(upload()))
	stage := func(after time.Duration, service, source string, scope rollup.Scope) rollup.Stage {
		t.Helper()
		c := sum.Stages[rollup.StageKey{Bucket: rollup.BucketOf(noon.Add(after)), Org: "1", Service: service, Source: source, Scope: scope}]
		if c == nil {
			t.Fatalf("nothing of %s %q", service, source)
		}
		return *c
	}
	if c := stage(0, "puptoo", "", rollup.Both); c.Received != 1 || c.Succeeded != 1 || c.Retried != 1 || c.Failed+c.Open != 0 {
		t.Errorf("puptoo: %+v", c)
	} else if p, _ := c.Durations.Percentile(0.5); p < 6650*time.Millisecond || p > 7350*time.Millisecond {
		t.Errorf("puptoo took %v", p)
	}
	if c := stage(5*time.Minute, "compliance", "", rollup.OneStage); c.Received != 1 || c.Succeeded+c.Failed+c.Open != 0 {
		t.Errorf("compliance, which has handed over: %+v", c)
	}
	if c := stage(5*time.Minute, "compliance", "worker", rollup.OneStage); c.Failed != 1 || c.Open != 0 {
		t.Errorf("its worker: %+v", c)
	}
	if c := stage(5*time.Minute, "compliance", "", rollup.WholeService); c.Received != 1 || c.Failed != 1 || c.Succeeded+c.Open != 0 {
		t.Errorf("compliance as a whole: %+v", c)
	}
	for _, want := range []struct {
		key    rollup.HandoverKey
		wait   time.Duration
		failed int64
	}{
		{rollup.HandoverKey{Bucket: rollup.BucketOf(noon), Org: "1", From: "ingress", To: "puptoo"}, 2 * time.Second, 0},
		{rollup.HandoverKey{Bucket: rollup.BucketOf(noon.Add(5 * time.Minute)), Org: "1", From: "puptoo", To: "compliance"}, 290 * time.Second, 1},
	} {
		c := sum.Handovers[want.key]
		if c == nil || c.Payloads != 1 || c.Failed != want.failed {
			t.Errorf("%+v: %+v", want.key, c)
			continue
		}
		if p, _ := c.Waits.Percentile(1); within(p, want.wait) > 0.05 {
			t.Errorf("%+v took %v, want %v", want.key, p, want.wait)
		}
	}
	if len(sum.Handovers) != 2 {
		t.Errorf("%d hand-overs", len(sum.Handovers))
	}
}

func within(got, want time.Duration) float64 {
	if got == want {
		return 0
	}
	return math.Abs(float64(got-want)) / float64(want)
}

func TestPercentilesAreWithinFivePerCent(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		widest := rapid.Float64Range(0, 36).Draw(t, "widest")
		sum := rollup.NewSum()
		var took []time.Duration
		for range 1 + random.IntN(300) {
			d := time.Duration(math.Exp(random.Float64()*widest)) * time.Microsecond
			took = append(took, d)
			j := new(payload.Journey)
			e := payload.Event{RequestID: payload.RequestID{1}, Service: "puptoo", Status: "received", Date: noon}
			ended := e
			ended.Status, ended.Date = "success", noon.Add(d)
			j.Merge(&rules, e, ended)
			sum.Move(rollup.Contribution{}, of(j))
		}
		slices.Sort(took)
		c := sum.Stages[rollup.StageKey{Bucket: rollup.BucketOf(noon), Service: "puptoo", Scope: rollup.Both}]
		for _, p := range []float64{0, 0.5, 0.95, 0.99, 1} {
			got, ok := c.Durations.Percentile(p)
			if want := took[max(1, int(math.Ceil(p*float64(len(took)))))-1]; !ok || within(got, want) > 0.0500001 {
				t.Fatalf("p%.0f is %v, want %v", p*100, got, want)
			}
		}
	})
}

func TestMembersOfASet(t *testing.T) {
	t.Parallel()
	for _, members := range []int{0, 1, 5, 50, 1000, 10_000} {
		sum := rollup.NewSum()
		for n := range members * 2 { // each twice
			key := rollup.FailureKey{Org: fmt.Sprint(700_000 + n%max(1, members)), Service: "puptoo", Fingerprint: 1}
			sum.Failures[key] = &rollup.Failure{Total: 2}
		}
		all := &rollup.Failure{}
		for series, in := range sum.Series(noon) {
			for _, f := range in.Failures {
				if series == rollup.Days {
					all = f
				}
			}
		}
		got, err := rollup.MembersOf(all.Orgs.AppendBinary(nil))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(got-members)) > 0.06*float64(members)+0.5 {
			t.Errorf("%d organisations are counted as %d", members, got)
		}
	}
}

func TestDamagedSumsAreRefused(t *testing.T) {
	t.Parallel()
	sum := rollup.NewSum()
	sum.Move(rollup.Contribution{}, of(upload()))
	whole := sum.AppendBinary(nil)
	for n := range whole {
		if err := rollup.NewSum().Add(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are read as a sum", n, len(whole))
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 20_000 { // must not panic, and not take memory without bound
		damaged := slices.Clone(whole)
		damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
		_ = rollup.NewSum().Add(damaged)
	}
}

func BenchmarkMove(b *testing.B) {
	rules := payload.DefaultRules()
	before := upload()
	now := upload()
	now.Merge(&rules, payload.Event{RequestID: payload.RequestID{1}, Service: "compliance", Source: "worker", Status: "success", Date: noon.Add(time.Hour)})
	sum := rollup.NewSum()
	var contributions rollup.Contributions
	b.ReportAllocs()
	for b.Loop() {
		contributions.Reset()
		sum.Move(contributions.Of(1, before), contributions.Of(1, now))
	}
}
