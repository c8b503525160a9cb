package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// A partition of many days is split in three steps, so that nobody waits for
// the rows to be moved, and no row is ever missing or there twice:
//
//  1. beside it a table is made, payload_statuses_splitting, whose partitions
//     are the parts; a trigger writes there too what is written from now on;
//  2. the rows that were there before are copied, some blocks at a time;
//  3. in one short transaction the parts take its place.
//
// A split that is cut off leaves the partition as it was, and the next one
// begins anew. Only the short transactions of steps 1 and 3 take locks that
// readers or writers may wait for: they give up after lockWait, roll back,
// and are tried again.
const (
	// lockWait is how long a lock is waited for, while others wait behind.
	lockWait = 20 * time.Millisecond
	// swapTime bounds the third step, all but its commit.
	swapTime = 50 * time.Millisecond
	// mostParts bounds how many parts one split makes: each costs swapTime a
	// little, the more the more partitions there are. So a year becomes days
	// in three splits, of which only the parts due are split further.
	mostParts = 8
	// copyBlocks are copied at once.
	copyBlocks = 4096
	// splitPatience is how long each is tried again.
	splitPatience = 10 * time.Minute
)

// errTooManyParts: the third step did not end in swapTime.
var errTooManyParts = errors.New("too many parts for one short transaction")

// splitDue splits the partitions whose days come within the week, until each
// of those days has its own. One process at a time does it: done is false when
// another is at it.
func (s *Store) splitDue(ctx context.Context) (done bool, err error) {
	now := s.Now()
	for {
		table, found, err := s.due(ctx, now)
		if err != nil || !found {
			return true, err
		}
		conn, err := s.connectDirectly(ctx, "payload-tracker split")
		if err != nil {
			return true, err
		}
		done, err := s.splitAlone(ctx, conn, table)
		closeSoon(ctx, conn) // which unlocks
		if err != nil {
			return true, fmt.Errorf("split %s: %w", table.name, err)
		}
		if !done {
			return false, nil
		}
	}
}

// due is the first partition of many days that reach into the week ahead, or
// that lie in the time where each day has its own.
func (s *Store) due(ctx context.Context, now time.Time) (partitionTable, bool, error) {
	tables, err := attached(ctx, s.pool)
	if err != nil {
		return partitionTable{}, false, fmt.Errorf("partitions: %w", err)
	}
	first, last := dense(now)
	for _, t := range tables {
		if t.days() > 1 && t.from.Before(last) && t.to.After(first) {
			return t, true, nil
		}
	}
	return partitionTable{}, false, nil
}

// splitAlone is false when another process splits.
func (s *Store) splitAlone(ctx context.Context, conn *pgx.Conn, table partitionTable) (done bool, err error) {
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1::bigint)`, splitLock).Scan(&done); err != nil || !done {
		return false, err
	}
	// Another process may have split it since it was found.
	tables, err := attached(ctx, conn)
	if err != nil {
		return false, err
	}
	for _, t := range tables {
		if t == table {
			return true, s.split(ctx, conn, table)
		}
	}
	return true, nil
}

// split is tried with fewer parts where they were too many.
func (s *Store) split(ctx context.Context, conn *pgx.Conn, table partitionTable) error {
	defer s.metrics.observe(ctx, "split_partition")()
	start, most := time.Now(), mostParts
	for {
		parts, err := splitInto(ctx, conn, table, table.parts(most))
		if err == nil {
			s.logger.InfoContext(ctx, "a partition was split", slog.String("partition", table.name), slog.Int("parts", parts))
			return nil
		}
		if !errors.Is(err, errTooManyParts) || time.Since(start) > splitPatience {
			return err
		}
		most = max(most/2, 2)
	}
}

// parts are at most n spans of equal days, the last one shorter perhaps.
func (s span) parts(n int) []span {
	step := (s.days() + n - 1) / n
	var parts []span
	for from := s.from; from.Before(s.to); from = from.AddDate(0, 0, step) {
		to := from.AddDate(0, 0, step)
		if to.After(s.to) {
			to = s.to
		}
		parts = append(parts, span{from, to})
	}
	return parts
}

func splitInto(ctx context.Context, conn *pgx.Conn, table partitionTable, spans []span) (int, error) {
	if err := cleanUp(ctx, conn); err != nil {
		return 0, err
	}
	parts, beside, err := mirror(ctx, conn, table, spans)
	if err == nil {
		if err = copyRows(ctx, conn, table); err == nil {
			err = swap(ctx, conn, table, parts, beside)
		}
	}
	// Also what a failed split leaves; if this fails too, the next one does it.
	return len(parts), errors.Join(err, cleanUp(ctx, conn))
}

// cleanUp removes what a split leaves: the partition that the parts have
// replaced; and, when it was cut off, its parts and the trigger.
func cleanUp(ctx context.Context, conn *pgx.Conn) error {
	var left bool
	err := conn.QueryRow(ctx, `SELECT to_regclass('payload_statuses_splitting') IS NOT NULL OR to_regclass('payload_statuses_split') IS NOT NULL
		OR to_regproc('payload_statuses_splitting') IS NOT NULL`).Scan(&left)
	if err != nil || !left {
		return err
	}
	return short(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DROP FUNCTION IF EXISTS payload_statuses_splitting() CASCADE;
			DROP TABLE IF EXISTS payload_statuses_splitting, payload_statuses_split`, pgx.QueryExecModeSimpleProtocol)
		return err
	})
}

