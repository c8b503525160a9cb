package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Bounds of a deletion: a batch that meets one of its rows waits until it
// commits, and the machine has others to serve.
const (
	deleteFirst = 100                   // rows looked at in the first step
	deleteMost  = 2000                  // and in any
	deleteTime  = 20 * time.Millisecond // what a step should take
	deleteShare = 3                     // times what a step took it leaves to others
	walkAgain   = time.Hour             // payloads are looked through again, though the horizon is the same
	sweepBlocks = 512                   // of a table of rollups, in one step
)

// retained is what a process remembers of its looks at what is too old.
type retained struct {
	horizon      atomic.Pointer[time.Time] // as batches have read it last
	walked       atomic.Pointer[walked]
	rollupsCut   atomic.Int64 // Unix seconds: buckets before are deleted
	budgetAlmost atomic.Bool  // and told
	overBudget   atomic.Bool  // and told
}

// walked is up to where the payloads were looked through.
type walked struct {
	kept time.Time
	at   time.Time
}

// deletePayloads deletes the payloads whose last event is before a date, and
// their hosts. It goes by their first events, along an index; those that have
// a later one stay, whole as they are. What contributed to the rollups stays
// there: a deletion is no difference. Rows that a batch holds are left to the
// next look.
func (k *keeper) deletePayloads(ctx context.Context, before time.Time) error {
	if last := k.retained.walked.Load(); last != nil && last.kept.Equal(before) && time.Since(last.at) < walkAgain {
		return nil
	}
	if err := k.deleteReserved(ctx, before); err != nil {
		return fmt.Errorf("delete reserved payloads: %w", err)
	}
	total, many := int64(0), deleteFirst
	at, id := time.Unix(0, 0).UTC(), int64(0)
	for {
		start := time.Now()
		seen, gone, err := k.deleteNext(ctx, before, many, &at, &id)
		if err != nil {
			return fmt.Errorf("delete payloads: %w", err)
		}
		total += gone
		k.metrics.retention.payloads.Add(float64(gone))
		if seen < many {
			break
		}
		took := time.Since(start)
		if many = min(2*many, deleteMost); took > deleteTime {
			many = max(many/4, 1)
		}
		if err := pause(ctx, deleteShare*took); err != nil {
			return err
		}
	}
	k.retained.walked.Store(&walked{before, time.Now()})
	if total > 0 {
		k.logger.InfoContext(ctx, "payloads that are too old were deleted", slog.Int64("payloads", total))
	}
	return nil
}

// deleteNext looks at the next payloads after a place, and moves it.
func (k *keeper) deleteNext(ctx context.Context, before time.Time, many int, at *time.Time, id *int64) (seen int, gone int64, err error) {
	var lastAt *time.Time
	var lastID *int64
	err = k.conn.QueryRow(ctx, `WITH seen AS MATERIALIZED (
			SELECT id, started_at, updated_at FROM payloads
			WHERE started_at < $1::timestamptz AND (started_at, id) > ($2::timestamptz, $3::bigint) ORDER BY started_at, id LIMIT $4::bigint),
		mine AS MATERIALIZED (
			SELECT id FROM payloads WHERE id = ANY (ARRAY(SELECT id FROM seen WHERE updated_at < $1::timestamptz)) AND updated_at < $1::timestamptz
			ORDER BY id FOR UPDATE SKIP LOCKED),
		hosts AS (DELETE FROM payload_hosts WHERE payload_id = ANY (ARRAY(SELECT id FROM mine))),
		traces AS (DELETE FROM journey_traces WHERE payload_id = ANY (ARRAY(SELECT id FROM mine))),
		gone AS (DELETE FROM payloads WHERE id = ANY (ARRAY(SELECT id FROM mine)) RETURNING id)
		SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM gone), l.started_at, l.id
		FROM (SELECT) one LEFT JOIN (SELECT started_at, id FROM seen ORDER BY started_at DESC, id DESC LIMIT 1) l ON true`,
		before, *at, *id, many).Scan(&seen, &gone, &lastAt, &lastID)
	if err == nil && lastAt != nil {
		*at, *id = *lastAt, *lastID
	}
	return seen, gone, err
}

// deleteReserved deletes rows of payloads that never came to be.
func (k *keeper) deleteReserved(ctx context.Context, before time.Time) error {
	for {
		start := time.Now()
		gone, err := k.conn.Exec(ctx, `DELETE FROM payloads WHERE id = ANY (ARRAY(
			SELECT id FROM payloads WHERE started_at IS NULL AND created_at < $1::timestamptz LIMIT $2::bigint FOR UPDATE SKIP LOCKED))`, before, deleteFirst)
		if err != nil || gone.RowsAffected() == 0 {
			return err
		}
		if err := pause(ctx, deleteShare*time.Since(start)); err != nil {
			return err
		}
	}
}

// deleteRollups deletes the buckets that are past their own time, a day at a
// time. They lie where they were first written: so the tables are read block
// by block.
func (k *keeper) deleteRollups(ctx context.Context) error {
	before := day(k.now.Add(-k.rules.Rollups))
	if k.rules.Rollups == 0 || k.retained.rollupsCut.Load() == before.Unix() {
		return nil
	}
	for _, table := range rollupTables {
		if err := k.sweep(ctx, table, before); err != nil {
			return fmt.Errorf("delete from %s: %w", table, err)
		}
	}
	k.retained.rollupsCut.Store(before.Unix())
	return nil
}

func (k *keeper) sweep(ctx context.Context, table string, before time.Time) error {
	var blocks int64
	err := k.conn.QueryRow(ctx, `SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint`, table).Scan(&blocks)
	if err != nil {
		return err
	}
	for block := int64(0); block < blocks; block += sweepBlocks {
		start := time.Now()
		_, err := k.conn.Exec(ctx, fmt.Sprintf(`DELETE FROM %s WHERE ctid >= '(%d,0)' AND ctid < '(%d,0)' AND bucket < $1::timestamptz`,
			table, block, block+sweepBlocks), before)
		if err != nil {
			return err
		}
		if err := pause(ctx, deleteShare*time.Since(start)); err != nil {
			return err
		}
	}
	return nil
}
