package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// prepare makes what a batch refers to, each in a short transaction of its
// own so that no two batches wait for each other: partitions, trails, and
// numbers of payloads not known yet, with reserve also their rows. Nothing of
// it shows until the batch commits.
func (s *Store) prepare(ctx context.Context, rows []row, stamp time.Time, reserve bool) error {
	days := map[int32]time.Time{}
	for _, r := range rows {
		if _, seen := days[r.day]; !seen {
			days[r.day] = day(r.event.Date)
		}
	}
	if err := s.MakeDays(ctx, slices.Collect(maps.Values(days))); err != nil {
		return err
	}
	if err := s.numberTrails(ctx, rows); err != nil {
		return fmt.Errorf("trails: %w", err)
	}
	if err := s.numberPayloads(ctx, rows, stamp, reserve); err != nil {
		return fmt.Errorf("payload numbers: %w", err)
	}
	return nil
}

func trailOf(e *payload.Event) trail { return trail{e.Service, e.Source, e.Status} }

func (s *Store) numberTrails(ctx context.Context, rows []row) error {
	known := map[trail]int32{}
	var unknown []trail
	for _, r := range rows {
		t := trailOf(r.event)
		if _, done := known[t]; done {
			continue
		}
		id, ok := s.trail.get(t)
		if !ok {
			unknown = append(unknown, t)
		}
		known[t] = id
	}
	if err := s.makeTrails(ctx, unknown, known); err != nil {
		return err
	}
	for i := range rows {
		rows[i].trailID = known[trailOf(rows[i].event)]
	}
	return nil
}

// makeTrails gives each unknown trail its number, in known and in the cache.
func (s *Store) makeTrails(ctx context.Context, unknown []trail, known map[trail]int32) error {
	if len(unknown) == 0 {
		return nil
	}
	slices.SortFunc(unknown, func(a, b trail) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.source, b.source), cmp.Compare(a.status, b.status))
	})
	services, sources, statuses := make([]string, len(unknown)), make([]string, len(unknown)), make([]string, len(unknown))
	for i, t := range unknown {
		services[i], sources[i], statuses[i] = t.service, t.source, t.status
	}
	const insert = `INSERT INTO trails (service, source, status)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`
	if _, err := s.pool.Exec(ctx, insert, hot, services, sources, statuses); err != nil {
		return err
	}
	return s.readTrails(ctx, s.pool, unknown, known)
}

// readTrails gives those trails that have one their number, in known and in
// the cache.
func (s *Store) readTrails(ctx context.Context, on querier, unknown []trail, known map[trail]int32) error {
	services, sources, statuses := make([]string, len(unknown)), make([]string, len(unknown)), make([]string, len(unknown))
	for i, t := range unknown {
		services[i], sources[i], statuses[i] = t.service, t.source, t.status
	}
	rows, err := on.Query(ctx, `SELECT t.id, t.service, t.source, t.status FROM trails t
		JOIN unnest($1::text[], $2::text[], $3::text[]) u(service, source, status) USING (service, source, status)`, hot, services, sources, statuses)
	if err != nil {
		return err
	}
	var id int32
	var t trail
	_, err = pgx.ForEachRow(rows, []any{&id, &t.service, &t.source, &t.status}, func() error {
		known[t] = id
		s.trail.set(t, id)
		return nil
	})
	return err
}

// numberPayloads gives new payloads their numbers in the order in which they
// came: those of one time stand together in every index then.
func (s *Store) numberPayloads(ctx context.Context, rows []row, stamp time.Time, reserve bool) error {
	ids := make(map[payload.RequestID]int64, len(rows)/4+1)
	var unknown [][16]byte
	for _, r := range rows {
		requestID := r.event.RequestID
		if _, done := ids[requestID]; done {
			continue
		}
		id, ok := s.ids.get(requestID)
		if !ok {
			unknown = append(unknown, requestID)
		}
		ids[requestID] = id
	}
	if err := s.readNumbers(ctx, unknown, ids); err != nil {
		return err
	}
	fresh, err := s.newNumbers(ctx, unknown, ids)
	if err != nil {
		return err
	}
	if reserve {
		if err := s.reservePayloads(ctx, fresh, ids, stamp); err != nil {
			return err
		}
	}
	for i := range rows {
		rows[i].payloadID = ids[rows[i].event.RequestID]
	}
	return nil
}

// readNumbers adds those of unknown payloads that are stored.
func (s *Store) readNumbers(ctx context.Context, unknown [][16]byte, ids map[payload.RequestID]int64) error {
	if len(unknown) == 0 {
		return nil
	}
	rows, err := s.pool.Query(ctx, `SELECT request_id, id FROM payloads WHERE request_id = ANY($1::uuid[])`, hot, unknown)
	if err != nil {
		return err
	}
	var requestID [16]byte
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&requestID, &id}, func() error {
		ids[requestID] = id
		s.ids.set(requestID, id)
		return nil
	})
	return err
}

// newNumbers adds numbers never used before for those still unknown, and
// returns these.
func (s *Store) newNumbers(ctx context.Context, unknown [][16]byte, ids map[payload.RequestID]int64) ([][16]byte, error) {
	fresh := slices.DeleteFunc(slices.Clone(unknown), func(id [16]byte) bool { return ids[id] != 0 })
	if len(fresh) == 0 {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `SELECT nextval('payloads_id_seq') FROM generate_series(1, $1::int8)`, hot, int64(len(fresh)))
	if err != nil {
		return nil, err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	slices.Sort(numbers)
	for i, requestID := range fresh {
		ids[requestID] = numbers[i]
		s.ids.set(requestID, numbers[i])
	}
	return fresh, nil
}

// reservePayloads makes empty rows for new payloads, in the order in which
// every batch makes them; where another was first, its number stands. See
// insertJourneys for numbers that are taken.
func (s *Store) reservePayloads(ctx context.Context, fresh [][16]byte, ids map[payload.RequestID]int64, stamp time.Time) error {
	if len(fresh) == 0 {
		return nil
	}
	numbers := make([]int64, len(fresh))
	for i, requestID := range fresh {
		numbers[i] = ids[requestID]
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO payloads (id, request_id, created_at)
		SELECT id, request_id, $3::timestamptz FROM unnest($1::int8[], $2::uuid[]) u(id, request_id)
		ORDER BY request_id ON CONFLICT (request_id) DO NOTHING`, hot, numbers, fresh, stamp)
	if numberTaken(err) {
		for _, requestID := range fresh {
			s.ids.drop(requestID)
		}
		return errPayloadMade
	}
	if err != nil {
		return err
	}
	return s.readNumbers(ctx, fresh, ids)
}
