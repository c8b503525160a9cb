package graph

import (
	"context"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// Verdict is a payload's verdict.
type Verdict struct {
	payload.Verdict
	payload *Payload
}

// StallsAt is nil unless the payload is open.
func (v *Verdict) StallsAt() *time.Time {
	if v.Verdict.StallsAt.IsZero() {
		return nil
	}
	return &v.Verdict.StallsAt
}

// Failure is why it failed.
func (v *Verdict) Failure() *Failure { return failureOf(v.Verdict.Failure, v.payload) }

// Failure is why a payload or a stage failed.
type Failure struct {
	payload.Failure
	payload *Payload
}

func failureOf(f *payload.Failure, p *Payload) *Failure {
	if f == nil {
		return nil
	}
	return &Failure{Failure: *f, payload: p}
}

type failureFields struct{ *Resolver }

// Message is the whole text; where the journey's is cut, the event has it.
func (r failureFields) Message(ctx context.Context, f *Failure) (*string, error) {
	if !f.Cut {
		return &f.Failure.Message, nil
	}
	mark := store.MarkKey{Payload: f.payload.Payload, Date: f.At, Hash: f.Hash}
	status, err := r.marked(ctx, f.payload, mark, markedKey{"cut failures", 0}, cutFailures)
	if status == nil {
		return &f.Failure.Message, err
	}
	return &status.Message, nil
}

// cutFailures name the events of the failures whose messages are cut.
func cutFailures(payloads []*store.Payload) []store.MarkKey {
	var marks []store.MarkKey
	for _, p := range payloads {
		for _, s := range p.Journey.Stages() {
			if s.Failure != nil && s.Failure.Cut {
				marks = append(marks, store.MarkKey{Payload: p, Date: s.Failure.At, Hash: s.Failure.Hash})
			}
		}
	}
	return marks
}
