package store

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// A partition holds a day from the start of the year before last to a week
// ahead, where events are dense; beyond that it holds a year.
const (
	denseYears = 2
	denseAhead = 7 * 24 * time.Hour
)

// partitionLock is the advisory lock under which one process at a time makes
// partitions; who waited finds the partition there.
const partitionLock = 7_226_002

// span is the range of dates [from, to) one partition holds.
type span struct{ from, to time.Time }

func (s span) name() string {
	if s.to.Sub(s.from) > 24*time.Hour {
		return s.from.Format("payload_statuses_2006")
	}
	return s.from.Format("payload_statuses_20060102")
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// spanOf is the partition that date belongs in, seen from now.
func spanOf(date, now time.Time) span {
	first := time.Date(now.Year()-denseYears, 1, 1, 0, 0, 0, 0, time.UTC)
	yearEnd := time.Date(now.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	last := day(now.Add(denseAhead)).Add(24 * time.Hour)
	if last.Before(yearEnd) {
		last = yearEnd // a year is all days or all one: they cannot overlap
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
// that ingest finds them there, until ctx ends.
func (s *Store) KeepDaysAhead(ctx context.Context) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if err := s.MakeDays(ctx, daysAhead(s.Now())); err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "partitions ahead not made; ingest makes them when they are needed", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// MakeDays makes the partitions that hold the given days (UTC midnights),
// where there are none. A partition is made beside the table and attached,
// which neither readers nor writers wait for.
func (s *Store) MakeDays(ctx context.Context, days []time.Time) error {
	days = s.days.missing(days)
	if len(days) == 0 {
		return nil
	}
	defer s.metrics.observe("make_partitions")()
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1::bigint)`, partitionLock); err != nil {
			return err
		}
		spans, err := attachedSpans(ctx, tx)
		if err != nil {
			return err
		}
		for _, d := range days {
			if covered(spans, d) {
				continue
			}
			sp := s.spanFor(d, spans)
			if err := makePartition(ctx, tx, sp); err != nil {
				return fmt.Errorf("partition %s: %w", sp.name(), err)
			}
			spans = append(spans, sp)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make partitions: %w", err)
	}
	s.days.add(days)
	return nil
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

var partitionName = regexp.MustCompile(`^payload_statuses_(\d{4})(\d{2})?(\d{2})?$`)

func attachedSpans(ctx context.Context, tx pgx.Tx) ([]span, error) {
	rows, err := tx.Query(ctx, `SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'payload_statuses'::regclass`)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	var spans []span
	for _, name := range names {
		m := partitionName.FindStringSubmatch(name)
		if m == nil {
			return nil, fmt.Errorf("a partition %s that is not ours", name)
		}
		year, _ := strconv.Atoi(m[1])
		if m[2] == "" {
			from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			spans = append(spans, span{from, from.AddDate(1, 0, 0)})
			continue
		}
		month, _ := strconv.Atoi(m[2])
		dayOfMonth, _ := strconv.Atoi(m[3])
		from := time.Date(year, time.Month(month), dayOfMonth, 0, 0, 0, 0, time.UTC)
		spans = append(spans, span{from, from.Add(24 * time.Hour)})
	}
	return spans, nil
}

// makePartition creates the table with the range as a constraint, so that
// attaching reads nothing. CREATE TABLE … PARTITION OF would stop every
// writer behind the longest reader.
func makePartition(ctx context.Context, tx pgx.Tx, sp span) error {
	const layout = "2006-01-02 00:00:00+00"
	name, from, to := sp.name(), sp.from.Format(layout), sp.to.Format(layout)
	for _, statement := range []string{
		fmt.Sprintf(`CREATE TABLE %s (LIKE payload_statuses INCLUDING ALL, CONSTRAINT %s_range CHECK (date >= '%s' AND date < '%s'))`, name, name, from, to),
		fmt.Sprintf(`ALTER TABLE payload_statuses ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')`, name, from, to),
		fmt.Sprintf(`ALTER TABLE %s DROP CONSTRAINT %s_range`, name, name),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

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
