package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// Comparison is two payloads side by side.
type Comparison struct {
	payload.Comparison
	a, b *Payload
}

// StageComparison is one stage of both.
type StageComparison struct {
	payload.StagePair
	of *Comparison
}

func (q query) Compare(ctx context.Context, a, b payload.RequestID) (*Comparison, error) {
	found, err := q.store.PayloadsByRequestID(ctx, []payload.RequestID{a, b})
	if err != nil || found[a] == nil || found[b] == nil {
		return nil, err
	}
	both := payloadsOf([]*store.Payload{found[a], found[b]}, now(ctx))
	return &Comparison{Comparison: payload.CompareJourneys(&found[a].Journey, &found[b].Journey), a: both[0], b: both[1]}, nil
}

// Stages are the stages of both.
func (c *Comparison) Stages() []*StageComparison {
	stages := make([]*StageComparison, len(c.Comparison.Stages))
	for i, pair := range c.Comparison.Stages {
		stages[i] = &StageComparison{StagePair: pair, of: c}
	}
	return stages
}

// A is the stage of the first payload.
func (s *StageComparison) A() *Stage { return stageOf(s.StagePair.A, s.of.a) }

// B is the stage of the second payload.
func (s *StageComparison) B() *Stage { return stageOf(s.StagePair.B, s.of.b) }

func stageOf(s *payload.Stage, p *Payload) *Stage {
	if s == nil {
		return nil
	}
	return &Stage{Stage: *s, payload: p}
}
