package store

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Standing is how payloads stand now.
type Standing struct {
	Recent  map[payload.State]int64    // payloads that began in the last hour
	Stalled int64                      // payloads that hang, whenever they began
	Overdue map[payload.Handover]int64 // of these, those whose next service should have begun: every rule has its count
}

const (
	standingRecent = time.Hour
	mostOverdue    = 10_000 // hanging payloads that lack a hand-over and are asked what they wait for, the newest started
)

// Standing counts payloads by their verdicts. It costs by what is open and by
// what began in the last hour, not by what is stored. It is of the whole
// platform: only who sees everything may ask.
func (s *Store) Standing(ctx context.Context) (*Standing, error) {
	if err := s.needEverything(ctx, "how payloads stand"); err != nil {
		return nil, err
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	since := now.Add(-standingRecent)
	missing := missingHandovers(&rules)
	var rows []struct{ Began, Failed, InProgress, RecentStalled, Stalled, Missing int64 }
	err = s.read(ctx, "standing", &rows, `SELECT
			(SELECT count(*) FROM payloads WHERE started_at >= ?) AS began,
			(SELECT count(*) FROM payloads WHERE started_at >= ? AND outcome = 1) AS failed, o.*
		FROM (SELECT count(*) FILTER (WHERE p.started_at >= ? AND p.stalls_at > ?) AS in_progress,
				count(*) FILTER (WHERE p.started_at >= ? AND p.stalls_at <= ?) AS recent_stalled,
				count(*) FILTER (WHERE p.stalls_at <= ?) AS stalled,
				count(*) FILTER (WHERE p.stalls_at <= ? AND `+missing.sql()+`) AS missing
			FROM payloads p WHERE p.outcome = 0) o`, append([]any{since, since, since, now, since, now, now, now}, missing.args...)...)
	if err != nil {
		return nil, err
	}
	r := rows[0]
	standing := &Standing{Stalled: r.Stalled, Recent: map[payload.State]int64{
		payload.StateFailed: r.Failed, payload.StateInProgress: r.InProgress, payload.StateStalled: r.RecentStalled,
		payload.StateSucceeded: r.Began - r.Failed - r.InProgress - r.RecentStalled,
	}}
	standing.Overdue, err = s.overdue(ctx, &rules, now, missing, r.Missing)
	return standing, err
}

// missingHandovers is the condition that p succeeded in the first service of a
// hand-over, for a time at least, and never came to the second: what its
// trails tell. Whether it waits, its journey says.
func missingHandovers(rules *payload.Rules) where {
	var missing []where
	for _, h := range rules.Handovers {
		var w where
		w.and("NOT p.trails && ARRAY(SELECT t.id FROM trails t WHERE t.service = ?)", h.To)
		w.and("p.trails && ARRAY(SELECT t.id FROM trails t WHERE t.service = ? AND t.status IN (?))", h.From, bun.List(rules.Success))
		missing = append(missing, w)
	}
	var w where
	w.anyOf(missing)
	return w
}

// overdue asks the payloads that lack a hand-over, if there are any.
func (s *Store) overdue(ctx context.Context, rules *payload.Rules, now time.Time, missing where, many int64) (map[payload.Handover]int64, error) {
	counts := make(map[payload.Handover]int64, len(rules.Handovers))
	for _, h := range rules.Handovers {
		counts[h] = 0
	}
	if many == 0 {
		return counts, nil
	}
	var journeys [][]byte
	err := s.read(ctx, "overdue", &journeys, `SELECT p.journey FROM payloads p
		WHERE p.outcome = 0 AND p.stalls_at <= ? AND `+missing.sql()+` ORDER BY p.started_at DESC LIMIT ?`,
		slices.Concat([]any{now}, missing.args, []any{mostOverdue})...)
	if err != nil {
		return nil, err
	}
	for _, encoded := range journeys {
		var journey payload.Journey
		if err := journey.UnmarshalBinary(encoded); err != nil {
			return nil, err
		}
		for _, h := range journey.OverdueHandovers(rules, now) {
			counts[h]++
		}
	}
	return counts, nil
}
