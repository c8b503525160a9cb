package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// Storage is what the database holds and how much room it takes.
type Storage struct {
	Bytes       int64            // of the whole database
	Tables      map[string]int64 // of the tables that grow: bytes with their indexes, of all partitions together
	Partitions  int              // of the events
	DaysAhead   int              // days after today that have a partition, without a gap
	Deltas      int64            // batches whose changes the rollups do not have yet, at most mostDeltas
	OldestEvent *time.Time       // the first one of the payload that began first
	NewestEvent *time.Time       // one ahead of its time counts as taken in then
	TakenInAt   *time.Time       // when a position last moved
}

// mostDeltas bounds what is counted while nobody folds.
const mostDeltas = 100_000

// growing are the tables whose size is told.
var growing = []string{
	"payload_statuses", "payloads", "payload_hosts",
	stageTable.name, handoverTable.name, failureTable.name, "rollup_deltas", "dead_letters",
}

// Storage tells what the database holds. It costs by the number of partitions,
// not by what is in them. It is of the whole platform: only who sees
// everything may ask.
func (s *Store) Storage(ctx context.Context) (*Storage, error) {
	if err := s.needEverything(ctx, "what the database holds"); err != nil {
		return nil, err
	}
	held := &Storage{Tables: make(map[string]int64, len(growing))}
	if err := s.readSizes(ctx, held); err != nil {
		return nil, err
	}
	var rows []struct {
		Deltas                  int64
		Oldest, Newest, TakenIn *time.Time
	}
	err := s.read(Newest(ctx), "storage", &rows, `SELECT
			(SELECT count(*) FROM (SELECT FROM rollup_deltas LIMIT ?) d) AS deltas,
			(SELECT min(started_at) FROM payloads) AS oldest,
			(SELECT max(last_date) FROM heard) AS newest,
			(SELECT max(updated_at) FROM positions) AS taken_in`, mostDeltas)
	if err != nil {
		return nil, err
	}
	held.Deltas, held.OldestEvent, held.NewestEvent, held.TakenInAt = rows[0].Deltas, rows[0].Oldest, rows[0].Newest, rows[0].TakenIn
	spans, err := attachedSpans(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("partitions: %w", err)
	}
	held.Partitions, held.DaysAhead = len(spans), daysCovered(spans, nextDay(s.Now()))
	return held, nil
}

func (s *Store) readSizes(ctx context.Context, held *Storage) error {
	var rows []struct {
		Name         string
		Bytes, Whole int64
	}
	err := s.read(Newest(ctx), "sizes", &rows, `SELECT coalesce(p.relname, c.relname) AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes,
			pg_database_size(current_database()) AS whole
		FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
		WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND coalesce(p.relname, c.relname) IN (?)
		GROUP BY 1`, bun.List(growing))
	for _, r := range rows {
		held.Bytes = r.Whole
		held.Tables[r.Name] = r.Bytes
	}
	return err
}

// daysCovered are the days from the given one on that a partition holds.
func daysCovered(spans []span, from time.Time) int {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	end := from
	for _, sp := range spans {
		if !sp.from.After(end) && sp.to.After(end) {
			end = sp.to
		}
	}
	return span{from, end}.days()
}
