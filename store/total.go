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
	samplePages = 1_500
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
		table: "payloads p", conditions: conditions, pages: `SELECT pg_relation_size('payloads') / current_setting('block_size')::bigint AS pages`,
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
	table      string
	join       string
	conditions where
	pages      string // SQL for the size of what is read; "": not to be sampled
	pagesArgs  []any
}

func (c *countable) from(sample string) string {
	return ` FROM ` + c.table + sample + c.join + ` WHERE ` + c.conditions.sql()
}

// countable is all rows of the scope.
func (scope *statusScope) countable() countable {
	c := countable{table: "payload_statuses s"}
	c.conditions.dates("s.date", scope.dates)
	c.conditions.add(scope.rest)
	if scope.payloads != nil {
		c.conditions.and("s.payload_id IN (?)", bun.List(scope.payloads))
		c.conditions.onDays("s.date", scope.days)
	}
	if !scope.all {
		c.conditions.and("s.trail_id IN (?)", bun.List(scope.trails))
		c.conditions.seconds(scope.dates)
	}
	if scope.joined {
		c.join = " JOIN payloads p ON p.id = s.payload_id"
	}
	if scope.joined || scope.payloads != nil {
		return c
	}
	// The name of a partition is the day or year it holds.
	from, to := scope.dates.from, scope.dates.to
	if to.IsZero() {
		to = pastDate
	}
	c.pages = `SELECT coalesce(sum(pg_relation_size(p.oid)) / current_setting('block_size')::bigint, 0)::bigint AS pages
		FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid, substr(p.relname, length('payload_statuses_') + 1) name
		WHERE i.inhparent = 'payload_statuses'::regclass AND rpad(name, 8, '9') >= ? AND rpad(name, 8, '0') <= ?`
	c.pagesArgs = []any{from.Format("20060102"), to.Add(-time.Microsecond).Format("20060102")}
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

// estimate counts in a sample of the table's pages, which needs no statistics
// to be fresh; for what is too rare to be met there it asks the planner.
func (s *Store) estimate(ctx context.Context, operation string, c *countable) (int, error) {
	if c.pages == "" {
		return s.plannedRows(ctx, operation, c)
	}
	pages, err := s.countRows(ctx, operation, c.pages, c.pagesArgs...)
	if err != nil {
		return 0, err
	}
	share := 1.0
	if pages > samplePages {
		share = samplePages / float64(pages)
	}
	// The same pages each time: a total shall not flicker.
	sample := ` TABLESAMPLE SYSTEM (` + strconv.FormatFloat(100*share, 'f', 9, 64) + `) REPEATABLE (1)`
	hits, err := s.countRows(ctx, operation, `SELECT count(*)`+c.from(sample), c.conditions.args...)
	if err != nil {
		return 0, err
	}
	if hits < sampleHits {
		return s.plannedRows(ctx, operation, c)
	}
	return int(float64(hits) / share), nil
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
	if err := s.read(ctx, operation, &plans, explainJSON+`SELECT`+c.from(""), c.conditions.args...); err != nil {
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