// mirror makes the parts beside and the trigger that fills them. The trigger
// comes last and waits for those who write into the partition just now: so
// every row is either committed and will be copied, or mirrored.
func mirror(ctx context.Context, conn *pgx.Conn, table partitionTable, spans []span) (parts []partitionTable, beside uint32, err error) {
	const head = `CREATE TABLE payload_statuses_splitting (LIKE payload_statuses INCLUDING ALL) PARTITION BY RANGE (date);`
	const tail = `CREATE FUNCTION payload_statuses_splitting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF TG_OP <> 'INSERT' THEN
				DELETE FROM payload_statuses_splitting WHERE payload_id = OLD.payload_id AND date = OLD.date AND hash = OLD.hash;
			END IF;
			IF TG_OP <> 'DELETE' THEN
				INSERT INTO payload_statuses_splitting VALUES (NEW.*) ON CONFLICT DO NOTHING;
			END IF;
			RETURN NULL;
		END $$;
		CREATE TRIGGER payload_statuses_splitting AFTER INSERT OR UPDATE OR DELETE ON %s
			FOR EACH ROW EXECUTE FUNCTION payload_statuses_splitting()`
	err = short(ctx, conn, func(tx pgx.Tx) error {
		parts = nil
		var sql strings.Builder
		sql.WriteString(head)
		for _, sp := range spans {
			name, err := freeName(ctx, tx, sp)
			if err != nil {
				return err
			}
			parts = append(parts, partitionTable{name, sp})
			sql.WriteString(createBeside(name, sp) + ";" + attach("payload_statuses_splitting", name, sp) + ";" + share(name) + ";")
		}
		fmt.Fprintf(&sql, tail, table.name)
		if _, err := tx.Exec(ctx, sql.String(), pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT 'payload_statuses_splitting'::regclass::oid`).Scan(&beside)
	})
	return parts, beside, err
}

// copyRows copies what was there before the trigger, block by block, and
// counts both sides in one snapshot.
func copyRows(ctx context.Context, conn *pgx.Conn, table partitionTable) error {
	var blocks int64
	err := conn.QueryRow(ctx, `SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint`, table.name).Scan(&blocks)
	if err != nil {
		return err
	}
	for block := int64(0); block < blocks; block += copyBlocks {
		_, err := conn.Exec(ctx, fmt.Sprintf(`INSERT INTO payload_statuses_splitting SELECT * FROM %s
			WHERE ctid >= '(%d,0)' AND ctid < '(%d,0)' ON CONFLICT DO NOTHING`, table.name, block, block+copyBlocks))
		if err != nil {
			return fmt.Errorf("copy rows: %w", err)
		}
	}
	var before, after int64
	err = conn.QueryRow(ctx, fmt.Sprintf(`SELECT (SELECT count(*) FROM %s), (SELECT count(*) FROM payload_statuses_splitting)`, table.name)).
		Scan(&before, &after)
	if err == nil && before != after {
		err = fmt.Errorf("%d rows in it, and %d in its parts", before, after)
	}
	return err
}

// swap puts the parts in the partition's place. beside is the table they were
// filled in: were it another's by now, the trigger would be too.
func swap(ctx context.Context, conn *pgx.Conn, table partitionTable, parts []partitionTable, beside uint32) error {
	var sql strings.Builder
	fmt.Fprintf(&sql, `DO $$ BEGIN
		IF to_regclass('payload_statuses_splitting') IS DISTINCT FROM %d::oid::regclass THEN
			RAISE EXCEPTION 'another process has begun to split anew';
		END IF;
		ALTER TABLE payload_statuses DETACH PARTITION %s;
		ALTER TABLE %[2]s RENAME TO payload_statuses_split;
		`, beside, table.name)
	for _, p := range parts {
		fmt.Fprintf(&sql, "ALTER TABLE payload_statuses_splitting DETACH PARTITION %s; %s; %s;\n",
			p.name, attach("payload_statuses", p.name, p.span), dropRange(p.name))
	}
	// One message, so that the locks are held no longer for the way to us. Nor
	// need its commit wait for the disk: a crash that forgets it leaves things
	// as they were before.
	message := fmt.Sprintf(`BEGIN; SET LOCAL lock_timeout = %d; SET LOCAL synchronous_commit = off;
		SELECT pg_advisory_xact_lock(%d); SET LOCAL statement_timeout = %d; %s END $$; COMMIT`,
		lockWait.Milliseconds(), partitionLock, swapTime.Milliseconds(), sql.String())
	return again(ctx, func() error {
		_, err := conn.Exec(ctx, message, pgx.QueryExecModeSimpleProtocol)
		if err == nil {
			return nil
		}
		_, rollbackErr := conn.Exec(ctx, `ROLLBACK`)
		if sqlState(err) == codeQueryCanceled {
			err = errors.Join(errTooManyParts, err)
		}
		return errors.Join(err, rollbackErr)
	})
}

// short runs a transaction that waits for no lock longer than lockWait, until
// it gets them.
func short(ctx context.Context, conn *pgx.Conn, do func(pgx.Tx) error) error {
	return again(ctx, func() error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL lock_timeout = %d`, lockWait.Milliseconds())); err != nil {
				return err
			}
			return do(tx)
		})
	})
}

// again repeats what did not get its locks, with pauses that let others
// through.
func again(ctx context.Context, do func() error) error {
	for start := time.Now(); ; {
		err := do()
		if sqlState(err) != codeLockNotAvailable && sqlState(err) != codeDeadlock || time.Since(start) > splitPatience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockWait + rand.N(10*lockWait)):
		}
	}
}
