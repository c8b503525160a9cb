package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// agedTable is a partition and what it takes.
type agedTable struct {
	partitionTable
	bytes int64
}

// wanted is where the horizon should be by now. It lies between partitions,
// so that what is before it can be given up whole.
func (k *keeper) wanted(ctx context.Context) (time.Time, error) {
	tables, total, err := k.measure(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("sizes: %w", err)
	}
	horizon := k.horizon
	if k.rules.Events > 0 {
		horizon = later(horizon, wholeBefore(tables, day(k.now.Add(-k.rules.Events))))
	}
	if k.rules.MaxBytes > 0 {
		horizon = k.withinBudget(ctx, tables, total, horizon)
	}
	return horizon, k.tell(ctx, tables, total, horizon)
}

// measure reads the partitions, earliest first, with their sizes, and that of
// the whole database.
func (k *keeper) measure(ctx context.Context) ([]agedTable, int64, error) {
	partitions, err := attached(ctx, k.conn)
	if err != nil {
		return nil, 0, err
	}
	names, tables := make([]string, len(partitions)), make([]agedTable, len(partitions))
	for i, p := range partitions {
		names[i], tables[i].partitionTable = p.name, p
	}
	var total int64
	var sizes []int64
	err = k.conn.QueryRow(ctx, `SELECT pg_database_size(current_database()),
		ARRAY(SELECT coalesce(pg_total_relation_size(to_regclass(name)), 0) FROM unnest($1::text[]) WITH ORDINALITY u(name, n) ORDER BY n)`, names).Scan(&total, &sizes)
	for i := range sizes {
		tables[i].bytes = sizes[i]
	}
	return tables, total, err
}

// wholeBefore is the latest start of a partition that is not after a day: one
// of a year stays until all of it is past.
func wholeBefore(tables []agedTable, date time.Time) time.Time {
	for _, t := range tables {
		if t.from.Before(date) && date.Before(t.to) {
			return t.from
		}
	}
	return date
}

// withinBudget raises a horizon day by day until what is left fits. Today
// stays: without it nothing could be taken in.
func (k *keeper) withinBudget(ctx context.Context, tables []agedTable, total int64, horizon time.Time) time.Time {
	excess := total - k.rules.MaxBytes
	for _, t := range tables {
		if t.to.After(horizon) && (excess <= 0 || t.to.After(day(k.now))) {
			break
		}
		excess -= t.bytes
		horizon = later(horizon, t.to)
	}
	if over := excess > 0; over != k.retained.overBudget.Swap(over) && over {
		k.logger.WarnContext(ctx, "the database takes more than MAX_DATABASE_BYTES even without its past days",
			slog.Int64("bytes", total), slog.Int64("budget", k.rules.MaxBytes))
	}
	return horizon
}
