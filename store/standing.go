package store

import (
	"context"
	"time"

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
	mostOverdue    = 10_000 // hanging payloads that are asked what they wait for, the newest started
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
	var rows []struct{ Began, Failed, InProgress, RecentStalled, Stalled int64 }
	err = s.read(ctx, "standing", &rows, `SELECT
			(SELECT count(*) FROM payloads WHERE started_at >= ?) AS began,
			(SELECT count(*) FROM payloads WHERE started_at >= ? AND outcome = 1) AS failed, o.*
		FROM (SELECT count(*) FILTER (WHERE started_at >= ? AND stalls_at > ?) AS in_progress,
				count(*) FILTER (WHERE started_at >= ? AND stalls_at <= ?) AS recent_stalled,
				count(*) FILTER (WHERE stalls_at <= ?) AS stalled
			FROM payloads WHERE outcome = 0) o`, since, since, since, now, since, now, now)
	if err != nil {
		return nil, err
	}
	r := rows[0]
	standing := &Standing{Stalled: r.Stalled, Recent: map[payload.State]int64{
		payload.StateFailed: r.Failed, payload.StateInProgress: r.InProgress, payload.StateStalled: r.RecentStalled,
		payload.StateSucceeded: r.Began - r.Failed - r.InProgress - r.RecentStalled,
	}}
	standing.Overdue, err = s.overdue(ctx, &rules, now)
	return standing, err
}

func (s *Store) overdue(ctx context.Context, rules *payload.Rules, now time.Time) (map[payload.Handover]int64, error) {
	counts := make(map[payload.Handover]int64, len(rules.Handovers))
	if len(rules.Handovers) == 0 {
		return counts, nil
	}
	for _, h := range rules.Handovers {
		counts[h] = 0
	}
	var rows []payloadRow
	err := s.read(ctx, "overdue", &rows, `SELECT `+payloadColumns+` FROM payloads p
		WHERE p.outcome = 0 AND p.stalls_at <= ? ORDER BY p.started_at DESC LIMIT ?`, now, mostOverdue)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		p, err := rows[i].payload()
		if err != nil {
			return nil, err
		}
		for _, h := range p.Journey.OverdueHandovers(rules, now) {
			counts[h]++
		}
	}
	return counts, nil
}
