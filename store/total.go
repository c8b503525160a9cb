package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"
)

// totalBound is up to where a total is counted; beyond it is estimated.
const totalBound = 10_000

// Total is how many rows a list has: counted up to 10,000, beyond that
// the database's estimate, at least 10,000 and not Exact.
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
	return s.total(ctx, "payloads total", `SELECT FROM payloads p WHERE `+conditions.sql(), conditions.args)
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
	sql, args := scope.every()
	return s.total(ctx, "statuses total", sql, args)
}

// every selects all rows of the scope, in no order.
func (scope *statusScope) every() (string, []any) {
	var w where
	w.dates("s.date", scope.dates)
	w.add(scope.rest)
	if scope.payloads != nil {
		w.and("s.payload_id IN (?)", bun.List(scope.payloads))
		w.onDays("s.date", scope.days)
	}
	if !scope.all {
		w.and("s.trail_id IN (?)", bun.List(scope.trails))
	}
	from := "payload_statuses s"
	if scope.joined {
		from += " JOIN payloads p ON p.id = s.payload_id"
	}
	return `SELECT FROM ` + from + ` WHERE ` + w.sql(), w.args
}

func (s *Store) total(ctx context.Context, operation, sql string, args []any) (Total, error) {
	var counts []int
	err := s.read(ctx, operation, &counts, `SELECT count(*) FROM (`+sql+` LIMIT ?) t`, append(args[:len(args):len(args)], totalBound+1)...)
	if err != nil {
		return Total{}, err
	}
	if len(counts) != 1 {
		return Total{}, fmt.Errorf("%s: %d rows instead of one", operation, len(counts))
	}
	if counts[0] <= totalBound {
		return Total{Value: counts[0], Exact: true}, nil
	}
	estimate, err := s.estimate(ctx, operation, sql, args)
	if err != nil {
		return Total{}, err
	}
	return Total{Value: max(totalBound, estimate)}, nil
}

// estimate is how many rows the planner expects, from the table's statistics
// and its size now.
func (s *Store) estimate(ctx context.Context, operation, sql string, args []any) (int, error) {
	var plans []string
	if err := s.read(ctx, operation, &plans, `EXPLAIN (FORMAT JSON) `+sql, args...); err != nil {
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
