package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rollup"
)

// Bounds of a rebuild: batches wait while one step counts.
const (
	rebuildMany  = 1000 // payloads a step counts
	rebuildFold  = 16   // steps between folds
	rebuildShare = 3    // times what a step took it leaves to the batches
)

// everyPayload is the position of a rebuild that has counted all of them.
const everyPayload = math.MaxInt64

// RebuildRollups counts every stored payload anew, beside running consumers:
// a new generation is made, and takes the place of the old one once it is
// whole. Buckets before the horizon it takes over as they are: their payloads
// are deleted. One that was cut off is gone on with. progress (may be nil)
// hears how many payloads were counted.
func (s *Store) RebuildRollups(ctx context.Context, progress func(counted int)) error {
	if progress == nil {
		progress = func(int) {}
	}
	if err := s.beginRebuild(ctx); err != nil {
		return fmt.Errorf("rebuild rollups: %w", err)
	}
	for step, done := 1, 0; ; step++ {
		start := time.Now()
		counted, err := s.rebuildStep(ctx)
		if err != nil {
			return fmt.Errorf("rebuild rollups: %w", err)
		}
		if counted == 0 {
			if ended, err := s.completeRebuild(ctx); err != nil || ended {
				return err
			}
			continue // it began anew meanwhile
		}
		done += counted
		progress(done)
		if err := pause(ctx, rebuildShare*time.Since(start)); err != nil {
			return err
		}
		if step%rebuildFold == 0 {
			if err := s.FoldRollups(ctx); err != nil {
				return err
			}
		}
	}
}

// completeRebuild does what is left when all payloads are counted; it tells
// whether nothing is being built any more.
func (s *Store) completeRebuild(ctx context.Context) (ended bool, err error) {
	if err := s.carryRollups(ctx); err != nil {
		return false, fmt.Errorf("rebuild rollups: %w", err)
	}
	if err := s.FoldRollups(ctx); err != nil {
		return false, err
	}
	if ended, err = s.endRebuild(ctx); err != nil {
		return false, fmt.Errorf("rebuild rollups: %w", err)
	}
	return ended, nil
}

// beginRebuild names the generation to be built, unless one is being built.
func (s *Store) beginRebuild(ctx context.Context) error {
	return s.betweenBatches(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE rollup_state SET building = generation + 1, position = 0, carried = false WHERE building IS NULL`, hot)
		return err
	})
}

// rebuildStep counts the next payloads, and tells how many. It stands between
// the batches: those before it are counted here, those after it see how far
// it has come and change what it has counted.
func (s *Store) rebuildStep(ctx context.Context) (int, error) {
	sum, counted := rollup.NewSum(), 0
	var contributions rollup.Contributions
	err := s.betweenBatches(ctx, func(tx pgx.Tx) error {
		sum, counted = rollup.NewSum(), 0
		state, err := readCounting(ctx, tx)
		if err != nil || state.building == 0 {
			return err
		}
		position, err := countNext(ctx, tx, state.position, func(id int64, journey *payload.Journey) {
			contributions.Reset()
			sum.Move(rollup.Contribution{}, contributions.Of(id, journey))
			counted++
		})
		if err != nil {
			return err
		}
		if err := appendDelta(ctx, tx, state.building, sum.Since(state.horizon)); err != nil {
			return err
		}
		// It may have begun anew just now: see keeper.raise.
		_, err = tx.Exec(ctx, `UPDATE rollup_state SET position = $1::bigint WHERE building = $2::int4`, hot, position, state.building)
		return err
	})
	return counted, err
}

// countNext hands over the journeys of the next payloads after a position,
// and returns the position they reach.
func countNext(ctx context.Context, tx pgx.Tx, position int64, count func(int64, *payload.Journey)) (int64, error) {
	rows, err := tx.Query(ctx, `SELECT id, journey FROM payloads WHERE id > $1::bigint AND journey IS NOT NULL
		ORDER BY id LIMIT $2::bigint`, hot, position, int64(rebuildMany))
	if err != nil {
		return 0, err
	}
	position = everyPayload
	var id int64
	var encoded []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &encoded}, func() error {
		var journey payload.Journey
		if err := journey.UnmarshalBinary(encoded); err != nil {
			return fmt.Errorf("journey of payload %d: %w", id, err)
		}
		count(id, &journey)
		position = id
		return nil
	})
	return position, err
}

// carryRollups copies the buckets before the horizon into what is built. From
// then on folds add to both what still changes there. Folds wait meanwhile,
// batches do not.
func (s *Store) carryRollups(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := lockFold(ctx, tx, true); err != nil {
			return err
		}
		// Held until the end: were it to begin anew, the horizon would be another.
		if _, err := tx.Exec(ctx, `SELECT FROM rollup_state FOR UPDATE`); err != nil {
			return err
		}
		state, err := readCounting(ctx, tx)
		if err != nil || state.building == 0 || state.carried {
			return err
		}
		for _, copyBefore := range []func(context.Context, pgx.Tx, counting) error{stageTable.carry, handoverTable.carry, failureTable.carry} {
			if err := copyBefore(ctx, tx, state); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE rollup_state SET carried = true`)
		return err
	})
}

// endRebuild puts what was built in the place of what is read, and deletes
// that. No fold is under way then, which could write to it once more; what was
// not folded yet is, since a bucket before the horizon is changed by deltas of
// the former generation alone. It tells whether nothing is being built any
// more.
func (s *Store) endRebuild(ctx context.Context) (ended bool, err error) {
	err = s.betweenBatches(ctx, func(tx pgx.Tx) error {
		if mine, err := lockFold(ctx, tx, false); err != nil {
			return err
		} else if !mine {
			return errBusy
		}
		for {
			if folded, err := s.foldNext(ctx, tx); err != nil {
				return err
			} else if folded == 0 {
				break
			}
		}
		_, err := tx.Exec(ctx, `UPDATE rollup_state SET generation = building, building = NULL, position = 0, carried = false
			WHERE building IS NOT NULL AND position = $1::bigint AND carried`, hot, int64(everyPayload))
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT building IS NULL FROM rollup_state`, hot).Scan(&ended)
	})
	if err != nil || !ended {
		return false, err
	}
	for _, table := range rollupTables {
		if err := s.deleteFormer(ctx, table); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *Store) deleteFormer(ctx context.Context, table string) error {
	for {
		deleted, err := s.pool.Exec(ctx, `DELETE FROM `+table+` WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM `+table+` WHERE generation < (SELECT rollup_state.generation FROM rollup_state) LIMIT 10000))`)
		if err != nil || deleted.RowsAffected() == 0 {
			return err
		}
	}
}
