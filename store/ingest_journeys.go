package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/payload-tracker/payload-tracker/payload"
)

// mergeJourneys merges the events into their payloads' journeys and writes
// what lists need beside them. The rows are locked here, late and in order
// of id, so that consumers of unkeyed partitions copy their events side by
// side and wait for each other only now.
func (s *Store) mergeJourneys(ctx context.Context, tx pgx.Tx, terms *terms, rows []row, stamp time.Time) error {
	requestIDs := map[int64]payload.RequestID{}
	for _, r := range rows {
		requestIDs[r.payloadID] = r.event.RequestID
	}
	ids := slices.Sorted(maps.Keys(requestIDs))
	journeys, err := lockJourneys(ctx, tx, `SELECT id, journey FROM payloads WHERE id = ANY($1::int8[]) ORDER BY id FOR UPDATE`, hot, ids)
	if err != nil {
		return fmt.Errorf("journeys: %w", err)
	}
	var known, fresh []int64
	for _, id := range ids {
		if journeys[id] != nil {
			known = append(known, id)
		} else {
			fresh, journeys[id] = append(fresh, id), new(payload.Journey)
		}
	}
	rules, tally := &terms.rules, terms.tallyOf(journeys)
	for _, r := range rows {
		journeys[r.payloadID].MergeEvent(rules, r.event, r.hash)
	}
	if err := tally.append(ctx, tx, journeys); err != nil {
		return err
	}
	if err := s.insertJourneys(ctx, tx, rules, fresh, requestIDs, journeys, stamp); err != nil {
		return err
	}
	if err := s.writeJourneys(ctx, tx, rules, known, journeys); err != nil {
		return fmt.Errorf("journeys: %w", err)
	}
	if err := writeHosts(ctx, tx, rows); err != nil {
		return fmt.Errorf("hosts: %w", err)
	}
	return announce(ctx, tx, rows)
}

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

// insertJourneys makes the rows of payloads that have none, in the order in
// which every batch makes them: two that meet wait for each other, never in a
// circle. A payload that another batch was first to make may have that
// batch's number, so this one starts again. Two batches of one process may
// have the same number for it: the later one sees then that the number is
// taken, where the other has not come to the request id yet.
func (s *Store) insertJourneys(ctx context.Context, tx pgx.Tx, rules *payload.Rules, fresh []int64, requestIDs map[int64]payload.RequestID, journeys map[int64]*payload.Journey, stamp time.Time) error {
	if len(fresh) == 0 {
		return nil
	}
	c, err := s.columnsOf(ctx, tx, rules, fresh, journeys)
	if err != nil {
		return fmt.Errorf("new journeys: %w", err)
	}
	uuids := make([][16]byte, len(fresh))
	for i, id := range fresh {
		uuids[i] = requestIDs[id]
	}
	made, err := tx.Exec(ctx, `INSERT INTO payloads (id, `+columnNames+`, rules_version, request_id, created_at)
		SELECT id, `+columnValues+`, $20::int4, request_id, $22::timestamptz
		FROM unnest(`+columnArrays+`, $21::uuid[]) u(id, `+columnNames+`, request_id)
		ORDER BY request_id ON CONFLICT (request_id) DO NOTHING`,
		append(c.args(fresh, rules), uuids, stamp)...)
	if err != nil && !numberTaken(err) {
		return fmt.Errorf("new journeys: %w", err)
	}
	if err != nil || made.RowsAffected() != int64(len(fresh)) {
		for _, id := range fresh {
			s.ids.drop(requestIDs[id])
		}
		return errPayloadMade
	}
	return nil
}

// numberTaken tells whether a new payload's number is another row's already.
func numberTaken(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == codeUniqueViolation && refused.ConstraintName == "payloads_pkey"
}

