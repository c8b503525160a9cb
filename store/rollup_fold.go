package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/rollup"
)

// Bounds of a fold: what it holds in memory, and how long it rests.
const (
	foldBytes   = 8 << 20
	foldDeltas  = 2000
	foldRows    = 2000 // that one statement writes
	foldRest    = 2 * time.Second
	foldLongest = time.Minute
	foldShare   = 19 // it rests so many times what it took: it works a twentieth of the time at most
)

// KeepRollupsFolded adds what batches have changed to the rollups, a few
// seconds later, until ctx ends. Of several processes one does, and it rests
// in proportion to what it took: the more there is to add, the more of it
// meets in the same rows.
func (s *Store) KeepRollupsFolded(ctx context.Context) error {
	failed := false
	for {
		start := time.Now()
		_, err := s.foldRollups(ctx, false)
		if err != nil && ctx.Err() == nil && !failed {
			s.logger.WarnContext(ctx, "numbers stand still; they are caught up with later", slog.Any("error", err))
		}
		failed = err != nil
		rest := min(max(foldRest, foldShare*time.Since(start)), foldLongest)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rest):
		}
	}
}

// FoldRollups adds all that batches have changed so far to the rollups.
func (s *Store) FoldRollups(ctx context.Context) error {
	for {
		folded, err := s.foldRollups(ctx, true)
		if err != nil || folded == 0 {
			return err
		}
	}
}

// foldRollups adds the next deltas in one transaction and tells how many. An
// identity is given before its row commits, so a delta may show behind others
// that were folded already: those that were read are deleted, and no other.
func (s *Store) foldRollups(ctx context.Context, wait bool) (int, error) {
	defer s.metrics.observe(ctx, "fold_rollups")()
	folded := 0
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if mine, err := lockFold(ctx, tx, wait); err != nil || !mine {
			return err
		}
		var err error
		folded, err = s.foldNext(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("fold rollups: %w", err)
	}
	return folded, nil
}

// foldNext adds the next deltas; the caller holds foldLock.
func (s *Store) foldNext(ctx context.Context, tx pgx.Tx) (int, error) {
	state, err := readCounting(ctx, tx)
	if err != nil {
		return 0, err
	}
	ids, sums, err := readDeltas(ctx, tx, state)
	if err != nil {
		return 0, err
	}
	since := s.Now().Add(-rollup.RecentlyKept).Truncate(rollup.Width)
	for generation, sum := range sums {
		if err := addSeries(ctx, tx, generation, sum, since); err != nil {
			return 0, err
		}
	}
	if current := sums[state.generation]; current != nil && state.carried {
		if err := addSeries(ctx, tx, state.building, current.Before(state.horizon), since); err != nil {
			return 0, err
		}
	}
	if err := s.sweepRecent(ctx, tx, since); err != nil || len(ids) == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM rollup_deltas WHERE id = ANY($1::bigint[])`, hot, ids)
	return len(ids), err
}

func addSeries(ctx context.Context, tx pgx.Tx, generation int32, sum *rollup.Sum, since time.Time) error {
	for series, in := range sum.Series(since) {
		if err := addRollups(ctx, tx, generation, series, in); err != nil {
			return err
		}
	}
	return nil
}

func lockFold(ctx context.Context, tx pgx.Tx, wait bool) (mine bool, err error) {
	if wait {
		_, err = tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1::bigint)`, hot, int64(foldLock))
		return err == nil, err
	}
	err = tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1::bigint)`, hot, int64(foldLock)).Scan(&mine)
	return mine, err
}

// readDeltas sums up the oldest deltas by generation; those of one that
// nobody reads any more are only named.
func readDeltas(ctx context.Context, tx pgx.Tx, state counting) ([]int64, map[int32]*rollup.Sum, error) {
	rows, err := tx.Query(ctx, `SELECT id, generation, body FROM (
			SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS before
			FROM (SELECT * FROM rollup_deltas ORDER BY id LIMIT $1::bigint) d) d
		WHERE before < $2::bigint ORDER BY id`, hot, int64(foldDeltas), int64(foldBytes))
	if err != nil {
		return nil, nil, err
	}
	var ids []int64
	sums := map[int32]*rollup.Sum{}
	var id int64
	var generation int32
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &generation, &body}, func() error {
		ids = append(ids, id)
		if generation != state.generation && generation != state.building {
			return nil
		}
		if sums[generation] == nil {
			sums[generation] = rollup.NewSum()
		}
		if err := sums[generation].Add(body); err != nil {
			return fmt.Errorf("delta %d: %w", id, err)
		}
		return nil
	})
	return ids, sums, err
}

// sweepRecent deletes the five minutes that are past their time.
func (s *Store) sweepRecent(ctx context.Context, tx pgx.Tx, since time.Time) error {
	if s.rollupsSwept.Swap(since.Unix()) == since.Unix() {
		return nil
	}
	for _, table := range rollupTables {
		_, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE series = $1::smallint AND bucket < $2::timestamptz`, hot, int16(rollup.FiveMinutes), since)
		if err != nil {
			return err
		}
	}
	return nil
}

var rollupTables = []string{stageTable.name, handoverTable.name, failureTable.name}
