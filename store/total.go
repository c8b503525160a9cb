package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"
)

const (
	// totalBound is up to where a total is counted; beyond it is estimated.
	totalBound = 10_000
	// samplePages of a table are read for an estimate, and sampleHits rows
	// must be found there for it to be good: about 10 % off at the worst.
	samplePages = 1_000
	sampleHits  = 100
)

// Total is how many rows a list has: counted up to 10,000, beyond that
// estimated, at least 10,000 and not Exact.
type Total struct {
	Value int
	Exact bool
}

// PayloadsTotal counts what Payloads lists; for an order that leaves payloads
// out pass its PayloadOrder.Restrict.
func (s *Store) PayloadsTotal(ctx context.Context, filter PayloadFilter) (Total, error) {
	if err := filter.check(); err != nil {
		return Total{}, err
	}
	conditions, err := s.payloadConditions(ctx, &filter, walk{}.now(filter.Now, s.Now))
	if err != nil {
		return Total{}, err
	}
	return s.payloadsTotal(ctx, conditions)
}

func (s *Store) payloadsTotal(ctx context.Context, conditions where) (Total, error) {
	return s.total(ctx, "payloads total", countable{
		table: "payloads p", conditions: conditions, plain: conditions, whole: len(conditions.parts) == len(shown().parts), size: tableSize(`oid = 'payloads'::regclass`),
	})
}

// StatusesTotal counts what Statuses lists.
func (s *Store) StatusesTotal(ctx context.Context, filter StatusFilter) (Total, error) {
	if err := filter.check(); err != nil {
		return Total{}, err
	}
	scope, err := s.statusScope(ctx, &filter, walk{}.now(filter.Now, s.Now))
	if err != nil {
		return Total{}, err
	}
	if scope.nothing {
		return Total{Exact: true}, nil
	}
	return s.total(ctx, "statuses total", scope.countable())
}

// countable is the rows of a table that meet conditions.
type countable struct {
	table       string
	join        string
	conditions  where
	plain       where  // conditions without what follows from the others
	partitions  where  // what size speaks of
	whole       bool   // all rows of what size says
	byStatistic bool   // the planner knows how common each of the conditions is
	size        string // SQL: see tableSize; "": not to be sampled
	sizeArgs    []any
}

// tableSize gives how many pages tables have, how many of them are known to
// the last ANALYZE, and how many rows those have.
func tableSize(tables string) string {
	return `SELECT coalesce(sum(pages), 0)::bigint AS pages, coalesce(sum(pages) FILTER (WHERE known), 0)::bigint AS known,
			coalesce(sum(reltuples::float8 * pages / relpages) FILTER (WHERE known), 0) AS rows
		FROM (SELECT reltuples, relpages, relpages > 0 AND reltuples > 0 AS known, pg_relation_size(oid) / current_setting('block_size')::bigint AS pages
			FROM pg_class, substr(relname, length('payload_statuses_') + 1) name WHERE ` + tables + `) t`
}

// tableRead is what tableSize gives.
type tableRead struct {
	Pages, Known int64
	Rows         float64
}

func (c *countable) from(sample string) string {
	return ` FROM ` + c.table + sample + c.join + ` WHERE ` + c.conditions.sql()
}

// countable is all rows of the scope.
func (scope *statusScope) countable() countable {
	c := countable{table: "payload_statuses s"}
	c.conditions.dates("s.date", scope.dates)
	c.conditions.add(scope.rest)
	c.conditions.add(scope.ofPayloads())
	if !scope.all {
		c.conditions.and("s.trail_id IN (?)", bun.List(scope.trails))
		c.plain.add(c.conditions)
		c.conditions.seconds(scope.dates)
	} else {
		c.plain = c.conditions
	}
	if scope.joined {
		c.join = " JOIN payloads p ON p.id = s.payload_id"
	}
	if scope.joined || scope.payloads != nil {
		return c
	}
	c.byStatistic = len(scope.rest.parts) == 0
	c.whole = c.byStatistic && scope.all && scope.dates == span{}
	// The name of a partition is the day or year it holds.
	from, to := scope.dates.from, scope.dates.to
	if to.IsZero() {
		to = pastDate
	}
	c.size = tableSize(`oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'payload_statuses'::regclass)
		AND rpad(name, 8, '9') >= ? AND rpad(name, 8, '0') <= ?`)
	to = to.Add(-time.Microsecond)
	c.sizeArgs = []any{from.Format("20060102"), to.Format("20060102")}
	if scope.dates != (span{}) {
		c.partitions.dates("s.date", span{spanOf(from, scope.now).from, spanOf(to, scope.now).to})
	}
	return c
}

