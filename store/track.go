package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
)

// Track reads a payload and all of its statuses, oldest first, as quickly as
// it goes: this is what callers ask for thousands of times a second. The
// payload is nil, without an error, when it is unknown.
func (s *Store) Track(ctx context.Context, id payload.RequestID) (*Payload, []*Status, error) {
	defer s.metrics.observe(ctx, "track")()
	scope, err := s.scope(ctx)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.QueryTimeout)
	defer cancel()
	var p *Payload
	var statuses []*Status
	err = s.prepared(func(mode pgx.QueryExecMode) (err error) {
		if p, err = s.trackedPayload(ctx, mode, id, scope); p == nil || err != nil {
			return err
		}
		statuses, err = s.trackedStatuses(ctx, mode, p, allStatuses)
		return err
	})
	if err != nil || p == nil {
		return nil, nil, translate("track", err)
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(statuses, func(a, b *Status) int { return compareStatuses(a, b, &rules) })
	return p, statuses, nil
}

// payload is the payload alone; nil, without an error, when it is unknown.
func (s *Store) payload(ctx context.Context, id payload.RequestID) (p *Payload, err error) {
	defer s.metrics.observe(ctx, "payload")()
	scope, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.QueryTimeout)
	defer cancel()
	err = s.prepared(func(mode pgx.QueryExecMode) (err error) {
		p, err = s.trackedPayload(ctx, mode, id, scope)
		return err
	})
	return p, translate("payload", err)
}

// prepared reads by prepared statements, which spare a quarter of the
// database's work. Behind a pooler that mixes up who has prepared what, this
// process goes on without.
func (s *Store) prepared(read func(pgx.QueryExecMode) error) error {
	if s.unprepared.Load() {
		return read(hot)
	}
	err := read(pgx.QueryExecModeCacheStatement)
	if code := sqlState(err); code != codeNoStatement && code != codeSameStatement {
		return err
	}
	s.unprepared.Store(true)
	return read(hot)
}

const (
	codeNoStatement   = "26000"
	codeSameStatement = "42P05"
	codeNoTable       = "42P01"
)

func (s *Store) trackedPayload(ctx context.Context, mode pgx.QueryExecMode, id payload.RequestID, scope identity.Scope) (*Payload, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+payloadColumns+` FROM payloads p WHERE p.request_id = $1::uuid AND p.started_at IS NOT NULL`, mode, [16]byte(id))
	if err != nil {
		return nil, err
	}
	p, err := pgx.CollectOneRow(rows, payloadOfRow)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !scope.Sees(p.OrgID) {
		return nil, nil
	}
	return p, err
}

// payloadOfRow reads payloadColumns.
func payloadOfRow(row pgx.CollectableRow) (*Payload, error) {
	var p Payload
	var requestID [16]byte
	var journey []byte
	if err := row.Scan(&p.ID, &requestID, &p.OrgID, &p.Account, &p.StartedAt, &p.UpdatedAt, &p.TakenInAt, &journey); err != nil {
		return nil, err
	}
	if err := p.Journey.UnmarshalBinary(journey); err != nil {
		return nil, fmt.Errorf("journey of payload %d: %w", p.ID, err)
	}
	p.RequestID, p.InventoryID, p.SystemID = requestID, p.Journey.InventoryID(), p.Journey.SystemID()
	p.StartedAt, p.UpdatedAt, p.TakenInAt = p.StartedAt.UTC(), p.UpdatedAt.UTC(), p.TakenInAt.UTC()
	return &p, nil
}

