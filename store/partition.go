package store

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// A partition holds a day from the start of the year before last to a week
// ahead, where events are dense; beyond that it holds a year.
const (
	denseYears = 2
	denseAhead = 7 * 24 * time.Hour

	// splitAgain is when a split is looked after that another process was at.
	splitAgain = 10 * time.Second
)

// span is a range of dates [from, to), whole days.
type span struct{ from, to time.Time }

func (s span) days() int { return int(s.to.Sub(s.from) / (24 * time.Hour)) }

// name of the partition that holds the span.
func (s span) name() string {
	switch {
	case s.days() == 1:
		return s.from.Format("payload_statuses_20060102")
	case s.from.YearDay() == 1 && s.from.AddDate(1, 0, 0).Equal(s.to):
		return s.from.Format("payload_statuses_2006")
	}
	return s.from.Format("payload_statuses_20060102_") + s.to.AddDate(0, 0, -1).Format("20060102")
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// dense is the range of dates where each day has a partition of its own, seen
// from now.
func dense(now time.Time) (first, last time.Time) {
	return time.Date(now.Year()-denseYears, 1, 1, 0, 0, 0, 0, time.UTC), day(now.Add(denseAhead)).Add(24 * time.Hour)
}

// spanOf is the partition that date belongs in, seen from now. A year that
// has begun is all days: they cannot overlap a partition of all of it.
func spanOf(date, now time.Time) span {
	first, last := dense(now)
	if yearEnd := time.Date(now.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC); last.Before(yearEnd) {
		last = yearEnd
	}
	if date.Before(first) || !date.Before(last) {
		from := time.Date(date.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		return span{from, from.AddDate(1, 0, 0)}
	}
	return span{day(date), day(date).Add(24 * time.Hour)}
}

func daysAhead(now time.Time) []time.Time {
	var days []time.Time
	for d := day(now); d.Before(now.Add(denseAhead)); d = d.Add(24 * time.Hour) {
		days = append(days, d)
	}
	return days
}

// KeepDaysAhead makes the coming week's partitions now and every hour, so
// that ingest finds them there, until ctx ends. A partition of many days is
// split before they come.
func (s *Store) KeepDaysAhead(ctx context.Context) error {
	for {
		wait := time.Hour
		done, err := s.splitDue(ctx)
		if !done { // whoever splits may have died, and its connection not yet
			wait = splitAgain
		}
		if err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "a partition of many days is not split yet; it serves on as it is", slog.Any("error", err))
		}
		if err := s.MakeDays(ctx, daysAhead(s.Now())); err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "partitions ahead not made; ingest makes them when they are needed", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// MakeDays makes the partitions that hold the given days (UTC midnights),
// where there are none. A partition is made beside the table and attached,
// which neither readers nor writers wait for. Each has a transaction of its
// own, so that who needs another day waits for one only.
func (s *Store) MakeDays(ctx context.Context, days []time.Time) error {
	days = s.days.missing(days)
	if len(days) == 0 {
		return nil
	}
	defer s.metrics.observe(ctx, "make_partitions")()
	spans, err := attachedSpans(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("make partitions: %w", err)
	}
	for _, d := range days {
		if covered(spans, d) {
			continue
		}
		if spans, err = s.makeDay(ctx, d); err != nil {
			return fmt.Errorf("make partitions: %w", err)
		}
	}
	s.days.add(days)
	return nil
}

// makeDay makes the partition that holds d, unless another process was
// faster; it returns what there is then.
func (s *Store) makeDay(ctx context.Context, d time.Time) (spans []span, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1::bigint)`, partitionLock); err != nil {
			return err
		}
		if spans, err = attachedSpans(ctx, tx); err != nil || covered(spans, d) {
			return err
		}
		sp := s.spanFor(d, spans)
		if err := makePartition(ctx, tx, sp); err != nil {
			return fmt.Errorf("partition %s: %w", sp.name(), err)
		}
		spans = append(spans, sp)
		return nil
	})
	return spans, err
}

// spanFor falls back to a day where a whole year would overlap what is there.
func (s *Store) spanFor(d time.Time, spans []span) span {
	sp := spanOf(d, s.Now())
	for _, other := range spans {
		if sp.from.Before(other.to) && other.from.Before(sp.to) {
			return span{d, d.Add(24 * time.Hour)}
		}
	}
	return sp
}

func covered(spans []span, d time.Time) bool {
	return slices.ContainsFunc(spans, func(sp span) bool { return !d.Before(sp.from) && d.Before(sp.to) })
}

// partitionTable is a partition that is attached.
type partitionTable struct {
	name string
	span
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// attached reads the partitions, earliest first, with the dates they hold:
// what a table is called says nothing. One that is dropped just now has no
// bound to tell any more.
func attached(ctx context.Context, q querier) ([]partitionTable, error) {
	rows, err := q.Query(ctx, `WITH children AS MATERIALIZED (
			SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
			FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = 'payload_statuses'::regclass)
		SELECT name, (dates[1])::timestamptz, (dates[2])::timestamptz
		FROM (SELECT name, regexp_match(bound, $$FROM \('([^']+)'\) TO \('([^']+)'\)$$) AS dates FROM children WHERE bound IS NOT NULL) p
		ORDER BY 2`)
	if err != nil {
		return nil, err
	}
	var tables []partitionTable
	var name string
	var from, to *time.Time
	_, err = pgx.ForEachRow(rows, []any{&name, &from, &to}, func() error {
		if from == nil || to == nil {
			return fmt.Errorf("a partition %s that is not ours", name)
		}
		tables = append(tables, partitionTable{name, span{from.UTC(), to.UTC()}})
		return nil
	})
	return tables, err
}

func attachedSpans(ctx context.Context, q querier) ([]span, error) {
	tables, err := attached(ctx, q)
	spans := make([]span, len(tables))
	for i, t := range tables {
		spans[i] = t.span
	}
	return spans, err
}

// makePartition has the table made with the range as a constraint, so that
// attaching reads nothing. CREATE TABLE … PARTITION OF would stop every
// writer behind the longest reader. A function of the tables' owner does it:
// who takes events in need not be that.
func makePartition(ctx context.Context, tx pgx.Tx, sp span) error {
	name, err := freeName(ctx, tx, sp)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `SELECT make_partition($1::text, $2::timestamptz, $3::timestamptz)`, name, sp.from, sp.to)
	return err
}

// freeName is a name for the span's partition. A table that was detached is
// its owner's, and keeps its name.
func freeName(ctx context.Context, q querier, sp span) (string, error) {
	name := sp.name()
	for n := 2; ; n++ {
		var free bool
		if err := q.QueryRow(ctx, `SELECT to_regclass($1::text) IS NULL`, name).Scan(&free); err != nil || free {
			return name, err
		}
		name = fmt.Sprintf("%s_%d", sp.name(), n)
	}
}

// midnight is how SQL writes a day.
const midnight = "2006-01-02 00:00:00+00"

func createBeside(name string, sp span) string {
	return fmt.Sprintf(`CREATE TABLE %s (LIKE payload_statuses INCLUDING ALL, CONSTRAINT span CHECK (date >= '%s' AND date < '%s'))`,
		name, sp.from.Format(midnight), sp.to.Format(midnight))
}

func attach(parent, name string, sp span) string {
	return fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')`,
		parent, name, sp.from.Format(midnight), sp.to.Format(midnight))
}

// share lets read the partition who may read the table.
func share(name string) string { return fmt.Sprintf(`SELECT share_partition('%s')`, name) }

func dropRange(name string) string { return fmt.Sprintf(`ALTER TABLE %s DROP CONSTRAINT span`, name) }

// dayCache knows days that have a partition.
type dayCache struct {
	mu   sync.Mutex
	days map[time.Time]struct{}
}

func newDayCache() *dayCache { return &dayCache{days: map[time.Time]struct{}{}} }

func (c *dayCache) missing(days []time.Time) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var missing []time.Time
	for _, d := range days {
		if _, ok := c.days[d]; !ok {
			missing = append(missing, d)
		}
	}
	slices.SortFunc(missing, time.Time.Compare)
	return slices.Compact(missing)
}

func (c *dayCache) add(days []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range days {
		c.days[d] = struct{}{}
	}
}

// forget is called when a partition turned out to be gone.
func (c *dayCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.days = map[time.Time]struct{}{}
}
