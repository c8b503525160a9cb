package payload

import (
	"cmp"
	"slices"
	"time"
)

// State is the answer in one word.
type State string

// The states of a payload.
const (
	StateInProgress State = "IN_PROGRESS"
	StateStalled    State = "STALLED"
	StateFailed     State = "FAILED"
	StateSucceeded  State = "SUCCEEDED"
)

// Outcome is the part of the verdict that now does not change.
type Outcome int16

// The outcomes. An open payload is IN_PROGRESS or, from StallsAt on, STALLED.
const (
	OutcomeOpen Outcome = iota
	OutcomeFailed
	OutcomeSucceeded
)

// Verdict says whether a payload made it, and if not, why.
type Verdict struct {
	State           State
	Sentence        string // the same in GraphQL, REST, the pages and the tools
	Final           bool   // ended and quiet for the settle time
	ServicesPassed  int    // services with a succeeded and no failed or open stage
	QuietSince      time.Time
	StallsAt        time.Time // when an open payload stalls; zero unless open
	WaitsFor        []Wait    // what an open payload waits for; nil unless open
	CoveredFailures []string  // services with a failure before a later success, ascending
	Failure         *Failure  // the earliest reason; nil unless FAILED
}

// Wait is a service that an open payload waits for.
type Wait struct {
	Service string
	After   string // the service that handed over to it; "" when it has begun
	limit   time.Duration
}

// Verdict judges the journey under the rules, at now.
func (j *Journey) Verdict(rules *Rules, now time.Time) Verdict {
	services := j.services()
	v := Verdict{QuietSince: j.QuietSince(), Failure: j.failure()}
	for _, s := range services {
		if s.passed() {
			v.ServicesPassed++
		}
		if s.covered {
			v.CoveredFailures = append(v.CoveredFailures, s.name)
		}
	}
	waits := j.waits(rules, services)
	switch {
	case v.Failure != nil:
		v.State = StateFailed
	case len(waits) > 0:
		v.StallsAt = v.QuietSince.Add(shortest(waits))
		v.WaitsFor = waits
		v.State = StateInProgress
		if !now.Before(v.StallsAt) {
			v.State = StateStalled
		}
	default:
		v.State = StateSucceeded
	}
	v.Final = len(waits) == 0 || v.State == StateFailed
	v.Final = v.Final && now.Sub(v.QuietSince) >= rules.Settle
	v.Sentence = j.sentence(&v, waits, now)
	return v
}

// Outcome is the verdict without now.
func (j *Journey) Outcome(rules *Rules) Outcome {
	if j.failure() != nil {
		return OutcomeFailed
	}
	if len(j.waits(rules, j.services())) > 0 {
		return OutcomeOpen
	}
	return OutcomeSucceeded
}

// service is what all stages of one service say together.
type service struct {
	name                    string
	succeeded, failed, open bool
	covered                 bool
}

func (s service) passed() bool { return s.succeeded && !s.failed && !s.open }

// services of the journey, by name.
func (j *Journey) services() []service {
	var services []service
	for i := range j.stages {
		s := &j.stages[i]
		if n := len(services); n == 0 || services[n-1].name != s.service {
			services = append(services, service{name: s.service})
		}
		at := &services[len(services)-1]
		state := j.stageState(s)
		at.succeeded = at.succeeded || state == StageSucceeded
		at.failed = at.failed || state == StageFailed
		at.open = at.open || state.Open()
		at.covered = at.covered || s.covered()
	}
	return services
}

// failure is the earliest reason among the failed stages.
func (j *Journey) failure() *Failure {
	var earliest *Failure
	for i := range j.stages {
		f := j.stages[i].failure()
		if f != nil && (earliest == nil || compareReasons(f, earliest) < 0) {
			earliest = f
		}
	}
	return earliest
}

func compareReasons(a, b *Failure) int {
	return cmp.Or(
		a.At.Compare(b.At), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.Status, b.Status), cmp.Compare(a.Hash, b.Hash),
	)
}

// waits are what an open payload waits for: services with an open stage, then
// hand-overs that did not happen yet.
func (j *Journey) waits(rules *Rules, services []service) []Wait {
	var waits []Wait
	find := func(name string) (service, bool) {
		i, found := slices.BinarySearchFunc(services, name, func(s service, name string) int { return cmp.Compare(s.name, name) })
		if !found {
			return service{}, false
		}
		return services[i], true
	}
	for _, s := range services {
		if s.open {
			waits = append(waits, Wait{Service: s.name, limit: rules.stallAfter(s.name)})
		}
	}
	for _, h := range rules.Handovers {
		from, ok := find(h.From)
		_, begun := find(h.To)
		if ok && from.passed() && !begun {
			waits = append(waits, Wait{Service: h.To, After: h.From, limit: rules.stallAfter(h.To)})
		}
	}
	return waits
}

// OverdueHandovers are the hand-overs that an open payload waits for, longer
// than the service that should have begun may take.
func (j *Journey) OverdueHandovers(rules *Rules, now time.Time) []Handover {
	var overdue []Handover
	quiet := now.Sub(j.QuietSince())
	for _, w := range j.waits(rules, j.services()) {
		if w.After != "" && quiet >= w.limit {
			overdue = append(overdue, Handover{From: w.After, To: w.Service})
		}
	}
	return overdue
}

func shortest(waits []Wait) time.Duration {
	limit := waits[0].limit
	for _, w := range waits[1:] {
		limit = min(limit, w.limit)
	}
	return limit
}
