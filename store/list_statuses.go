package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

// StatusListFilter says which statuses a StatusList has.
type StatusListFilter struct {
	StatusFilter
	TakenInAt *Window
}

// StatusList is the statuses that a filter leaves, for those who read by
// offset instead of by cursor.
type StatusList struct {
	Total Total

	store *Store
	scope *statusScope
	now   time.Time
}

// statusSorts are the columns a StatusList can be sorted by, and what they
// need beside the table of events.
var statusSorts = map[string]struct{ column, join string }{
	"date":       {}, // ends every order
	"created_at": {column: "s.created_at"},
	"status_msg": {column: `coalesce(s.message, '') COLLATE "C"`},
	"service":    {`t.service COLLATE "C"`, joinTrails},
	"source":     {`t.source COLLATE "C"`, joinTrails},
	"status":     {`t.status COLLATE "C"`, joinTrails},
	"request_id": {"q.request_id", " JOIN payloads q ON q.id = s.payload_id"},
}

const joinTrails = " JOIN trails t ON t.id = s.trail_id"

// ListStatuses counts the statuses that a filter leaves. Their rows are read
// by Rows; the total tells the quick way to them.
func (s *Store) ListStatuses(ctx context.Context, filter StatusListFilter) (*StatusList, error) {
	filter.StatusFilter = filter.Given()
	if err := filter.check(); err != nil {
		return nil, err
	}
	if err := filter.TakenInAt.check("takenInAt"); err != nil {
		return nil, err
	}
	l := &StatusList{store: s, now: walk{}.now(filter.Now, s.Now)}
	var err error
	if l.scope, err = s.statusScope(ctx, &filter.StatusFilter, l.now); err != nil {
		return nil, err
	}
	if l.scope.nothing {
		l.Total.Exact = true
		return l, nil
	}
	l.scope.rest.dates("s.created_at", filter.TakenInAt.span(l.now))
	if dates := l.scope.dates; !dates.to.IsZero() && dates.to.Sub(dates.from) < 6*time.Hour {
		l.scope.all = false // a short time is found by the index by trail and second
	}
	l.Total, err = s.total(ctx, "statuses total", l.scope.countable())
	return l, err
}

// Rows reads a stretch of the list.
func (l *StatusList) Rows(ctx context.Context, order ListOrder, stretch Stretch) iter.Seq2[*Status, error] {
	return func(yield func(*Status, error) bool) {
		if l.scope.nothing || stretch.Limit == 0 {
			return
		}
		text, args, err := l.statement(ctx, order, stretch)
		if err != nil {
			yield(nil, err)
			return
		}
		words, err := l.store.trailWords(ctx, l.scope.trails)
		if err != nil {
			yield(nil, err)
			return
		}
		scan := func(rows *sql.Rows, status *Status) error { return scanStatus(rows, words, status) }
		for status, err := range stream(ctx, l.store, "list statuses", text, args, scan) {
			if !yield(status, err) {
				return
			}
		}
	}
}

// statement is what reads the stretch, by the quickest way.
func (l *StatusList) statement(ctx context.Context, order ListOrder, stretch Stretch) (string, []any, error) {
	sort, known := statusSorts[order.Column]
	if !known {
		return "", nil, bad("statuses have no order %q", order.Column)
	}
	rows := l.countable()
	var err error
	switch {
	case l.Total.Exact || stretch.Limit >= wholeList:
	case order.Column == "date":
		rows, stretch.Skip, err = l.seekDate(ctx, order.falling(), stretch)
	case order.Column == "created_at":
		rows, stretch.Skip, err = l.seekTakenIn(ctx, order.falling(), stretch)
	}
	if err != nil {
		return "", nil, err
	}
	keys := []string{"s.date", "s.payload_id", "s.hash"}
	columns := "s.payload_id, s.date, s.hash, s.created_at, s.trail_id, s.message"
	sorted := columns
	if sort.column != "" {
		keys, sorted = slices.Insert(keys, 0, "s.sort"), columns+", "+sort.column+" AS sort"
	}
	by := directed(keys, order.falling())
	rows.join += sort.join
	events := `SELECT ` + sorted + rows.from("")
	if l.Total.Exact {
		events += ` OFFSET 0` // few match: found first, sorted then
	}
	// Each row's payload is looked up by itself: a join would sort them again.
	return `SELECT ` + columns + `, (SELECT p.request_id FROM payloads p WHERE p.id = s.payload_id) AS request_id
		FROM (SELECT * FROM (` + events + `) s ORDER BY ` + by + ` OFFSET ? LIMIT ?) s ORDER BY ` + by,
		append(slices.Clone(rows.conditions.args), stretch.Skip, stretch.Limit), nil
}

func (l *StatusList) countable() countable { return l.scope.countable() }

// within is the list's rows in a short span of dates, which the index by
// trail and second finds.
func (l *StatusList) within(dates span) countable {
	scope := *l.scope
	scope.dates, scope.all = dates, false
	return scope.countable()
}

