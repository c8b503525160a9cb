package payload_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
)

// modelStage is a stage as the rules tell it: event after event, in order.
type modelStage struct {
	service, source string
	state           payload.StageState
	started, ended  time.Time
	opened          time.Time
	ends            []time.Time // of successes and failures
	received        bool        // nothing but openings
	failures        []payload.Event
	failed, covered bool
}

func (m *modelStage) take(rules *payload.Rules, e payload.Event) {
	if m.started.IsZero() {
		m.started, m.received = e.Date, true
	}
	m.ended = e.Date
	switch rules.Class(e.Status) {
	case payload.ClassOpening:
		m.state, m.opened, m.failures = payload.StageReceived, e.Date, nil
		return
	case payload.ClassDetail:
		if m.state == "" || m.state == payload.StageReceived {
			m.state = payload.StageProcessing
		}
	case payload.ClassSuccess:
		m.covered = m.covered || m.failed
		m.state, m.failures, m.ends = payload.StageSucceeded, nil, append(m.ends, e.Date)
	case payload.ClassFailure:
		m.state, m.failures, m.ends = payload.StageFailed, append(m.failures, e), append(m.ends, e.Date)
		m.failed = true
	}
	m.received = false
}

func modelOf(rules *payload.Rules, events []payload.Event) map[[2]string]*modelStage {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b payload.Event) int { return payload.Compare(&a, &b, rules) })
	sorted = slices.CompactFunc(sorted, func(a, b payload.Event) bool { return a.Hash() == b.Hash() })
	stages := map[[2]string]*modelStage{}
	for _, e := range sorted {
		key := [2]string{e.Service, e.Source}
		if stages[key] == nil {
			stages[key] = &modelStage{service: e.Service, source: e.Source}
		}
		stages[key].take(rules, e)
	}
	for _, m := range stages {
		for _, o := range stages {
			late := func(end time.Time) bool { return !end.Before(m.opened) }
			if m.received && o != m && o.service == m.service && slices.ContainsFunc(o.ends, late) {
				m.state = payload.StageHandedOver
			}
		}
	}
	return stages
}

// modelVerdict is the state and the numbers of a verdict long after.
func modelVerdict(stages map[[2]string]*modelStage) (state payload.State, passed int, covered []string) {
	services := map[string][]*modelStage{}
	state = payload.StateSucceeded
	for _, m := range stages {
		services[m.service] = append(services[m.service], m)
		switch {
		case m.state == payload.StageFailed:
			state = payload.StateFailed
		case m.state.Open() && state != payload.StateFailed:
			state = payload.StateStalled
		}
	}
	for name, of := range services {
		has := func(want func(m *modelStage) bool) bool { return slices.ContainsFunc(of, want) }
		if has(func(m *modelStage) bool { return m.state == payload.StageSucceeded }) &&
			!has(func(m *modelStage) bool { return m.state == payload.StageFailed || m.state.Open() }) {
			passed++
		}
		if has(func(m *modelStage) bool { return m.covered }) {
			covered = append(covered, name)
		}
	}
	slices.Sort(covered)
	return state, passed, covered
}

func TestVerdictIsThatOfTheEventsInOrder(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(madeEvent(), 1, 60).Draw(t, "events")
		if rapid.Bool().Draw(t, "many") {
			events = manyEvents(2*rapid.Uint64Range(0, 1000).Draw(t, "seed"), 150)
		}
		j := journeyOf(events...)
		model := modelOf(&rules, events)
		var reason *payload.Failure
		for _, s := range j.Stages() {
			m := model[[2]string{s.Service, s.Source}]
			if m == nil || s.State != m.state || !s.StartedAt.Equal(m.started) || !s.EndedAt.Equal(m.ended) {
				t.Fatalf("stage %+v, want %+v", s, m)
			}
			if s.Failure != nil && (reason == nil || s.Failure.At.Before(reason.At)) {
				reason = s.Failure
			}
			checkFailure(t, s.Failure, m.failures)
		}
		if len(j.Stages()) != len(model) {
			t.Fatalf("%d stages, want %d", len(j.Stages()), len(model))
		}
		v := j.Verdict(&rules, day0.AddDate(1, 0, 0))
		state, passed, covered := modelVerdict(model)
		if v.State != state || v.ServicesPassed != passed || !slices.Equal(v.CoveredFailures, covered) {
			t.Fatalf("verdict %+v, want %s, %d, %v", v, state, passed, covered)
		}
		if (v.Failure == nil) != (reason == nil) || (reason != nil && !v.Failure.At.Equal(reason.At)) {
			t.Fatalf("reason %+v, want %+v", v.Failure, reason)
		}
		wantOutcome := map[payload.State]payload.Outcome{
			payload.StateFailed: payload.OutcomeFailed, payload.StateSucceeded: payload.OutcomeSucceeded,
			payload.StateStalled: payload.OutcomeOpen,
		}[state]
		if got := j.Outcome(&rules); got != wantOutcome {
			t.Fatalf("outcome %d, want %d", got, wantOutcome)
		}
	})
}

// checkFailure: the earliest of the last 16 in a row.
func checkFailure(t *rapid.T, got *payload.Failure, failures []payload.Event) {
	t.Helper()
	if (got == nil) != (len(failures) == 0) {
		t.Fatalf("failure %+v, want one of %d", got, len(failures))
	}
	if got == nil {
		return
	}
	want := failures[max(0, len(failures)-16)]
	if got.Hash != want.Hash() || got.Status != want.Status || !got.At.Equal(want.Date) || got.Cut != (len(want.Message) > 1024) {
		t.Fatalf("failure %+v, want %+v", got, want)
	}
}

func TestQuietSinceIsTheGreatestOfDateOrTakenIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(madeEvent(), 1, 20).Draw(t, "events")
		var want time.Time
		for _, e := range events {
			heard := e.Date
			if e.TakenIn.Before(heard) {
				heard = e.TakenIn
			}
			if !e.TakenIn.IsZero() && heard.After(want) {
				want = heard
			}
		}
		j := journeyOf(events...)
		if want.IsZero() {
			want = j.Last().Date
		}
		if got := j.QuietSince(); !got.Equal(want) {
			t.Fatalf("quiet since %s, want %s", got, want)
		}
	})
}
