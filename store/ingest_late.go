package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// knownHorizon is the horizon as this process has read it last: a batch is
// prepared by it, and begins again when another stands in its transaction.
func (s *Store) knownHorizon(ctx context.Context) (time.Time, error) {
	if known := s.retained.horizon.Load(); known != nil {
		return *known, nil
	}
	var horizon time.Time
	if err := s.pool.QueryRow(ctx, `SELECT horizon FROM retention`, hot).Scan(&horizon); err != nil {
		return horizon, fmt.Errorf("horizon: %w", err)
	}
	s.retained.horizon.Store(&horizon)
	return horizon, nil
}

// timely parts rows at a horizon.
func timely(rows []row, horizon time.Time) (kept, late []row) {
	micros := horizon.UnixMicro()
	isLate := func(r row) bool { return r.date < micros }
	if !slices.ContainsFunc(rows, isLate) {
		return rows, nil
	}
	for _, r := range rows {
		if isLate(r) {
			late = append(late, r)
		} else {
			kept = append(kept, r)
		}
	}
	return kept, late
}

// countLate counts late events with the partitions they came from, and forgets
// that an earlier attempt took them in.
func countLate(ctx context.Context, tx pgx.Tx, batch Batch, late []row) error {
	counts := make([]int64, len(batch.Parts))
	for _, r := range late {
		r.event.TakenIn = time.Time{}
		counts[r.part]++
	}
	topics, partitions := make([]string, len(counts)), make([]int32, len(counts))
	for i, p := range batch.Parts {
		topics[i], partitions[i] = p.Topic, p.Partition
	}
	_, err := tx.Exec(ctx, `UPDATE positions p SET late_events = p.late_events + u.late
		FROM unnest($2::text[], $3::int4[], $4::int8[]) u(topic, partition, late)
		WHERE p."group" = $1::text AND p.topic = u.topic AND p.partition = u.partition AND u.late > 0`, hot, batch.Group, topics, partitions, counts)
	if err != nil {
		return fmt.Errorf("late events: %w", err)
	}
	return nil
}
