package payload

import (
	"cmp"
	"slices"
	"time"
)

// Comparison is two payloads side by side.
type Comparison struct {
	Stages           []StagePair
	OnlyInA, OnlyInB []string // services that the other did not come to, ascending
}

// StagePair is one stage of two payloads, of which at least one has it.
type StagePair struct {
	StageName
	A, B *Stage // nil where the payload has no such stage
}

// Duration is from the stage's first event to its last so far.
func (s *Stage) Duration() time.Duration { return s.EndedAt.Sub(s.StartedAt) }

// Ratio is how many times as long the second payload took in the stage; nil
// unless both took some time.
func (p *StagePair) Ratio() *float64 {
	if p.A == nil || p.B == nil || p.A.Duration() <= 0 || p.B.Duration() <= 0 {
		return nil
	}
	ratio := float64(p.B.Duration()) / float64(p.A.Duration())
	return &ratio
}

// CompareJourneys puts two payloads side by side: their stages in the order in which
// they began, counted from each payload's own beginning.
func CompareJourneys(a, b *Journey) Comparison {
	var c Comparison
	c.add(a, func(p *StagePair, s *Stage) { p.A = s })
	c.add(b, func(p *StagePair, s *Stage) { p.B = s })
	begin := func(p StagePair) time.Duration { return min(after(p.A, a), after(p.B, b)) }
	slices.SortStableFunc(c.Stages, func(p, q StagePair) int {
		return cmp.Or(cmp.Compare(begin(p), begin(q)), cmp.Compare(p.Service, q.Service), cmp.Compare(p.Source, q.Source))
	})
	c.OnlyInA, c.OnlyInB = without(a, b), without(b, a)
	return c
}

func (c *Comparison) add(j *Journey, set func(*StagePair, *Stage)) {
	at := make(map[StageName]int, len(c.Stages))
	for i := range c.Stages {
		at[c.Stages[i].StageName] = i
	}
	stages := j.Stages()
	for i := range stages {
		name := StageName{stages[i].Service, stages[i].Source}
		n, known := at[name]
		if !known {
			n = len(c.Stages)
			c.Stages = append(c.Stages, StagePair{StageName: name})
		}
		set(&c.Stages[n], &stages[i])
	}
}

// after is how long after its payload's first event a stage began.
func after(s *Stage, j *Journey) time.Duration {
	if s == nil {
		return 1<<63 - 1
	}
	return s.StartedAt.Sub(j.First().Date)
}

// without are the services of j that o did not come to.
func without(j, o *Journey) []string {
	var names []string
	others := o.services()
	for _, s := range j.services() {
		if !slices.ContainsFunc(others, func(other service) bool { return other.name == s.name }) {
			names = append(names, s.name)
		}
	}
	return names
}