// writeJourneys writes journeys, and the columns that follow from them, with
// one UPDATE.
func (s *Store) writeJourneys(ctx context.Context, tx pgx.Tx, rules *payload.Rules, ids []int64, journeys map[int64]*payload.Journey) error {
	if len(ids) == 0 {
		return nil
	}
	c, err := s.columnsOf(ctx, tx, rules, ids, journeys)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE payloads p SET (`+columnNames+`, rules_version) = ROW (`+columnValues+`, $20::int4)
		FROM unnest(`+columnArrays+`) u(id, `+columnNames+`) WHERE p.id = u.id`, c.args(ids, rules)...)
	return err
}

// columns of payloads that follow from journeys, one slice a column.
type columns struct {
	org, account                               []string
	inventoryKey, systemKey                    []pgtype.UUID
	inventoryID, systemID                      []*string
	started, updated, quiet                    []time.Time
	stalls, failedAt                           []*time.Time
	failedService, failedSource, failedMessage []*string
	failedKind                                 []*int64
	outcome                                    []int16
	trails                                     []string
	journey                                    [][]byte
}

// The columns in SQL: their names, their values as rows of arrays, and the
// arrays, which args gives.
const (
	columnNames = `org_id, account, inventory_key, system_key, inventory_id, system_id, started_at, updated_at, quiet_since, stalls_at,
		failed_at, failed_service, failed_source, failed_message, failed_fingerprint, outcome, trails, journey`
	columnValues = `u.org_id, u.account, u.inventory_key, u.system_key, u.inventory_id, u.system_id, u.started_at, u.updated_at, u.quiet_since, u.stalls_at,
		u.failed_at, u.failed_service, u.failed_source, u.failed_message, u.failed_fingerprint, u.outcome, u.trails::int4[], u.journey`
	columnArrays = `$1::int8[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
		$8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
		$13::text[], $14::text[], $15::text[], $16::int8[], $17::int2[], $18::text[], $19::bytea[]`
)

func (c *columns) args(ids []int64, rules *payload.Rules) []any {
	return []any{
		hot, ids, c.org, c.account, c.inventoryKey, c.systemKey, c.inventoryID, c.systemID, c.started, c.updated, c.quiet, c.stalls,
		c.failedAt, c.failedService, c.failedSource, c.failedMessage, c.failedKind, c.outcome, c.trails, c.journey, rules.Version,
	}
}

func (s *Store) columnsOf(ctx context.Context, tx pgx.Tx, rules *payload.Rules, ids []int64, journeys map[int64]*payload.Journey) (columns, error) {
	var c columns
	for _, id := range ids {
		trails, err := s.trailsOf(ctx, tx, journeys[id])
		if err != nil {
			return c, err
		}
		if err := c.add(rules, journeys[id], trails); err != nil {
			return c, err
		}
	}
	return c, nil
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
	inventoryKey, inventoryID := shownHost(j.InventoryID())
	systemKey, systemID := shownHost(j.SystemID())
	c.inventoryKey, c.inventoryID = append(c.inventoryKey, inventoryKey), append(c.inventoryID, inventoryID)
	c.systemKey, c.systemID = append(c.systemKey, systemKey), append(c.systemID, systemID)
	c.started, c.updated = append(c.started, j.First().Date), append(c.updated, j.Last().Date)
	c.quiet = append(c.quiet, j.QuietSince())
	c.stalls = append(c.stalls, timeOrNil(verdict.StallsAt))
	var at time.Time
	var service, source, message string
	var kind *int64
	if f := verdict.Failure; f != nil {
		at, service, source, message = f.At, f.Service, f.Source, f.Message
		kind = new(int64(f.Fingerprint))
	}
	c.failedAt = append(c.failedAt, timeOrNil(at))
	c.failedService = append(c.failedService, textOrNil(service))
	c.failedSource = append(c.failedSource, textOrNil(source))
	c.failedMessage = append(c.failedMessage, textOrNil(message))
	c.failedKind = append(c.failedKind, kind)
	c.outcome = append(c.outcome, int16(j.Outcome(rules)))
	c.trails = append(c.trails, trails)
	c.journey = append(c.journey, encoded)
	return nil
}

func shownHost(id string) (pgtype.UUID, *string) {
	key, shown := hostKey(id)
	return pgtype.UUID{Bytes: key, Valid: id != ""}, shown
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
// through, as PostgreSQL writes an array. Those that another process made are
// read in the transaction: who holds one connection must not wait for another.
func (s *Store) trailsOf(ctx context.Context, tx pgx.Tx, j *payload.Journey) (string, error) {
	var ids []int32
	var unknown []trail
	for stage, word := range j.Words() {
		t := trail{stage.Service, stage.Source, word}
		if id, ok := s.trail.get(t); ok {
			ids = append(ids, id)
		} else {
			unknown = append(unknown, t)
		}
	}
	if len(unknown) > 0 {
		numbered := map[trail]int32{}
		if err := s.readTrails(ctx, tx, unknown, numbered); err != nil {
			return "", fmt.Errorf("trails: %w", err)
		}
		if len(numbered) < len(unknown) {
			return "", fmt.Errorf("trails: %d of %d that events of a journey took are missing", len(unknown)-len(numbered), len(unknown))
		}
		for _, id := range numbered {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	b := []byte{'{'}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return string(append(b, '}')), nil
}
