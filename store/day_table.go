package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// dayTables are the partitions that are read by their own names. A statement
// on the whole table is planned anew each time, since only then are the other
// partitions left out; one on a single partition keeps its plan, which halves
// the database's work for a question about one payload.
type dayTables struct {
	mu    sync.Mutex
	known map[time.Time]dayTable
}

type dayTable struct {
	name  string // "" where the day is no partition of its own, or may not be read as one
	until time.Time
}

const (
	allDays        = "payload_statuses"
	dayTableFresh  = time.Minute
	dayTablesKnown = 1000 // days: more are forgotten
)

func newDayTables() *dayTables { return &dayTables{known: map[time.Time]dayTable{}} }

func (t *dayTables) get(day, now time.Time) (name string, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	table, known := t.known[day]
	return table.name, known && now.Before(table.until)
}

func (t *dayTables) set(day time.Time, name string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= dayTablesKnown {
		clear(t.known)
	}
	t.known[day] = dayTable{name, now.Add(dayTableFresh)}
}

// tableFor is the table in which all events of some days are, as far as is
// known; alone tells whether it is one day's own.
func (s *Store) tableFor(ctx context.Context, mode pgx.QueryExecMode, days []span) (table string, alone bool, err error) {
	if len(days) != 1 || days[0].days() != 1 {
		return allDays, false, nil
	}
	day, now := days[0], time.Now()
	name, known := s.tables.get(day.from, now)
	if !known {
		if name, err = s.dayTable(ctx, mode, day); err != nil {
			return "", false, err
		}
		s.tables.set(day.from, name, now)
	}
	if name == "" {
		return allDays, false, nil
	}
	return name, true, nil
}

func (s *Store) dayTable(ctx context.Context, mode pgx.QueryExecMode, day span) (name string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
		WHERE c.oid = to_regclass($1::text) AND i.inhparent = to_regclass($2::text) AND NOT i.inhdetachpending
			AND pg_get_expr(c.relpartbound, c.oid) = $3::text AND has_table_privilege(c.oid, 'SELECT')`,
		mode, day.name(), allDays, day.bounds()).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return name, err
}

// bounds of a partition as PostgreSQL says them.
func (s span) bounds() string {
	const format = "2006-01-02 15:04:05+00"
	return "FOR VALUES FROM ('" + s.from.Format(format) + "') TO ('" + s.to.Format(format) + "')"
}
