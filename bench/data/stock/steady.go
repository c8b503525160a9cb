package stock

import (
	"context"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// Steady stores the journeys of a plan as they happen: each event soon after
// its date, in small batches, a payload's in several.
type Steady struct {
	Plan
	next             int // journey to start
	position, stored int64
	pending          []arrival
}

type arrival struct {
	at    time.Time
	event payload.Event
}

// Step stores what happened up to a moment, of so many journeys of the plan.
func (s *Steady) Step(ctx context.Context, db *store.Store, now time.Time, payloads int) error {
	for ; s.next < payloads && !s.Start(s.next).After(now); s.next++ {
		start := s.Start(s.next)
		for _, e := range s.Events(s.next) {
			at := e.Date
			if at.Sub(start).Abs() > lasts {
				at = start // an odd date
			}
			s.pending = append(s.pending, arrival{at, e})
		}
	}
	var due []payload.Event
	left := s.pending[:0]
	for _, a := range s.pending {
		if a.at.After(now) {
			left = append(left, a)
		} else {
			due = append(due, a.event)
		}
	}
	s.pending = left
	if len(due) == 0 {
		return nil
	}
	if s.stored == 0 {
		var err error
		if s.position, err = db.InitPosition(ctx, group, topic, [16]byte{1}, 2, 0); err != nil {
			return err
		}
	}
	err := ingest(ctx, db, 2, s.position, due)
	s.position, s.stored = s.position+int64(len(due)), s.stored+int64(len(due))
	return err
}

// Stored is how many events that were.
func (s *Steady) Stored() int64 { return s.stored }

// NewSteady has journeys of their own that start from now on, so many events a
// second.
func NewSteady(seed uint64, now time.Time, perSecond int) *Steady {
	return &Steady{Plan: Plan{
		Seed: seed, Began: now.UTC().Truncate(time.Microsecond), Every: eventsPerPayload * time.Second / time.Duration(perSecond), Odd: 1 << 40,
	}}
}
