package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rollup"
)

// terms are what a batch is judged and counted by; they stand until it ends.
type terms struct {
	rules payload.Rules
	counting
}

// counting says which generations of rollups count a payload.
type counting struct {
	generation int32 // the one that is read
	building   int32 // the one a rebuild is making; 0: none
	position   int64 // it has counted the payloads up to this number
	carried    bool  // it has the buckets before the horizon from the one that is read

	horizon time.Time // payloads of before are deleted: their buckets cannot be counted any more
}

func scanCounting(row pgx.Row, before ...any) (counting, error) {
	var c counting
	err := row.Scan(append(before, &c.generation, &c.building, &c.position, &c.carried, &c.horizon)...)
	return c, err
}

// The columns that scanCounting reads, and the tables that have them.
const (
	countingColumns = `generation, coalesce(building, 0), position, carried, horizon`
	countingTables  = `rollup_state, retention`
)

func readCounting(ctx context.Context, tx pgx.Tx) (counting, error) {
	return scanCounting(tx.QueryRow(ctx, `SELECT `+countingColumns+` FROM `+countingTables, hot))
}

// holdTerms waits for what must happen between batches, then reads the terms:
// with a statement of its own, since the first one's snapshot is older than
// what it has waited for. The two are one round trip.
func (s *Store) holdTerms(ctx context.Context, tx pgx.Tx) (*terms, error) {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT pg_advisory_xact_lock_shared($1::bigint)`, int64(batchLock))
	batch.Queue(`SELECT version, body, ` + countingColumns + ` FROM rules, ` + countingTables)
	results := tx.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }()
	if _, err := results.Exec(); err != nil {
		return nil, err
	}
	t := new(terms)
	var version int64
	var body []byte
	var err error
	if t.counting, err = scanCounting(results.QueryRow(), &version, &body); err != nil {
		return nil, err
	}
	if t.rules, err = s.rulesOf(version, body); err != nil {
		return nil, err
	}
	return t, results.Close()
}

// errBusy says that what must happen between batches cannot happen just now.
var errBusy = errors.New("another process is at work")

// betweenBatches does something while no transaction that writes journeys is
// under way. The next batches wait behind it, so it gives up soon and tries
// again: one batch may have fallen silent.
func (s *Store) betweenBatches(ctx context.Context, do func(tx pgx.Tx) error) error {
	for {
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '1s'`); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1::bigint)`, hot, int64(batchLock)); err != nil {
				return err
			}
			return do(tx)
		})
		if !errors.Is(err, errBusy) && sqlState(err) != codeLockNotAvailable {
			return err
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// tally is what payloads contribute to the rollups before a transaction
// changes them.
type tally struct {
	counting
	before map[int64]rollup.Contribution
}

// counts tells whether any generation does: a database from before there
// were rollups has none until a rebuild.
func (c counting) counts() bool { return c.generation != 0 || c.building != 0 }

// tallyOf is made before the journeys change.
func (c counting) tallyOf(journeys map[int64]*payload.Journey) tally {
	if !c.counts() {
		return tally{}
	}
	t := tally{c, make(map[int64]rollup.Contribution, len(journeys))}
	var before rollup.Contributions
	for id, journey := range journeys {
		t.before[id] = before.Of(id, journey)
	}
	return t
}

// append writes what the journeys contribute now in place of what they did
// before. A payload the rebuild has come past is changed in what it builds
// too; the others it will count as they are by then. Buckets before the
// horizon it has from the generation that is read.
func (t tally) append(ctx context.Context, tx pgx.Tx, journeys map[int64]*payload.Journey) error {
	if !t.counts() {
		return nil
	}
	current, building := rollup.NewSum(), rollup.NewSum()
	var contributions rollup.Contributions
	for id, journey := range journeys {
		contributions.Reset()
		before, now := t.before[id], contributions.Of(id, journey)
		current.Move(before, now)
		if t.building != 0 && id <= t.position {
			building.Move(before, now)
		}
	}
	if err := appendDelta(ctx, tx, t.generation, current); err != nil {
		return err
	}
	return appendDelta(ctx, tx, t.building, building.Since(t.horizon))
}

func appendDelta(ctx context.Context, tx pgx.Tx, generation int32, sum *rollup.Sum) error {
	if generation == 0 || sum.Empty() {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO rollup_deltas (generation, body) VALUES ($1::int4, $2::bytea)`, hot, generation, sum.AppendBinary(nil))
	if err != nil {
		return fmt.Errorf("rollups: %w", err)
	}
	return nil
}
