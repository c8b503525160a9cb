package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// rulesFresh is how long a process judges by rules it has read before: new
// ones are noticed within it. Consumers are exact, they read them with every
// batch.
const rulesFresh = 2 * time.Second

// rulesCache is the rules as last read.
type rulesCache struct {
	mu    sync.Mutex
	rules payload.Rules
	read  time.Time
}

// Rules are the rules every process judges by: the row of the database.
func (s *Store) Rules(ctx context.Context) (payload.Rules, error) {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	if s.rules.rules.Version > 0 && time.Since(s.rules.read) < rulesFresh {
		return s.rules.rules, nil
	}
	rules, err := readRules(ctx, s.pool, `SELECT version, body FROM rules`)
	if err != nil {
		return payload.Rules{}, translate("read the rules", err)
	}
	s.rules.rules, s.rules.read = rules, time.Now()
	return rules, nil
}

type rowQuerier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func readRules(ctx context.Context, q rowQuerier, query string) (payload.Rules, error) {
	var version int64
	var body []byte
	if err := q.QueryRow(ctx, query).Scan(&version, &body); err != nil {
		return payload.Rules{}, err
	}
	return decodeRules(version, body)
}

// rulesOf is the rules of a version that a batch has read: most often the
// ones known already.
func (s *Store) rulesOf(version int64, body []byte) (payload.Rules, error) {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	if s.rules.rules.Version != version {
		rules, err := decodeRules(version, body)
		if err != nil {
			return rules, err
		}
		s.rules.rules = rules
	}
	s.rules.read = time.Now()
	return s.rules.rules, nil
}

func decodeRules(version int64, body []byte) (payload.Rules, error) {
	var rules payload.Rules
	if err := json.Unmarshal(body, &rules); err != nil {
		return payload.Rules{}, fmt.Errorf("rules of version %d: %w", version, err)
	}
	rules.Version = version
	return rules, nil
}

func (s *Store) writeFirstRules(ctx context.Context, rules payload.Rules) error {
	body, err := json.Marshal(rules)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO rules (version, body) VALUES (1, $1::jsonb) ON CONFLICT DO NOTHING`, string(body))
	return err
}

// ApplyRules writes rules as the next version and judges every stored payload
// again by them, beside running consumers; progress (may be nil) hears how
// far it is. Rules equal to those that stand only finish a judging that was
// cut off.
func (s *Store) ApplyRules(ctx context.Context, rules payload.Rules, progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	version, err := s.replaceRules(ctx, rules)
	if err != nil {
		return fmt.Errorf("apply rules: %w", err)
	}
	rules.Version = version
	var total int
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM payloads WHERE rules_version < $1::bigint AND journey IS NOT NULL`, version).Scan(&total)
	if err != nil {
		return fmt.Errorf("apply rules: %w", err)
	}
	var after int64
	for done := 0; ; {
		judged, last, err := s.judgeAgain(ctx, rules, after)
		if err != nil {
			return fmt.Errorf("apply rules: %w", err)
		}
		if judged == 0 {
			_, err := s.pool.Exec(ctx, `SELECT pg_notify($1::text, $2::text)`, hot, ChangeChannel, noticeOfAll)
			return err
		}
		after, done = last, done+judged
		progress(done, max(total, done))
	}
}

// replaceRules waits for the batches under way: whatever commits afterwards
// was judged by the new version.
func (s *Store) replaceRules(ctx context.Context, rules payload.Rules) (int64, error) {
	rules.Version = 0
	body, err := json.Marshal(rules)
	if err != nil {
		return 0, err
	}
	if err := s.writeFirstRules(ctx, rules); err != nil {
		return 0, err
	}
	var version int64
	err = s.betweenBatches(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `UPDATE rules SET version = version + 1, body = $1::jsonb, applied_at = now()
			WHERE body - 'Version' <> $1::jsonb - 'Version' RETURNING version`, string(body)).Scan(&version)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = s.pool.QueryRow(ctx, `SELECT version FROM rules`).Scan(&version)
	}
	if err != nil {
		return 0, err
	}
	s.forgetRules()
	return version, nil
}

func (s *Store) forgetRules() {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	s.rules.rules = payload.Rules{}
}

// judgeAgain takes the next payloads after an id that an older version
// judged, builds their journeys anew from their events (words may have
// another meaning now) and returns how many, and the last id.
func (s *Store) judgeAgain(ctx context.Context, rules payload.Rules, after int64) (int, int64, error) {
	const many = 500
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	terms, err := s.holdTerms(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	journeys, err := lockJourneys(ctx, tx, `SELECT id, journey FROM payloads
		WHERE id > $1::bigint AND rules_version < $2::bigint AND journey IS NOT NULL
		ORDER BY id LIMIT $3::bigint FOR UPDATE`, hot, after, rules.Version, int64(many))
	if err != nil || len(journeys) == 0 {
		return 0, 0, err
	}
	ids, tally := slices.Sorted(maps.Keys(journeys)), terms.tallyOf(journeys)
	for _, id := range ids {
		if journeys[id].First().Date.Before(terms.horizon) {
			continue // some of its events are dropped: it is judged by what its journey knows
		}
		if err := rebuild(ctx, tx, &rules, id, journeys[id]); err != nil {
			return 0, 0, fmt.Errorf("payload %d: %w", id, err)
		}
	}
	if err := s.writeJourneys(ctx, tx, &rules, ids, journeys); err != nil {
		return 0, 0, err
	}
	if err := tally.append(ctx, tx, journeys); err != nil {
		return 0, 0, err
	}
	return len(ids), ids[len(ids)-1], tx.Commit(ctx)
}

// rebuild makes a journey anew from the payload's events. The identifiers
// stay: repeats complete them, and a repeat is not stored.
func rebuild(ctx context.Context, tx pgx.Tx, rules *payload.Rules, id int64, journey *payload.Journey) error {
	from, to := dateBounds(journey)
	rows, err := tx.Query(ctx, `SELECT e.date, e.created_at, t.service, t.source, t.status, coalesce(e.message, ''), p.request_id
		FROM payload_statuses e JOIN trails t ON t.id = e.trail_id JOIN payloads p ON p.id = e.payload_id
		WHERE e.payload_id = $1::bigint AND e.date >= $2::timestamptz AND e.date <= $3::timestamptz`, hot, id, from, to)
	if err != nil {
		return err
	}
	fresh := journey.Identifiers()
	for rows.Next() {
		var e payload.Event
		var requestID [16]byte
		if err := rows.Scan(&e.Date, &e.TakenIn, &e.Service, &e.Source, &e.Status, &e.Message, &requestID); err != nil {
			return err
		}
		e.RequestID, e.Date, e.TakenIn = requestID, e.Date.UTC(), e.TakenIn.UTC()
		fresh.Merge(rules, e)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	*journey = fresh
	return nil
}

func dateBounds(journey *payload.Journey) (from, to time.Time) {
	return journey.First().Date, journey.Last().Date
}
