package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Part is a stretch of one partition: the events of its records From up to,
// not including, To. Records that were no events leave a part shorter than
// its stretch.
type Part struct {
	Topic       string
	Partition   int32
	TopicID     [16]byte
	LeaderEpoch int32
	From, To    int64           // the position expected in the database, and after this batch
	Events      []payload.Event // Ingest notes in them when they were taken in
	Letters     LetterCounts    // the records that were no events
}

// Batch is what one transaction stores.
type Batch struct {
	Group string // consumer group whose positions move
	Parts []Part
}

// Result says what became of a batch.
type Result struct {
	Stamp    time.Time // when the events were taken in (their created_at)
	Stored   int       // new events
	Repeated int       // events that were there already; their ids were kept
	Late     int       // events of days that are given up: counted, not stored
	Lost     []Lost    // parts that belong to another consumer now: not stored
}

// Lost is a part whose position did not stand where the batch expected it.
type Lost struct {
	Topic     string
	Partition int32
	Position  int64 // where it stands; -1 when there is none
}

// Refusal is the error of a batch with events that the database refuses for
// what they contain. Nothing of it is stored: once they are dead letters, the
// batch without them can be, and their positions move then and not before.
type Refusal struct{ Events []Refused }

func (r *Refusal) Error() string {
	return fmt.Sprintf("ingest: the database refuses %d events: %v", len(r.Events), r.Events[0].Err)
}

// Refused is one event the database refused: an index into Parts and Events.
type Refused struct {
	Part, Index int
	Event       payload.Event
	Err         error
}

// Ingest stores a batch in one transaction: positions, events, journeys,
// hosts, the change notice and the counts of dead letters, all or nothing. An
// event that is stored already is not stored again, but completes its
// payload's identifiers. An event of a day that is given up changes nothing:
// its payload may be deleted, and must not come back as a half.
//
// After an error nothing is stored, or (when the connection broke inside
// COMMIT) all: repeating the same batch is right in both cases, since parts
// that were stored come back as Lost. Transient tells whether repeating can
// help.
func (s *Store) Ingest(ctx context.Context, batch Batch) (Result, error) {
	defer s.metrics.observe(ctx, "ingest")()
	rows := rowsOf(batch)
	for attempt := 0; ; attempt++ {
		horizon, err := s.knownHorizon(ctx)
		if err != nil {
			return Result{}, fmt.Errorf("ingest: %w", err)
		}
		kept, late := timely(rows, horizon)
		result, err := s.ingestOnce(ctx, batch, kept, late, horizon)
		switch {
		case err == nil:
			return result, nil
		case attempt >= 3:
			return Result{}, fmt.Errorf("ingest: %w", err)
		case errors.Is(err, errPayloadMade):
			s.contendedAt.Store(time.Now().UnixNano())
		case sqlState(err) == codeNoPartition:
			s.days.forget()
		case errors.Is(err, errHorizonMoved):
		case refusable(err):
			bad, isolateErr := s.isolate(ctx, kept)
			if isolateErr != nil || len(bad) == 0 {
				return Result{}, fmt.Errorf("ingest: %w", err)
			}
			return Result{}, &Refusal{Events: bad}
		default:
			return Result{}, fmt.Errorf("ingest: %w", err)
		}
	}
}

// errPayloadMade: another batch made the row of a payload that was new to
// this one.
var errPayloadMade = errors.New("another batch has made a payload's row")

// errHorizonMoved: other days are given up than this batch was prepared for.
var errHorizonMoved = errors.New("the horizon has moved")

// contended tells whether batches have met in a new payload lately, as
// consumers of unkeyed partitions do. They then reserve the rows of new
// payloads before the transaction, so that none is done in vain; alone, a
// batch is cheaper when it writes each new payload once, and whole.
func (s *Store) contended() bool {
	at := s.contendedAt.Load()
	return at != 0 && time.Since(time.Unix(0, at)) < contention
}

const contention = time.Minute

// row is one event on its way into the database.
type row struct {
	event       *payload.Event
	part, index int
	day         int32 // since 1970
	date        int64 // microseconds since 1970
	hash        int64
	payloadID   int64
	trailID     int32
}

func rowsOf(batch Batch) []row {
	n := 0
	for _, p := range batch.Parts {
		n += len(p.Events)
	}
	rows := make([]row, 0, n)
	for i := range batch.Parts {
		events := batch.Parts[i].Events
		for k := range events {
			e := &events[k]
			rows = append(rows, row{
				event: e, part: i, index: k,
				day: int32(e.Date.Unix() / 86400), date: e.Date.UnixMicro(), hash: e.Hash(),
			})
		}
	}
	return rows
}

