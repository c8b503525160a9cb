package store

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// detachPatience is how long one look waits for the queries that still
	// use a partition; the next goes on with it.
	detachPatience = time.Minute
	// watchEvery is how often it is asked whether somebody waits for a detach.
	watchEvery = 25 * time.Millisecond
	// cancelGrace is how long a canceled statement has to end.
	cancelGrace = time.Second
)

// retire drops the partitions before the horizon, oldest first. It gives the
// date before which there are none left: payloads whose events are all before
// that can go.
func (k *keeper) retire(ctx context.Context) (time.Time, error) {
	tables, err := attached(ctx, k.conn)
	if err != nil {
		return k.oldest(ctx), fmt.Errorf("partitions: %w", err)
	}
	for _, t := range tables {
		if !t.to.After(k.horizon) {
			if _, err := k.conn.Exec(ctx, `INSERT INTO retired_partitions (name) VALUES ($1::text) ON CONFLICT DO NOTHING`, t.name); err != nil {
				return k.oldest(ctx), fmt.Errorf("retire %s: %w", t.name, err)
			}
		}
	}
	rows, err := k.conn.Query(ctx, `SELECT name FROM retired_partitions ORDER BY name`)
	if err != nil {
		return k.oldest(ctx), err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		return k.oldest(ctx), err
	}
	// The pool may have none to spare just when it matters.
	if k.watcher, err = k.connectDirectly(ctx, "payload-tracker retention's watch"); err != nil {
		return k.oldest(ctx), err
	}
	defer closeSoon(ctx, k.watcher)
	for _, name := range names {
		if err = k.drop(ctx, name); err != nil {
			err = fmt.Errorf("drop %s: %w", name, err)
			break
		}
	}
	return k.oldest(ctx), err
}

// oldest is the earliest date that a partition may still hold, at most the
// horizon; where it cannot be told nothing counts as gone.
func (k *keeper) oldest(ctx context.Context) time.Time {
	tables, err := attached(ctx, k.conn)
	if err != nil {
		return time.Time{}
	}
	for _, t := range tables {
		if t.from.Before(k.horizon) {
			return t.from
		}
	}
	return k.horizon
}

// drop detaches a partition, which waits for the queries that use it and has
// nobody wait, and then drops the table, which nobody uses any more. A detach
// that was interrupted has left the partition hidden; it is finished then.
func (k *keeper) drop(ctx context.Context, name string) error {
	detach, cancel := context.WithTimeout(ctx, detachPatience)
	defer cancel()
	table := pgx.Identifier{name}.Sanitize()
	for {
		var isPart, pending bool
		err := k.conn.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(inhdetachpending), false) FROM pg_inherits
			WHERE inhparent = 'payload_statuses'::regclass AND inhrelid = to_regclass($1::text)`, table).Scan(&isPart, &pending)
		if err != nil {
			return err
		}
		if !isPart {
			return k.dropTable(ctx, name, table)
		}
		how := "CONCURRENTLY"
		if pending {
			how = "FINALIZE"
		}
		err = k.unlessWaitedFor(detach, `ALTER TABLE payload_statuses DETACH PARTITION `+table+` `+how)
		if err != nil && !gaveWay(err) {
			return err
		}
		if detach.Err() != nil {
			return fmt.Errorf("queries use it since before: %w", detach.Err())
		}
	}
}

func (k *keeper) dropTable(ctx context.Context, name, table string) error {
	err := again(ctx, func() error {
		return pgx.BeginFunc(ctx, k.conn, func(tx pgx.Tx) error {
			for _, sql := range []string{
				fmt.Sprintf(`SET LOCAL lock_timeout = %d`, lockWait.Milliseconds()),
				`DROP TABLE IF EXISTS ` + table,
			} {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `DELETE FROM retired_partitions WHERE name = $1::text`, name)
			return err
		})
	})
	if err == nil {
		k.metrics.retention.partitions.Inc()
		k.logger.InfoContext(ctx, "a partition that is too old was dropped", slog.String("partition", name))
	}
	return err
}

// unlessWaitedFor runs a statement that may wait long for others, and cancels
// it as soon as somebody waits for it in turn; then it has failed with
// codeQueryCanceled. So does the end of ctx.
func (k *keeper) unlessWaitedFor(ctx context.Context, sql string) error {
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		k.cancelWhenWaitedFor(ctx, watch)
	}()
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	// A database that has fallen silent does not take a cancellation either.
	defer context.AfterFunc(ctx, func() { time.AfterFunc(cancelGrace, cancel) })()
	_, err := k.conn.Exec(hard, sql)
	stop()
	<-watched
	if gaveWay(err) {
		_ = pause(ctx, lockWait+rand.N(10*lockWait)) // lets them through
	}
	return err
}

// gaveWay tells whether a statement ended without effect because others wait,
// or because it would wait itself for longer than the database lets anybody.
func gaveWay(err error) bool {
	code := sqlState(err)
	return code == codeQueryCanceled || code == codeLockNotAvailable
}

// cancelWhenWaitedFor looks until watch ends; when ctx has ended it cancels
// whatever is.
func (k *keeper) cancelWhenWaitedFor(ctx, watch context.Context) {
	pid := k.conn.PgConn().PID()
	look := func() error {
		// Not watch: a statement that is broken off takes its connection along.
		hard, cancel := context.WithTimeout(context.WithoutCancel(watch), cancelGrace)
		defer cancel()
		_, err := k.watcher.Exec(hard, `SELECT pg_cancel_backend($1::int4) WHERE $2::bool OR EXISTS (
			SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> $1::int4 AND $1::int4 = ANY (pg_blocking_pids(pid)))`, pid, ctx.Err() != nil)
		return err
	}
	for pause(watch, watchEvery) == nil {
		if look() != nil {
			return // the connection is gone, and the other is ended with ctx
		}
	}
}
