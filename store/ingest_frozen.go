package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	// frozenAfter is how long a batch may wait for the process that stores it
	// while others wait for the batch. Nobody is cut off whom nobody awaits.
	frozenAfter = 10 * time.Second
	frozenLook  = 5 * time.Second
)

// KeepBatchesMoving ends batches whose process has stopped in the middle of a
// statement, until ctx ends: one that is frozen while it sends events holds
// the positions of its partitions, and the database, which waits for the rest
// of the statement, has no time-out for that. A batch that is ended is stored
// by whoever was given its partitions.
func (s *Store) KeepBatchesMoving(ctx context.Context) error {
	for pause(ctx, frozenLook) == nil {
		ended, err := s.endFrozenBatches(ctx, frozenAfter)
		switch {
		case ended > 0:
			s.logger.WarnContext(ctx, "batches of processes that have stopped were ended, since others waited for them", slog.Int("batches", ended))
		case err != nil && ctx.Err() == nil: // the database is away, which others say aloud
			s.logger.DebugContext(ctx, "batches that hang were not looked for", slog.Any("error", err))
		}
	}
	return nil
}

// endFrozenBatches ends the batches that have waited for their process for so
// long and hold somebody up, and tells how many. It sees those of its own user
// alone: another's it may not end.
func (s *Store) endFrozenBatches(ctx context.Context, after time.Duration) (ended int, err error) {
	ctx, cancel := context.WithTimeout(ctx, frozenLook)
	defer cancel()
	err = s.pool.QueryRow(ctx, `WITH awaited AS (
			SELECT DISTINCT unnest(pg_blocking_pids(pid)) AS pid FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')
		SELECT count(pg_terminate_backend(pid)) FROM awaited JOIN pg_stat_activity USING (pid)
		WHERE usename = current_user AND state = 'active' AND wait_event_type = 'Client' AND query_start < now() - $1::interval
			AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = awaited.pid AND locktype = 'advisory' AND granted
				AND classid = 0 AND objid = $2::bigint::oid AND objsubid = 1)`, after, int64(batchLock)).Scan(&ended)
	if err != nil {
		return 0, fmt.Errorf("end batches that hang: %w", err)
	}
	return ended, nil
}
