package payload

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Passage is how a payload came through one stage, or through one service
// with all its sources: what numbers over many payloads are made of.
type Passage struct {
	Service, Source string
	Whole           bool // the service, not a stage of it; Source is ""
	State           StageState
	First, Last     time.Time // of its events
	Retried         bool      // a success has come after a failure
}

// Passages yields each service as a whole, then its stages, by name.
func (j *Journey) Passages() iter.Seq[Passage] {
	return func(yield func(Passage) bool) {
		for from, to := 0, 0; from < len(j.stages); from = to {
			for to = from + 1; to < len(j.stages) && j.stages[to].service == j.stages[from].service; to++ {
			}
			first := j.passage(from)
			whole := first
			whole.Source, whole.Whole = "", true
			for i := from + 1; i < to; i++ {
				whole.join(j.passage(i))
			}
			if !yield(whole) || !yield(first) {
				return
			}
			for i := from + 1; i < to; i++ {
				if !yield(j.passage(i)) {
					return
				}
			}
		}
	}
}

func (j *Journey) passage(i int) Passage {
	s := &j.stages[i]
	return Passage{
		Service: s.service, Source: s.source, State: j.stageState(s),
		First: s.first.time(), Last: s.last.time(), Retried: s.covered(),
	}
}

// join adds another stage of the service. Its state is the one that says
// most of the service: a failed stage fails it, an open one keeps it open.
func (p *Passage) join(o Passage) {
	if o.State.weight() > p.State.weight() {
		p.State = o.State
	}
	p.Retried = p.Retried || o.Retried
	if o.First.Before(p.First) {
		p.First = o.First
	}
	if o.Last.After(p.Last) {
		p.Last = o.Last
	}
}

func (s StageState) weight() int {
	switch s {
	case StageHandedOver:
		return 0
	case StageSucceeded:
		return 1
	case StageReceived:
		return 2
	case StageProcessing:
		return 3
	case StageFailed:
		return 4
	}
	return -1
}

// Step is a payload's way from one service to the one that began next.
type Step struct {
	From, To string
	At       time.Time     // the first event of To
	Wait     time.Duration // since the last known event of From before it
	Failed   bool          // To has a failed stage
}

// Steps are the ways between services, in the order in which these began.
func (j *Journey) Steps() []Step {
	type visit struct {
		service string
		first   moment
		failed  bool
		stages  []stage
	}
	var visits []visit
	for i := range j.stages {
		s := &j.stages[i]
		if n := len(visits); n == 0 || visits[n-1].service != s.service {
			visits = append(visits, visit{service: s.service, stages: j.stages[i:i]})
		}
		v := &visits[len(visits)-1]
		v.first, v.failed = earliest(v.first, s.first), v.failed || s.state() == StageFailed
		v.stages = v.stages[:len(v.stages)+1]
	}
	if len(visits) < 2 {
		return nil
	}
	slices.SortStableFunc(visits, func(a, b visit) int { return cmp.Compare(a.first, b.first) })
	steps := make([]Step, len(visits)-1)
	for i := range steps {
		from, to := &visits[i], &visits[i+1]
		var left moment
		for k := range from.stages {
			left = max(left, from.stages[k].lastUntil(to.first))
		}
		steps[i] = Step{
			From: from.service, To: to.service, At: to.first.time(),
			Wait: time.Duration(to.first-left) * time.Microsecond, Failed: to.failed,
		}
	}
	return steps
}

// lastUntil is the latest event at or before a moment that the stage still
// knows of; zero when there is none.
func (s *stage) lastUntil(at moment) moment {
	if s.last <= at {
		return s.last
	}
	var last moment
	for _, m := range [...]moment{s.first, s.opening, s.detail, s.success, s.end, s.firstFailure} {
		if m <= at {
			last = max(last, m)
		}
	}
	for i := range s.failures {
		if s.failures[i].at <= at {
			last = max(last, s.failures[i].at)
		}
	}
	return last
}
