package payload

import (
	"cmp"
	"slices"
	"time"
)

// Passage is how a payload came through one service: what numbers over many
// payloads are made of. One with several sources has a passage as a whole,
// and one for each of its stages.
type Passage struct {
	Service, Source string
	Whole, Stage    bool // of the service, of a stage of it; both where it has but one
	State           StageState
	First, Last     time.Time // of its events
	Retried         bool      // a success has come after a failure

	// Of a service: the one that began before it, "" where none did, and the
	// time from the last known event of that before this one's first.
	From string
	Wait time.Duration
}

// AppendPassages appends the payload's passages, by name; those of a whole
// service come before those of its stages.
func (j *Journey) AppendPassages(passages []Passage) []Passage {
	begun := make([]visit, 0, 16)
	for from := 0; from < len(j.stages); {
		to := from + 1
		for to < len(j.stages) && j.stages[to].service == j.stages[from].service {
			to++
		}
		whole := len(passages)
		passages = append(passages, j.passage(from))
		passages[whole].Whole = true
		v := visit{first: j.stages[from].first, stages: j.stages[from:to], at: whole}
		if to > from+1 {
			passages[whole].Source, passages[whole].Stage = "", false
			for i := from; i < to; i++ {
				stage := j.passage(i)
				passages[whole].join(&stage)
				passages, v.first = append(passages, stage), earliest(v.first, j.stages[i].first)
			}
		}
		begun = append(begun, v)
		from = to
	}
	slices.SortStableFunc(begun, func(a, b visit) int { return cmp.Compare(a.first, b.first) })
	for i := 1; i < len(begun); i++ {
		before, p := &begun[i-1], &passages[begun[i].at]
		p.From = passages[before.at].Service
		p.Wait = time.Duration(begun[i].first-before.lastUntil(begun[i].first)) * time.Microsecond
	}
	return passages
}

func (j *Journey) passage(i int) Passage {
	s := &j.stages[i]
	return Passage{
		Service: s.service, Source: s.source, Stage: true, State: j.stageState(s),
		First: s.first.time(), Last: s.last.time(), Retried: s.covered(),
	}
}

// join adds a stage of the service. The state is the one that says most of
// the service: a failed stage fails it, an open one keeps it open.
func (p *Passage) join(o *Passage) {
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

// visit is a service on the payload's way.
type visit struct {
	first  moment
	stages []stage
	at     int // its passage
}

// lastUntil is the latest event at or before a moment that the service's
// stages still know of.
func (v *visit) lastUntil(at moment) moment {
	var last moment
	for i := range v.stages {
		last = max(last, v.stages[i].lastUntil(at))
	}
	return last
}

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
