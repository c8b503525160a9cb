package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// RetentionState is what is given up, and what will be: as the last look at it
// has found, whichever process looked.
type RetentionState struct {
	Horizon   time.Time     // events of dates before are given up; the epoch: none are
	MaxAge    time.Duration // how old an event may grow; 0: any age
	MaxBytes  int64         // what the database may take; 0: no bound
	Bytes     int64         // what it takes now
	NextDay   *time.Time    // the oldest day that is kept: it goes next
	NextBytes int64         // what its events take
	FullAt    *time.Time    // when MaxBytes are used up, at the growth of the last days
	DoneAt    *time.Time    // when a look last ended well; nil: never, or nothing is given up any more
}

const (
	// growthDays are the last whole days by which the database is expected to
	// grow on.
	growthDays = 7
	// mostDaysLeft is as good as for ever.
	mostDaysLeft = 3660
	// budgetAlmost is the share of the budget past which the day that goes
	// next is told.
	budgetAlmost = 0.9
)

// RetentionState tells what is given up. It is of the whole platform: only who
// sees everything may ask.
func (s *Store) RetentionState(ctx context.Context) (*RetentionState, error) {
	if err := s.needEverything(ctx, "what is given up"); err != nil {
		return nil, err
	}
	var rows []struct {
		Horizon                    time.Time
		MaxAge                     float64 // seconds
		MaxBytes, Bytes, NextBytes int64
		NextDay, FullAt, DoneAt    *time.Time
	}
	err := s.read(Newest(ctx), "retention", &rows, `SELECT horizon, extract(epoch FROM max_age)::float8 AS max_age, max_bytes,
		pg_database_size(current_database()) AS bytes, next_bytes, next_day, full_at, done_at FROM retention`)
	if err != nil {
		return nil, err
	}
	r := rows[0]
	return &RetentionState{
		Horizon: r.Horizon, MaxAge: time.Duration(r.MaxAge * float64(time.Second)), MaxBytes: r.MaxBytes, Bytes: r.Bytes,
		NextDay: r.NextDay, NextBytes: r.NextBytes, FullAt: r.FullAt, DoneAt: r.DoneAt,
	}, nil
}

// Used is the share of MaxBytes that the database takes; 0 where there is no
// bound.
func (r *RetentionState) Used() float64 {
	if r.MaxBytes == 0 {
		return 0
	}
	return float64(r.Bytes) / float64(r.MaxBytes)
}

// tell notes what this look has found, and warns once when the budget is
// almost used.
func (k *keeper) tell(ctx context.Context, tables []agedTable, total int64, horizon time.Time) error {
	var next agedTable
	var left, recent int64
	for _, t := range tables {
		if !t.from.Before(horizon) {
			left += t.bytes
			if next.name == "" {
				next = t
			}
		}
		if t.days() == 1 && t.to.After(day(k.now).AddDate(0, 0, -growthDays)) && !t.to.After(day(k.now)) {
			recent += t.bytes
		}
	}
	found := &RetentionState{MaxAge: k.rules.Events, MaxBytes: k.rules.MaxBytes, Bytes: total, NextBytes: next.bytes}
	if next.name != "" {
		found.NextDay = &next.from
	}
	if k.rules.MaxBytes > 0 {
		found.FullAt = k.fullAt(total, left, recent)
		k.warnOfBudget(ctx, found.Used(), next)
	}
	return found.note(ctx, k.conn)
}

// fullAt is when the budget is used up if the database goes on to grow as in
// the last days; nil where it does not grow. What is beside the events grows
// with them.
func (k *keeper) fullAt(total, left, recent int64) *time.Time {
	if recent == 0 || left == 0 {
		return nil
	}
	perDay := float64(recent) / growthDays * float64(total) / float64(left)
	days := min(max(0, float64(k.rules.MaxBytes-total))/perDay, mostDaysLeft)
	return new(k.now.Add(time.Duration(days * float64(24*time.Hour))))
}

// warnOfBudget says once that the budget is almost used.
func (k *keeper) warnOfBudget(ctx context.Context, used float64, next agedTable) {
	if almost := used >= budgetAlmost; almost != k.retained.budgetAlmost.Swap(almost) && almost {
		k.logger.WarnContext(ctx, "the budget of the database is almost used; its oldest day goes next",
			slog.Float64("used", used), slog.String("day", next.from.Format(time.DateOnly)), slog.Int64("bytes", next.bytes))
	}
}

// note keeps what a look has found; the horizon and when a look ended well are
// not its to say.
func (r *RetentionState) note(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `UPDATE retention SET max_age = $1::interval, max_bytes = $2::bigint, next_day = $3::timestamptz,
			next_bytes = $4::bigint, full_at = $5::timestamptz`,
		r.MaxAge, r.MaxBytes, r.NextDay, r.NextBytes, r.FullAt)
	if err != nil {
		return fmt.Errorf("note what goes next: %w", err)
	}
	return nil
}
