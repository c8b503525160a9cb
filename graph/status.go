package graph

import (
	"context"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// Status is a status in an answer.
type Status struct {
	*store.Status
	payload *Payload                 // known when it was come to from its payload
	list    *siblings[*store.Status] // else its payload is read with theirs
	now     time.Time
}

// IsNode marks a Node.
func (*Status) IsNode() {}

// GlobalID names the status in node and nodes.
func (s *Status) GlobalID() string { return statusID(s.Status) }

// Word is the status itself.
func (s *Status) Word() string { return s.Status.Status }

// statusesOf are the statuses of one list, which may be of many payloads.
func statusesOf(rows []*store.Status, now time.Time) []*Status {
	list := newSiblings(rows)
	statuses := make([]*Status, len(rows))
	for i, row := range rows {
		statuses[i] = &Status{Status: row, list: list, now: now}
	}
	return statuses
}

type statusFields struct{ *Resolver }

func (r statusFields) Payload(ctx context.Context, s *Status) (*Payload, error) {
	if s.payload != nil {
		return s.payload, nil
	}
	omit := ofPayload(ctx)
	payloads, err := together(s.list, payloadKey{omit}, func(all []*store.Status) (map[int64]*Payload, error) {
		return r.payloadsOfStatuses(ctx, all, omit, s.now)
	})
	return payloads[s.PayloadID], err
}

// SincePrevious is known within a timeline; for statuses of any payloads it is
// read with theirs.
func (r statusFields) SincePrevious(ctx context.Context, s *Status) (*time.Duration, error) {
	if s.payload != nil {
		return s.Status.SincePrevious, nil
	}
	statuses, err := together(s.list, "previous", func(all []*store.Status) (map[store.MarkKeyID]*store.Status, error) {
		payloads, err := r.store.PayloadsByID(ctx, distinctPayloads(all), 0)
		if err != nil {
			return nil, err
		}
		return r.statusesByMark(ctx, marksOfStatuses(all, payloads), store.OmitMessages)
	})
	status := statuses[store.MarkKeyID{PayloadID: s.PayloadID, DateMicros: s.Date.UnixMicro(), Hash: s.Hash}]
	if err != nil || status == nil {
		return nil, err
	}
	return status.SincePrevious, nil
}

func marksOfStatuses(statuses []*store.Status, payloads map[int64]*store.Payload) []store.MarkKey {
	var marks []store.MarkKey
	for _, s := range statuses {
		if p := payloads[s.PayloadID]; p != nil {
			marks = append(marks, store.MarkKey{Payload: p, Date: s.Date, Hash: s.Hash})
		}
	}
	return marks
}

// payloadKey is which payloads of statuses are read together: by what of them
// is not.
type payloadKey struct{ omit store.Omit }

// payloadsOfStatuses are the payloads of statuses, by row number, as one list.
func (r *Resolver) payloadsOfStatuses(ctx context.Context, statuses []*store.Status, omit store.Omit, now time.Time) (map[int64]*Payload, error) {
	found, err := r.store.PayloadsByID(ctx, distinctPayloads(statuses), omit)
	if err != nil {
		return nil, err
	}
	rows := make([]*store.Payload, 0, len(found))
	for _, row := range found {
		rows = append(rows, row)
	}
	payloads := make(map[int64]*Payload, len(rows))
	for _, p := range payloadsOf(rows, now) {
		payloads[p.ID] = p
	}
	return payloads, nil
}

func distinctPayloads(statuses []*store.Status) []int64 {
	var ids []int64
	seen := map[int64]bool{}
	for _, s := range statuses {
		if !seen[s.PayloadID] {
			seen[s.PayloadID] = true
			ids = append(ids, s.PayloadID)
		}
	}
	return ids
}