func (s *Store) ingestOnce(ctx context.Context, batch Batch, rows, late []row, horizon time.Time) (Result, error) {
	result := Result{Stamp: s.Now()}
	if err := s.prepare(ctx, rows, result.Stamp, s.contended()); err != nil {
		return result, err
	}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		terms, err := s.holdTerms(ctx, tx)
		if err != nil {
			return err
		}
		if !terms.horizon.Equal(horizon) {
			s.retained.horizon.Store(&terms.horizon)
			return errHorizonMoved
		}
		if result.Lost, err = movePositions(ctx, tx, batch.Group, batch.Parts); err != nil {
			return err
		}
		if kept := keep(rows, batch.Parts, result.Lost); len(kept) > 0 {
			stored, err := s.storeRows(ctx, tx, terms, kept, result.Stamp)
			if err != nil {
				return err
			}
			result.Stored, result.Repeated = len(stored), len(kept)-len(stored)
			if err := countHeard(ctx, tx, batch, stored, result.Stamp); err != nil {
				return err
			}
		}
		late := keep(late, batch.Parts, result.Lost)
		if result.Late = len(late); result.Late > 0 {
			if err := countLate(ctx, tx, batch, late); err != nil {
				return err
			}
		}
		return countLetters(ctx, tx, batch.Parts, result.Lost, result.Stamp)
	})
	return result, err
}

// keep drops the rows of lost parts.
func keep(rows []row, parts []Part, lost []Lost) []row {
	if len(lost) == 0 {
		return rows
	}
	gone := map[partKey]bool{}
	for _, l := range lost {
		gone[partKey{l.Topic, l.Partition}] = true
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		return gone[partKey{parts[r.part].Topic, parts[r.part].Partition}]
	})
}

// storeRows writes events, then journeys, then hosts and the notice; it
// returns the events that were new.
func (s *Store) storeRows(ctx context.Context, tx pgx.Tx, terms *terms, rows []row, stamp time.Time) ([]row, error) {
	sortRows(rows)
	fresh := firstOfEach(rows)
	stored, err := insertEvents(ctx, tx, fresh, stamp)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].event.TakenIn = time.Time{}
	}
	for _, r := range stored {
		r.event.TakenIn = stamp
	}
	if err := s.mergeJourneys(ctx, tx, terms, rows, stamp); err != nil {
		return nil, err
	}
	return stored, nil
}

// sortRows puts rows in the order of the unique index: it is filled from left
// to right, and two consumers with the same events meet in one order.
func sortRows(rows []row) {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(
			cmp.Compare(a.day, b.day), cmp.Compare(a.payloadID, b.payloadID), cmp.Compare(a.date, b.date),
			cmp.Compare(a.hash, b.hash), cmp.Compare(a.part, b.part), cmp.Compare(a.index, b.index),
		)
	})
}

// firstOfEach leaves one of equal events; rows are sorted.
func firstOfEach(rows []row) []row {
	return slices.CompactFunc(slices.Clone(rows), func(a, b row) bool {
		return a.payloadID == b.payloadID && a.date == b.date && a.hash == b.hash
	})
}

// isolate finds the rows the database refuses, by halving: each probe writes
// some and rolls back.
func (s *Store) isolate(ctx context.Context, rows []row) ([]Refused, error) {
	err := s.probe(ctx, rows)
	switch {
	case err == nil:
		return nil, nil
	case !refusable(err):
		return nil, err
	case len(rows) == 1:
		r := rows[0]
		return []Refused{{Part: r.part, Index: r.index, Event: *r.event, Err: err}}, nil
	}
	left, err := s.isolate(ctx, rows[:len(rows)/2])
	if err != nil {
		return nil, err
	}
	right, err := s.isolate(ctx, rows[len(rows)/2:])
	return append(left, right...), err
}

var errProbe = errors.New("probe only")

func (s *Store) probe(ctx context.Context, rows []row) error {
	stamp := s.Now()
	if err := s.prepare(ctx, rows, stamp, true); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		terms, err := s.holdTerms(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := s.storeRows(ctx, tx, terms, slices.Clone(rows), stamp); err != nil {
			return err
		}
		return errProbe
	})
	if errors.Is(err, errProbe) {
		return nil
	}
	return err
}
