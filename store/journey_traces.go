package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

const (
	// traceSlack is how much later than its stamp a batch may commit: more than
	// a consumer tries for at once.
	traceSlack = 90 * time.Second
	// traceEvents are looked at in one go, about.
	traceEvents = 5000
	// tracePayloads are exported at once.
	tracePayloads = 100
)

// ExportJourneys hands over each payload that has become final since the last
// time, some at a time, and notes those for which export returns nil: each is
// handed over once, and again only where the process ended between the two.
// The first time of all it begins with what is taken in from then on. It does
// nothing while another process is at it. It tells how many were exported.
func (s *Store) ExportJourneys(ctx context.Context, export func(ctx context.Context, payloads []*Payload) error) (int, error) {
	defer s.metrics.observe(ctx, "export_journeys")()
	rules, err := s.Rules(ctx)
	if err != nil {
		return 0, err
	}
	conn, err := s.connectDirectly(ctx, "payload-tracker journeys")
	if err != nil {
		return 0, fmt.Errorf("export journeys: %w", err)
	}
	defer closeSoon(ctx, conn)
	e := &exporter{Store: s, conn: conn, rules: rules, now: s.Now(), export: export}
	if err := e.run(ctx); err != nil {
		return e.exported, fmt.Errorf("export journeys: %w", err)
	}
	return e.exported, nil
}

// Traced tells which payloads were exported as traces, by their row numbers.
func (s *Store) Traced(ctx context.Context, ids []int64) (map[int64]bool, error) {
	traced := make(map[int64]bool, len(ids))
	if len(ids) == 0 {
		return traced, nil
	}
	var found []int64
	if err := s.read(ctx, "traced", &found, `SELECT payload_id FROM journey_traces WHERE payload_id IN (?)`, bun.List(ids)); err != nil {
		return nil, err
	}
	for _, id := range found {
		traced[id] = true
	}
	return traced, nil
}

// exporter is one look at what has become final.
type exporter struct {
	*Store
	conn   *pgx.Conn
	rules  payload.Rules
	now    time.Time
	export func(context.Context, []*Payload) error

	exported int
}

func (e *exporter) run(ctx context.Context) error {
	mine := false
	if err := e.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1::bigint)`, journeyLock).Scan(&mine); err != nil || !mine {
		return err
	}
	until := e.now.Add(-max(traceSlack, e.rules.Settle))
	var from time.Time
	err := e.conn.QueryRow(ctx, `INSERT INTO journey_trace_position AS p (taken_in) VALUES ($1::timestamptz)
		ON CONFLICT (singleton) DO UPDATE SET taken_in = p.taken_in RETURNING taken_in`, until).Scan(&from)
	for err == nil && from.Before(until) {
		from, err = e.next(ctx, from, until)
	}
	return err
}

// next exports the payloads with events taken in after a moment, and gives the
// moment it has come to.
func (e *exporter) next(ctx context.Context, from, until time.Time) (time.Time, error) {
	var ids []int64
	var events int
	var last *time.Time
	// Whole batches: their events share one moment.
	err := e.conn.QueryRow(ctx, `SELECT coalesce(array_agg(DISTINCT payload_id), '{}'), count(*), max(created_at) FROM (
			SELECT payload_id, created_at FROM payload_statuses WHERE created_at > $1::timestamptz AND created_at <= $2::timestamptz
			ORDER BY created_at FETCH FIRST ($3::bigint) ROWS WITH TIES) e`, from, until, traceEvents).Scan(&ids, &events, &last)
	if err != nil {
		return from, err
	}
	for some := range slices.Chunk(ids, tracePayloads) {
		if err := e.exportSome(ctx, some); err != nil {
			return from, err
		}
	}
	to := until
	if events >= traceEvents {
		to = *last
	}
	_, err = e.conn.Exec(ctx, `UPDATE journey_trace_position SET taken_in = $1::timestamptz`, to)
	return to, err
}

// exportSome exports those that are final and were not exported yet. One that
// is open comes again with its next event.
func (e *exporter) exportSome(ctx context.Context, ids []int64) error {
	payloads, err := e.final(ctx, ids)
	if err != nil || len(payloads) == 0 {
		return err
	}
	if err := e.export(ctx, payloads); err != nil {
		return err
	}
	done := make([]int64, len(payloads))
	for i, p := range payloads {
		done[i] = p.ID
	}
	_, err = e.conn.Exec(ctx, `INSERT INTO journey_traces (payload_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING`, done)
	e.exported += len(done)
	return err
}

func (e *exporter) final(ctx context.Context, ids []int64) ([]*Payload, error) {
	rows, err := e.conn.Query(ctx, `SELECT `+payloadColumns+` FROM payloads p WHERE p.id = ANY ($1::bigint[]) AND p.started_at IS NOT NULL
		AND NOT EXISTS (SELECT FROM journey_traces t WHERE t.payload_id = p.id) ORDER BY p.id`, ids)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, payloadOfRow)
	return slices.DeleteFunc(all, func(p *Payload) bool { return !p.Journey.Verdict(&e.rules, e.now).Final }), err
}