func (s *Store) total(ctx context.Context, operation string, c countable) (Total, error) {
	count, err := s.countUpTo(ctx, operation, &c, totalBound)
	if err != nil || count <= totalBound {
		return Total{Value: count, Exact: true}, err
	}
	estimate, err := s.estimate(ctx, operation, &c)
	return Total{Value: max(totalBound, estimate)}, err
}

// countUpTo counts rows; more than most give most + 1.
func (s *Store) countUpTo(ctx context.Context, operation string, c *countable, most int) (int, error) {
	return s.countRows(ctx, operation, `SELECT count(*) FROM (SELECT`+c.from("")+` LIMIT ?) t`,
		append(slices.Clone(c.conditions.args), most+1)...)
}

// estimate is from the table's statistics, where these tell all, else from a
// sample of its pages; for what is too rare to be met there it asks the
// planner.
func (s *Store) estimate(ctx context.Context, operation string, c *countable) (int, error) {
	if c.size == "" {
		return s.plannedRows(ctx, operation, c)
	}
	var sizes []tableRead
	if err := s.read(ctx, operation, &sizes, c.size, c.sizeArgs...); err != nil || len(sizes) != 1 {
		return 0, err
	}
	size := sizes[0]
	scope, err := s.scope(ctx)
	if err != nil {
		return 0, err
	}
	analyzed := size.Known*10 >= size.Pages*9
	rows := 0.0 // of the table; 0: not known, or not all the caller's
	if _, bound := scope.Bound(); !bound && analyzed {
		rows = size.Rows * float64(size.Pages) / float64(size.Known)
	}
	switch {
	case c.whole && rows > 0:
		return int(rows), nil
	case c.byStatistic && analyzed:
		return s.plannedRows(ctx, operation, c)
	}
	return s.sampledRows(ctx, operation, c, size.Pages, rows)
}

// sampledRows is how many of the table's rows meet the conditions, as a sample
// of its pages has it.
func (s *Store) sampledRows(ctx context.Context, operation string, c *countable, pages int64, rows float64) (int, error) {
	share := 1.0
	if pages > samplePages {
		share = samplePages / float64(pages)
	}
	// The same pages each time: a total shall not flicker.
	sample := ` TABLESAMPLE SYSTEM (` + strconv.FormatFloat(100*share, 'f', 9, 64) + `) REPEATABLE (1)`
	var counts []struct{ Rows, Hits int64 }
	err := s.read(ctx, operation, &counts, `SELECT count(*) AS rows, count(*) FILTER (WHERE `+c.conditions.sql()+`) AS hits
		FROM `+c.table+sample+c.join+` WHERE `+c.partitions.sql(), slices.Concat(c.conditions.args, c.partitions.args)...)
	switch {
	case err != nil || len(counts) != 1:
		return 0, err
	case counts[0].Hits < sampleHits:
		return s.plannedRows(ctx, operation, c)
	case rows > 0:
		// One seed takes the pages of like numbers from all partitions, so
		// that a sample is off by as much from its share as one of them.
		return int(rows * float64(counts[0].Hits) / float64(counts[0].Rows)), nil
	}
	return int(float64(counts[0].Hits) / share), nil
}

// countRows reads the one number that a statement gives.
func (s *Store) countRows(ctx context.Context, operation, sql string, args ...any) (int, error) {
	var counts []int
	if err := s.read(ctx, operation, &counts, sql, args...); err != nil {
		return 0, err
	}
	if len(counts) != 1 {
		return 0, fmt.Errorf("%s: %d rows instead of one", operation, len(counts))
	}
	return counts[0], nil
}

const explainJSON = `EXPLAIN (FORMAT JSON) `

// plannedRows is how many rows the planner expects, from the table's
// statistics and its size now.
func (s *Store) plannedRows(ctx context.Context, operation string, c *countable) (int, error) {
	var plans []string
	if err := s.read(ctx, operation, &plans, explainJSON+`SELECT FROM `+c.table+c.join+` WHERE `+c.plain.sql(), c.plain.args...); err != nil {
		return 0, err
	}
	var explained []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if len(plans) != 1 || json.Unmarshal([]byte(plans[0]), &explained) != nil || len(explained) != 1 {
		return 0, fmt.Errorf("%s: the plan cannot be read", operation)
	}
	return int(explained[0].Plan.Rows), nil
}
