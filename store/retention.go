package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Retention says how long what is stored is kept. The zero Retention keeps
// all of it for ever.
type Retention struct {
	Events   time.Duration // how old an event may grow; 0: any age
	MaxBytes int64         // what the database may take; past it the oldest days go; 0: no bound
	Rollups  time.Duration // how long numbers over many payloads are kept; 0: for ever
}

// Off tells whether nothing is ever given up.
func (r Retention) Off() bool { return r.Events == 0 && r.MaxBytes == 0 }

const (
	// retentionPause is between two looks at what is too old.
	retentionPause = time.Minute
	// retentionBegins is how long a process has run before its first look.
	retentionBegins = 5 * time.Second
	// clockAhead is how far a clock may be ahead of the database's. By one that
	// runs years ahead all would be too old.
	clockAhead = time.Hour
)

// KeepRetention gives up what is too old, minute by minute, until ctx ends. Of
// several processes one does. Nobody waits for it.
func (s *Store) KeepRetention(ctx context.Context, r Retention) error {
	if r.Off() {
		<-ctx.Done()
		return nil
	}
	failed := ""
	for wait := retentionBegins; ; wait = retentionPause {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		err := s.Retain(ctx, r)
		if err == nil || ctx.Err() != nil {
			failed = ""
			continue
		}
		s.metrics.retention.failures.Inc()
		if said := err.Error(); said != failed { // once, not each minute
			failed = said
			s.logger.WarnContext(ctx, "what is too old is kept for now; it is tried again each minute", slog.Any("error", err))
		}
	}
}

// Retain gives up once what is too old by now, unless another process is at
// it: it raises the horizon, drops the days before it, and deletes the
// payloads whose last event lies before it. What a payload's journey knows of
// its dropped events stays until then. Where nothing is given up it notes that.
func (s *Store) Retain(ctx context.Context, r Retention) error {
	defer s.metrics.observe(ctx, "retain")()
	conn, err := s.connectDirectly(ctx, "payload-tracker retention")
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	defer closeSoon(ctx, conn)
	k := &keeper{Store: s, rules: r, conn: conn, now: s.Now()}
	mine := false
	if err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1::bigint)`, retentionLock).Scan(&mine); err == nil && mine {
		err = k.keep(ctx)
	}
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	return nil
}

// connectDirectly makes a connection to the primary, through no pooler: one
// that can hold a lock from statement to statement.
func (s *Store) connectDirectly(ctx context.Context, name string) (*pgx.Conn, error) {
	config, err := s.listenConfig()
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = name
	config.RuntimeParams["timezone"] = "UTC"
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, payload.Errorf(payload.CodeUnavailable, "the database does not answer: %s", reason(err))
	}
	return conn, nil
}

// closeSoon closes a connection. What it holds is free for the next who asks:
// the server sees only some time later that a connection was closed.
func closeSoon(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	_ = conn.Close(ctx)
}

// keeper is one look at what is too old.
type keeper struct {
	*Store
	rules Retention
	conn  *pgx.Conn
	now   time.Time

	watcher *pgx.Conn // sees who waits for conn
	horizon time.Time // what is before it is given up
}

// keep looks, and notes it when all of it ended well.
func (k *keeper) keep(ctx context.Context) error {
	if k.rules.Off() {
		return errors.Join(new(RetentionState).note(ctx, k.conn), k.done(ctx, `NULL`))
	}
	if err := k.retain(ctx); err != nil {
		return err
	}
	return k.done(ctx, `now()`)
}

func (k *keeper) done(ctx context.Context, at string) error {
	_, err := k.conn.Exec(ctx, `UPDATE retention SET done_at = `+at)
	return err
}

func (k *keeper) retain(ctx context.Context) error {
	var clock time.Time
	if err := k.conn.QueryRow(ctx, `SELECT horizon, now() FROM retention`).Scan(&k.horizon, &clock); err != nil {
		return err
	}
	if ahead := k.now.Sub(clock); ahead > clockAhead {
		return fmt.Errorf("the clock of this process is %s ahead of the database's: nothing is given up by it", ahead.Round(time.Second))
	}
	wanted, err := k.wanted(ctx)
	if err != nil {
		return err
	}
	if wanted.After(k.horizon) {
		if err := k.raise(ctx, wanted); err != nil {
			return fmt.Errorf("raise the horizon: %w", err)
		}
	}
	if err := k.awaitBatches(ctx); err != nil {
		return err
	}
	// One that fails shall not keep the others from what they can do.
	kept, retireErr := k.retire(ctx)
	return errors.Join(retireErr, k.deletePayloads(ctx, kept), k.deleteLetters(ctx), k.deleteRollups(ctx))
}

// raise moves the horizon. A rebuild of rollups that is under way begins anew:
// payloads that it has yet to count will be gone.
func (k *keeper) raise(ctx context.Context, to time.Time) error {
	err := pgx.BeginFunc(ctx, k.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE retention SET horizon = $1::timestamptz WHERE horizon < $1::timestamptz`, to); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE rollup_state SET building = building + 1, position = 0, carried = false WHERE building IS NOT NULL`)
		return err
	})
	if err != nil {
		return err
	}
	k.horizon = to
	k.logger.InfoContext(ctx, "events before this day are given up", slog.Time("horizon", to))
	return nil
}

// awaitBatches waits for the batches that may have read an earlier horizon. It
// takes no lock: a batch would wait behind it.
func (k *keeper) awaitBatches(ctx context.Context) error {
	const running = `SELECT array_agg(virtualtransaction) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = 0 AND objid = $1::bigint::oid AND objsubid = 1`
	var before, now []string
	if err := k.conn.QueryRow(ctx, running, batchLock).Scan(&before); err != nil {
		return fmt.Errorf("batches under way: %w", err)
	}
	for now = before; overlap(before, now); {
		if err := pause(ctx, lockWait); err != nil {
			return err
		}
		if err := k.conn.QueryRow(ctx, running, batchLock).Scan(&now); err != nil {
			return fmt.Errorf("batches under way: %w", err)
		}
	}
	return nil
}

func overlap(before, now []string) bool {
	for _, one := range before {
		for _, other := range now {
			if one == other {
				return true
			}
		}
	}
	return false
}

// deleteLetters deletes the counts, and with them the samples, of records that
// were no events. An hour before the horizon is nobody's to count in.
func (k *keeper) deleteLetters(ctx context.Context) error {
	_, err := k.conn.Exec(ctx, `DELETE FROM dead_letters WHERE hour < $1::timestamptz`, k.horizon)
	if err != nil {
		return fmt.Errorf("delete dead letters: %w", err)
	}
	return nil
}