// trackedStatuses reads the statuses of a payload that is in scope, unsorted:
// all of them, or those that a part asks for.
func (s *Store) trackedStatuses(ctx context.Context, mode pgx.QueryExecMode, p *Payload, of statusPart) ([]*Status, error) {
	days := daysOf([]*Payload{p})
	if len(days) == 0 {
		return nil, nil
	}
	table, alone, err := s.tableFor(ctx, mode, days)
	if err != nil {
		return nil, err
	}
	statuses, err := s.statusesIn(ctx, mode, p, of, table, days)
	if alone && (sqlState(err) == codeNoTable || err == nil && len(statuses) == 0) {
		// It was detached or dropped meanwhile: each of a payload's days has events.
		s.tables.set(days[0].from, "", time.Now())
		return s.statusesIn(ctx, mode, p, of, allDays, days)
	}
	return statuses, err
}

func (s *Store) statusesIn(ctx context.Context, mode pgx.QueryExecMode, p *Payload, of statusPart, table string, days []span) ([]*Status, error) {
	var text strings.Builder
	text.WriteString(`SELECT s.date, s.hash, s.created_at, s.trail_id, ` + of.message + ` FROM ` + table + ` s WHERE s.payload_id = $1::bigint`)
	args := []any{mode, p.ID}
	if table == allDays {
		for i, day := range days {
			separator := " OR "
			if i == 0 {
				separator = " AND ("
			}
			from, to := strconv.Itoa(len(args)), strconv.Itoa(len(args)+1)
			text.WriteString(separator + `s.date >= $` + from + `::timestamptz AND s.date < $` + to + `::timestamptz`)
			args = append(args, day.from, day.to)
		}
		text.WriteString(")")
	} else {
		text.WriteString(` AND (SELECT c.relispartition FROM pg_class c WHERE c.oid = '` + table + `'::regclass)`)
	}
	text.WriteString(of.limit)
	rows, err := s.pool.Query(ctx, text.String(), args...)
	if err != nil {
		return nil, err
	}
	const usual = 16
	read, trails := make([]Status, 0, usual), make([]int32, 0, usual)
	var trailID int32
	var message *string
	var row Status
	_, err = pgx.ForEachRow(rows, []any{&row.Date, &row.Hash, &row.TakenInAt, &trailID, &message}, func() error {
		row.Message = ""
		if message != nil {
			row.Message = *message
		}
		read, trails = append(read, row), append(trails, trailID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	words, err := s.knownWords(ctx, trails)
	if err != nil {
		return nil, err
	}
	statuses := make([]*Status, len(read))
	for i := range read {
		t, known := words[trails[i]]
		if !known {
			return nil, fmt.Errorf("trail %d has no words", trails[i])
		}
		at := &read[i]
		at.PayloadID, at.RequestID, at.Service, at.Source, at.Status = p.ID, p.RequestID, t.service, t.source, t.status
		at.Date, at.TakenInAt = at.Date.UTC(), at.TakenInAt.UTC()
		statuses[i] = at
	}
	return statuses, nil
}

// statusPart is some of a payload's statuses, as SQL.
type statusPart struct{ message, limit string }

var allStatuses = statusPart{message: "s.message"}

// compareStatuses is the order of a payload's events, payload.Compare.
func compareStatuses(a, b *Status, rules *payload.Rules) int {
	if way := a.Date.Compare(b.Date); way != 0 {
		return way
	}
	return cmp.Or(
		cmp.Compare(rules.Class(a.Status), rules.Class(b.Status)),
		cmp.Compare(a.Service, b.Service),
		cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.Hash, b.Hash),
	)
}

// knownWords are the words of trails, by their numbers: they never change, so
// they are read once.
func (s *Store) knownWords(ctx context.Context, ids []int32) (map[int32]trail, error) {
	words := make(map[int32]trail, 8)
	var unknown []int32
	for _, id := range ids {
		if _, done := words[id]; done {
			continue
		}
		t, known := s.words.get(id)
		if !known {
			unknown = append(unknown, id)
		}
		words[id] = t
	}
	if len(unknown) == 0 {
		return words, nil
	}
	read, err := s.trailWords(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for _, id := range unknown {
		delete(words, id)
		if t, known := read[id]; known {
			words[id] = t
			s.words.set(id, t)
		}
	}
	return words, nil
}
