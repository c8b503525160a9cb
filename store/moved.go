package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

// moved finds those of a page's payloads that late events have moved here,
// since the walk began, from where it has already been: they were shown, or
// had their turn. The walk goes on from c, towards smaller keys when falling.
//
// A payload's earlier places are those its events give in the order they were
// taken in; only what came after the walk began can have moved it.
func (s *Store) moved(ctx context.Context, rows []payloadRow, order PayloadOrder, c *cursor, falling bool) ([]int64, error) {
	if c == nil || c.now.IsZero() || len(rows) == 0 {
		return nil, nil
	}
	changed, err := s.changedSince(ctx, rows, c.now)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	var moved []int64
	for id, events := range changed {
		places := placesOf(events, order, &rules, c.now)
		passed := func(place time.Time) bool {
			way := cmp.Or(place.Compare(c.date), cmp.Compare(id, c.id))
			return way == 0 || (way > 0) == falling
		}
		if slices.ContainsFunc(places, passed) {
			moved = append(moved, id)
		}
	}
	return moved, nil
}

// placesOf are the sort keys that a payload's events, sorted by when they
// were taken in, have given it from the moment the walk began.
func placesOf(events []payload.Event, order PayloadOrder, rules *payload.Rules, began time.Time) []time.Time {
	var places []time.Time
	var journey payload.Journey
	for i := range events {
		journey.Merge(rules, events[i])
		batchEnds := i+1 == len(events) || events[i+1].TakenIn.After(events[i].TakenIn)
		if !batchEnds || (i+1 < len(events) && !events[i+1].TakenIn.After(began)) {
			continue // not to be seen by itself, or only before the walk
		}
		if place, listed := placeOf(&journey, order, rules); listed {
			places = append(places, place)
		}
	}
	return places
}

// placeOf is the sort key of a journey, and whether the order lists it.
func placeOf(journey *payload.Journey, order PayloadOrder, rules *payload.Rules) (time.Time, bool) {
	verdict := journey.Verdict(rules, journey.QuietSince())
	switch order.Field {
	case OrderByFailedAt:
		if verdict.Failure == nil {
			return time.Time{}, false
		}
		return verdict.Failure.At, verdict.State == payload.StateFailed
	case OrderByQuietSince:
		return journey.QuietSince(), verdict.State == payload.StateInProgress || verdict.State == payload.StateStalled
	case orderByDuration:
		return time.Unix(0, 0).UTC().Add(journey.Last().Date.Sub(journey.First().Date)), true
	case OrderByStartedAt:
	}
	return journey.First().Date, true
}

// changedSince reads the events, in the order they were taken in, of those
// payloads that have one taken in after since.
func (s *Store) changedSince(ctx context.Context, rows []payloadRow, since time.Time) (map[int64][]payload.Event, error) {
	var ids []int64
	var payloads []*Payload
	for i := range rows {
		p, err := rows[i].payload()
		if err != nil {
			return nil, err
		}
		ids, payloads = append(ids, p.ID), append(payloads, p)
	}
	var w where
	w.and("s.payload_id IN (?)", bun.List(ids))
	w.onDays("s.date", daysOf(payloads))
	var changed []int64
	err := s.read(ctx, "changed payloads", &changed, `SELECT DISTINCT s.payload_id FROM payload_statuses s
		WHERE s.created_at > ? AND `+w.sql(), append([]any{since}, w.args...)...)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	w.and("s.payload_id IN (?)", bun.List(changed))
	var events []statusRead
	err = s.read(ctx, "events of changed payloads", &events, `SELECT s.payload_id, t.service, t.source, t.status, s.date, s.created_at
		FROM payload_statuses s JOIN trails t ON t.id = s.trail_id WHERE `+w.sql()+` ORDER BY s.created_at`, w.args...)
	if err != nil {
		return nil, err
	}
	byPayload := map[int64][]payload.Event{}
	for _, e := range events {
		byPayload[e.PayloadID] = append(byPayload[e.PayloadID], payload.Event{
			Service: e.Service, Source: e.Source, Status: e.Status, Date: e.Date.UTC(), TakenIn: e.CreatedAt.UTC(),
		})
	}
	return byPayload, nil
}