// seekDate narrows a list sorted by date to a span of dates that holds the
// stretch and little else, and says how many rows of it come before the
// stretch. How dense the rows are is guessed from the total, then learned from
// each span that was counted.
func (l *StatusList) seekDate(ctx context.Context, falling bool, stretch Stretch) (countable, int, error) {
	left := l.scope.dates
	if left.from.Before(l.scope.oldest) {
		left.from = l.scope.oldest
	}
	length := l.edge(left, falling).Sub(l.edge(left, !falling)).Abs()
	density := float64(l.Total.Value) / float64(length) // rows a nanosecond
	for try := 0; ; try++ {
		want := stretch.Skip + stretch.Limit
		aim := want + want/2 + 100
		if stretch.Skip > 1_000 {
			aim = stretch.Skip * 7 / 10 // jump over most of what is before it
		}
		step := time.Duration(min(float64(aim)/density, float64(length))) + time.Second
		at := l.edge(left, falling)
		near, rest := left, left
		if falling {
			near.from = at.Add(-step).Truncate(time.Second)
			rest.to = near.from
		} else {
			near.to = at.Add(step).Truncate(time.Second)
			rest.from = near.to
		}
		past := l.edge(left, !falling)
		last := (falling && !near.from.After(past)) || (!falling && !near.to.Before(past))
		if last {
			near = left
		}
		rows := l.within(near)
		n, err := l.store.countUpTo(ctx, "seek statuses", &rows, 2*aim+1_000)
		switch {
		case err != nil:
			return countable{}, 0, err
		case n > 2*aim+1_000 && step > 2*time.Second && try < 16: // bursts could make it swing for ever
			density = max(float64(n)/float64(step), 4*density)
			continue
		case n >= want || last:
			return rows, stretch.Skip, nil
		case n <= stretch.Skip:
			stretch.Skip, left = stretch.Skip-n, rest
		}
		density = max(float64(n)/float64(step), density/16)
	}
}

// edge is the end of dates where a walk begins that is falling, or else its
// other end. What is open ends now.
func (l *StatusList) edge(dates span, falling bool) time.Time {
	if !falling {
		return dates.from
	}
	if dates.to.IsZero() || dates.to.After(l.now) {
		return maxTime(l.now, dates.from)
	}
	return dates.to
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// seekTakenIn narrows a list sorted by when its rows were taken in to those
// taken in when the stretch's first to last were, and says how many of them
// come before the stretch: rows of one batch share the moment.
func (l *StatusList) seekTakenIn(ctx context.Context, falling bool, stretch Stretch) (countable, int, error) {
	rows := l.countable()
	var found []struct{ First, Last *time.Time }
	err := l.store.read(ctx, "seek statuses", &found, `SELECT min(created_at) AS first, max(created_at) AS last FROM (SELECT s.created_at`+
		rows.from("")+` ORDER BY `+directed([]string{"s.created_at"}, falling)+` OFFSET ? LIMIT ?) s`,
		append(slices.Clone(rows.conditions.args), stretch.Skip, stretch.Limit)...)
	if err != nil {
		return countable{}, 0, err
	}
	if len(found) != 1 || found[0].First == nil {
		rows.conditions.and("FALSE") // the list ends before the stretch
		return rows, 0, nil
	}
	first, last := *found[0].First, *found[0].Last
	if stretch.Skip > 0 {
		before := l.countable()
		if falling {
			before.conditions.and("s.created_at > ?", last)
		} else {
			before.conditions.and("s.created_at < ?", first)
		}
		n, err := l.store.countUpTo(ctx, "seek statuses", &before, stretch.Skip)
		if err != nil {
			return countable{}, 0, err
		}
		stretch.Skip -= min(n, stretch.Skip)
	}
	rows.conditions.and("s.created_at BETWEEN ? AND ?", first, last)
	return rows, stretch.Skip, nil
}

// trailWords are the words of trails, by their numbers.
func (s *Store) trailWords(ctx context.Context, ids []int32) (map[int32]trail, error) {
	var rows []struct {
		ID                      int32
		Service, Source, Status string
	}
	if err := s.read(Newest(ctx), "trails", &rows, `SELECT id, service, source, status FROM trails WHERE id IN (?)`, bun.List(ids)); err != nil {
		return nil, err
	}
	words := make(map[int32]trail, len(rows))
	for _, row := range rows {
		words[row.ID] = trail{row.Service, row.Source, row.Status}
	}
	return words, nil
}

func scanStatus(rows *sql.Rows, words map[int32]trail, s *Status) error {
	var trailID int32
	var message sql.NullString
	var requestID string
	if err := rows.Scan(&s.PayloadID, &s.Date, &s.Hash, &s.TakenInAt, &trailID, &message, &requestID); err != nil {
		return err
	}
	t, known := words[trailID]
	if !known {
		return fmt.Errorf("trail %d has no words", trailID)
	}
	s.Service, s.Source, s.Status, s.Message = t.service, t.source, t.status, message.String
	s.Date, s.TakenInAt = s.Date.UTC(), s.TakenInAt.UTC()
	var err error
	if s.RequestID, err = payload.ParseRequestID(requestID); err != nil {
		return fmt.Errorf("request id of payload %d: %w", s.PayloadID, err)
	}
	return nil
}
