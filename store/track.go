package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	p, statuses, err := s.tracked(ctx, id, scope)
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

// tracked reads both by prepared statements, which spare a quarter of the
// database's work. Behind a pooler that mixes up who has prepared what, this
// process goes on without.
func (s *Store) tracked(ctx context.Context, id payload.RequestID, scope identity.Scope) (*Payload, []*Status, error) {
	mode := pgx.QueryExecModeCacheStatement
	if s.unprepared.Load() {
		mode = hot
	}
	p, err := s.trackedPayload(ctx, mode, id)
	if err == nil && (p == nil || !scope.Sees(p.OrgID)) {
		return nil, nil, nil
	}
	var statuses []*Status
	if err == nil {
		statuses, err = s.trackedStatuses(ctx, mode, p)
	}
	if code := sqlState(err); mode != hot && (code == codeNoStatement || code == codeSameStatement) {
		s.unprepared.Store(true)
		return s.tracked(ctx, id, scope)
	}
	return p, statuses, err
}

const (
	codeNoStatement   = "26000"
	codeSameStatement = "42P05"
)

func (s *Store) trackedPayload(ctx context.Context, mode pgx.QueryExecMode, id payload.RequestID) (*Payload, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+payloadColumns+` FROM payloads p WHERE p.request_id = $1::uuid AND p.started_at IS NOT NULL`, mode, [16]byte(id))
	if err != nil {
		return nil, err
	}
	var p Payload
	var requestID [16]byte
	var journey []byte
	tag, err := pgx.ForEachRow(rows, []any{
		&p.ID, &requestID, &p.OrgID, &p.Account, &p.StartedAt, &p.UpdatedAt, &p.TakenInAt, &journey,
	}, func() error { return p.Journey.UnmarshalBinary(journey) })
	if err != nil || tag.RowsAffected() == 0 {
		return nil, err
	}
	p.RequestID, p.InventoryID, p.SystemID = requestID, p.Journey.InventoryID(), p.Journey.SystemID()
	p.StartedAt, p.UpdatedAt, p.TakenInAt = p.StartedAt.UTC(), p.UpdatedAt.UTC(), p.TakenInAt.UTC()
	return &p, nil
}

// trackedStatuses reads the statuses of a payload that is in scope, unsorted.
func (s *Store) trackedStatuses(ctx context.Context, mode pgx.QueryExecMode, p *Payload) ([]*Status, error) {
	var text strings.Builder
	text.WriteString(`SELECT s.date, s.hash, s.created_at, s.trail_id, s.message FROM payload_statuses s WHERE s.payload_id = $1::bigint`)
	args := []any{mode, p.ID}
	for i, day := range daysOf([]*Payload{p}) {
		separator := " OR "
		if i == 0 {
			separator = " AND ("
		}
		from, to := strconv.Itoa(len(args)), strconv.Itoa(len(args)+1)
		text.WriteString(separator + `s.date >= $` + from + `::timestamptz AND s.date < $` + to + `::timestamptz`)
		args = append(args, day.from, day.to)
	}
	if len(args) == 2 {
		return nil, nil
	}
	text.WriteString(")")
	rows, err := s.pool.Query(ctx, text.String(), args...)
	if err != nil {
		return nil, err
	}
	var read []Status
	var trails []int32
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
