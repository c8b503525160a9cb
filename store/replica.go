package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/uptrace/bun"
)

// replica is a copy of the database that follows it at a distance. Lists and
// numbers over many payloads are read from it while it is near; what must not
// go back in time (see Newest) is read from the database itself.
type replica struct {
	pool   *pgxpool.Pool
	db     *bun.DB
	maxLag time.Duration

	near  atomic.Pointer[nearness] // nil while it is away or behind
	lag   atomic.Int64             // nanoseconds; as of the last look that found it
	marks []mark                   // where the database's log was, the oldest first; what the replica has passed is dropped
}

// nearness lasts as long as a replica may be asked: its end ends what is asked
// of it, which is asked of the database then.
type nearness struct {
	ctx context.Context
	end context.CancelFunc
}

// mark is where the database's log was at a time.
type mark struct {
	at       time.Time
	position int64
}

const (
	replicaLook     = time.Second // between two looks at a replica
	replicaPatience = time.Second // with its answer
	replicaMarks    = 600
)

type newestKey struct{}

// Newest has what is read in ctx read from the database itself, never from a
// replica: who has seen a state is not shown an older one.
func Newest(ctx context.Context) context.Context { return context.WithValue(ctx, newestKey{}, true) }

func openReplica(ctx context.Context, config Config) (*replica, error) {
	pool, err := openPool(ctx, config, config.ReadDSN)
	if err != nil {
		return nil, err
	}
	r := &replica{pool: pool, db: bunOf(pool), maxLag: config.ReadMaxLag}
	if config.Registerer != nil {
		config.Registerer.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "payload_tracker_replica_up", Help: "Whether lists are read from the replica: 1, or 0 while it is away or too far behind.",
			}, func() float64 {
				if r.near.Load() == nil {
					return 0
				}
				return 1
			}),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "payload_tracker_replica_lag_seconds", Help: "How far the replica is behind the database.",
			}, func() float64 { return time.Duration(r.lag.Load()).Seconds() }))
	}
	return r, nil
}

func (r *replica) close() {
	if r != nil {
		_ = r.db.Close()
		r.pool.Close()
	}
}

// WatchReplica looks each second whether the replica answers and is near
// enough to be read from, until ctx ends. Without a replica it does nothing.
func (s *Store) WatchReplica(ctx context.Context) error {
	r := s.replica
	if r == nil {
		return nil
	}
	ticker := time.NewTicker(replicaLook)
	defer ticker.Stop()
	defer r.leave()
	told := "" // what the log was told last
	for {
		lag, err := s.look(ctx, time.Now())
		why := ""
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			why = err.Error()
		case lag > r.maxLag:
			why = fmt.Sprintf("it is more than %s behind", r.maxLag)
		}
		if why == "" {
			r.join(ctx)
		} else {
			r.leave()
		}
		if why != told {
			s.sayReplica(ctx, why)
			told = why
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (s *Store) sayReplica(ctx context.Context, why string) {
	if why == "" {
		s.logger.InfoContext(ctx, "the replica is read from again")
		return
	}
	s.logger.WarnContext(ctx, "the replica is not read from; the database answers alone", slog.String("reason", why))
}

// look gives how far the replica is behind: how long ago the database was
// where the replica has not come yet. A database that is away goes nowhere.
func (s *Store) look(ctx context.Context, now time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, replicaPatience)
	defer cancel()
	r := s.replica
	primary, err := whereIs(ctx, s.pool)
	if err == nil {
		r.note(mark{now, primary.position})
	}
	copied, replicaErr := whereIs(ctx, r.pool)
	switch {
	case replicaErr != nil:
		return 0, errors.New("it does not answer: " + reason(replicaErr))
	case !copied.recovers && err == nil && !copied.started.Equal(primary.started):
		return 0, errors.New("it is no replica any more: it takes writes of its own")
	}
	lag := r.behind(copied.position, now)
	r.lag.Store(int64(lag))
	return lag, nil
}

// serverState is where a server's log is, and which run of it that is.
type serverState struct {
	position int64
	recovers bool // it follows another
	started  time.Time
}

func whereIs(ctx context.Context, pool *pgxpool.Pool) (state serverState, err error) {
	err = pool.QueryRow(ctx, `SELECT pg_is_in_recovery(), pg_postmaster_start_time(),
		coalesce(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn, 0)::bigint`).
		Scan(&state.recovers, &state.started, &state.position)
	return state, err
}

// note keeps where the database is. One that goes back was restored: what was
// known of it says nothing any more.
func (r *replica) note(m mark) {
	switch n := len(r.marks); {
	case n > 0 && m.position < r.marks[n-1].position:
		r.marks = []mark{m}
	case n >= replicaMarks: // as if the database had been there before
		r.marks[n-1].position = m.position
	default:
		r.marks = append(r.marks, m)
	}
}

func (r *replica) behind(position int64, now time.Time) time.Duration {
	for len(r.marks) > 0 && r.marks[0].position <= position {
		r.marks = r.marks[1:]
	}
	if len(r.marks) == 0 {
		return 0
	}
	return now.Sub(r.marks[0].at)
}

// reading is how a question reads: from which connections, and in which ctx.
// again tells, when it failed, that the replica was at fault and the database
// is to be asked.
func (s *Store) reading(ctx context.Context) (db *bun.DB, in context.Context, again func(error) bool, done func()) {
	never := func(error) bool { return false }
	if s.replica == nil || ctx.Value(newestKey{}) != nil {
		return s.db, ctx, never, func() {}
	}
	near := s.replica.near.Load()
	if near == nil {
		return s.db, ctx, never, func() {}
	}
	in, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(near.ctx, cancel)
	return s.replica.db, in, func(err error) bool { return err != nil && ctx.Err() == nil && faulty(near, err) }, func() { stop(); cancel() }
}

// faulty tells whether an error is the replica's own: it went away, or takes
// back rows that a question still needs.
func faulty(near *nearness, err error) bool {
	if near.ctx.Err() != nil || isNetwork(err) {
		return true
	}
	code := sqlState(err)
	return len(code) == 5 && (code == codeUndefinedTable || strings.Contains("08 40 53 55 57 58 XX", code[:2]) && code != codeQueryCanceled)
}

// join lets it be read from.
func (r *replica) join(ctx context.Context) {
	if r.near.Load() != nil {
		return
	}
	ctx, end := context.WithCancel(ctx)
	r.near.Store(&nearness{ctx, end})
}

// leave ends what is being read from it.
func (r *replica) leave() {
	if near := r.near.Swap(nil); near != nil {
		near.end()
	}
}
