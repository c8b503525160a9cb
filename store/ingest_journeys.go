package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// mergeJourneys merges the events into their payloads' journeys and writes
// what lists need beside them. The rows are locked here, late and in order
// of id, so that consumers of unkeyed partitions copy their events side by
// side and wait for each other only now.
func (s *Store) mergeJourneys(ctx context.Context, tx pgx.Tx, rules *payload.Rules, rows []row) error {
	byPayload := map[int64][]payload.Event{}
	for _, r := range rows {
		byPayload[r.payloadID] = append(byPayload[r.payloadID], *r.event)
	}
	ids := sortedKeys(byPayload)
	journeys, err := lockJourneys(ctx, tx, `SELECT id, journey FROM payloads WHERE id = ANY($1::int8[]) ORDER BY id FOR UPDATE`, hot, ids)
	if err != nil {
		return fmt.Errorf("journeys: %w", err)
	}
	for _, id := range ids {
		journey, ok := journeys[id]
		if !ok {
			s.forgetPayload(byPayload[id])
			return errPayloadGone
		}
		journey.Merge(rules, byPayload[id]...)
	}
	if err := s.writeJourneys(ctx, tx, rules, ids, journeys); err != nil {
		return fmt.Errorf("journeys: %w", err)
	}
	if err := writeHosts(ctx, tx, rows); err != nil {
		return fmt.Errorf("hosts: %w", err)
	}
	return announce(ctx, tx, rows)
}

func (s *Store) forgetPayload(events []payload.Event) {
	for _, e := range events {
		s.ids.drop(e.RequestID)
	}
}

func sortedKeys[V any](m map[int64]V) []int64 { return slices.Sorted(maps.Keys(m)) }

func lockJourneys(ctx context.Context, tx pgx.Tx, query string, args ...any) (map[int64]*payload.Journey, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	journeys := map[int64]*payload.Journey{}
	var id int64
	var encoded []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &encoded}, func() error {
		journey := new(payload.Journey)
		if encoded != nil {
			if err := journey.UnmarshalBinary(encoded); err != nil {
				return fmt.Errorf("journey of payload %d: %w", id, err)
			}
		}
		journeys[id] = journey
		return nil
	})
	return journeys, err
}

// columns of payloads that follow from journeys, one slice a column.
type columns struct {
	org, account, inventory, system            []string
	started, updated, quiet                    []time.Time
	stalls, failedAt                           []*time.Time
	failedService, failedSource, failedMessage []*string
	outcome                                    []int16
	trails                                     []string
	journey                                    [][]byte
}

// writeJourneys writes journeys, and the columns that follow from them, with
// one UPDATE.
func (s *Store) writeJourneys(ctx context.Context, tx pgx.Tx, rules *payload.Rules, ids []int64, journeys map[int64]*payload.Journey) error {
	var c columns
	for _, id := range ids {
		trails, err := s.trailsOf(ctx, journeys[id])
		if err != nil {
			return err
		}
		if err := c.add(rules, journeys[id], trails); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE payloads p SET org_id = u.org_id, account = u.account, inventory_id = u.inventory_id, system_id = u.system_id,
			started_at = u.started_at, updated_at = u.updated_at, quiet_since = u.quiet_since, stalls_at = u.stalls_at,
			failed_at = u.failed_at, failed_service = u.failed_service, failed_source = u.failed_source, failed_message = u.failed_message,
			outcome = u.outcome, trails = u.trails::int4[], journey = u.journey, rules_version = $17::int8
		FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
			$9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::int2[], $15::text[], $16::bytea[])
			u(id, org_id, account, inventory_id, system_id, started_at, updated_at, quiet_since,
			stalls_at, failed_at, failed_service, failed_source, failed_message, outcome, trails, journey)
		WHERE p.id = u.id`,
		hot, ids, c.org, c.account, c.inventory, c.system, c.started, c.updated, c.quiet,
		c.stalls, c.failedAt, c.failedService, c.failedSource, c.failedMessage, c.outcome, c.trails, c.journey, rules.Version)
	return err
}

func (c *columns) add(rules *payload.Rules, j *payload.Journey, trails string) error {
	encoded, err := j.AppendBinary(nil)
	if err != nil {
		return fmt.Errorf("encode a journey: %w", err)
	}
	// At its own quiet time a payload has not stalled yet: what the verdict
	// says there is its outcome.
	verdict := j.Verdict(rules, j.QuietSince())
	c.org, c.account = append(c.org, j.OrgID()), append(c.account, j.Account())
	c.inventory, c.system = append(c.inventory, j.InventoryID()), append(c.system, j.SystemID())
	c.started, c.updated = append(c.started, j.First().Date), append(c.updated, j.Last().Date)
	c.quiet = append(c.quiet, j.QuietSince())
	c.stalls = append(c.stalls, timeOrNil(verdict.StallsAt))
	var at time.Time
	var service, source, message string
	if f := verdict.Failure; f != nil {
		at, service, source, message = f.At, f.Service, f.Source, f.Message
	}
	c.failedAt = append(c.failedAt, timeOrNil(at))
	c.failedService = append(c.failedService, textOrNil(service))
	c.failedSource = append(c.failedSource, textOrNil(source))
	c.failedMessage = append(c.failedMessage, textOrNil(message))
	c.outcome = append(c.outcome, int16(j.Outcome(rules)))
	c.trails = append(c.trails, trails)
	c.journey = append(c.journey, encoded)
	return nil
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// trailsOf is the numbers of the (service, source, word) a journey went
// through, as PostgreSQL writes an array.
func (s *Store) trailsOf(ctx context.Context, j *payload.Journey) (string, error) {
	var ids []int32
	var unknown []trail
	for _, stage := range j.Stages() {
		for _, word := range stage.Words {
			t := trail{stage.Service, stage.Source, word}
			if id, ok := s.trail.get(t); ok {
				ids = append(ids, id)
			} else {
				unknown = append(unknown, t)
			}
		}
	}
	if len(unknown) > 0 {
		numbered := map[trail]int32{}
		if err := s.makeTrails(ctx, unknown, numbered); err != nil {
			return "", fmt.Errorf("trails: %w", err)
		}
		for _, id := range numbered {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var b strings.Builder
	b.WriteByte('{')
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(int(id)))
	}
	b.WriteByte('}')
	return b.String(), nil
}
