package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// walkStatuses reads up to one row more than the page, from where the walk
// stands on: payload by payload or window after window.
func (s *Store) walkStatuses(ctx context.Context, scope *statusScope, w walk, order StatusOrder) ([]statusRead, error) {
	if scope.nothing {
		return nil, nil
	}
	falling := order.Direction == Descending
	w.keyset(&scope.rest, statusOrder, falling, func(c *cursor) []any { return []any{c.date, c.id, c.hash} })
	dates := narrow(scope.dates, w, falling)
	falling = falling != w.back
	if scope.payloads != nil {
		return s.walkPayloadsEvents(ctx, scope, w, dates, falling)
	}
	return s.walkWindows(ctx, scope, w, dates, falling)
}

// walkPayloadsEvents reads the events of the scope's payloads, those first
// that reach nearest to where the walk begins, until none that is left reaches
// the page.
func (s *Store) walkPayloadsEvents(ctx context.Context, scope *statusScope, w walk, dates span, falling bool) ([]statusRead, error) {
	reaches := func(p *Payload) time.Time {
		if falling {
			return p.UpdatedAt
		}
		return p.StartedAt
	}
	ahead := func(a, b time.Time) int {
		if falling {
			return b.Compare(a)
		}
		return a.Compare(b)
	}
	payloads := slices.DeleteFunc(slices.Clone(scope.payloads), func(p *Payload) bool {
		return p.UpdatedAt.Before(dates.from) || (!dates.to.IsZero() && !p.StartedAt.Before(dates.to))
	})
	slices.SortFunc(payloads, func(a, b *Payload) int { return ahead(reaches(a), reaches(b)) })
	var rows []statusRead
	// A page is mostly filled by the first few: no more days than theirs are read.
	for size := 8; len(payloads) > 0; size *= 4 {
		if len(rows) > w.limit && ahead(rows[w.limit].Date, reaches(payloads[0])) < 0 {
			break
		}
		part, n := *scope, min(size, len(payloads))
		part.payloads, payloads = payloads[:n], payloads[n:]
		sql, args := part.rows(dates, falling, w.bytes, w.limit+1)
		var more []statusRead
		if err := s.read(ctx, "statuses", &more, sql, args...); err != nil {
			return nil, err
		}
		rows = append(rows, more...)
		slices.SortFunc(rows, func(a, b statusRead) int {
			way := cmp.Or(cmp.Compare(a.PayloadID, b.PayloadID), cmp.Compare(a.Hash, b.Hash))
			if falling {
				way = -way
			}
			return cmp.Or(ahead(a.Date, b.Date), way)
		})
		rows = rows[:min(len(rows), w.limit+1)]
	}
	var bytes int64
	for i := range rows {
		rows[i].Bytes = max(rows[i].Bytes, bytes) // a message beyond the page was not read
		bytes = rows[i].bytesAfter()
	}
	return rows, nil
}

// walkWindows reads window after window of dates.
func (s *Store) walkWindows(ctx context.Context, scope *statusScope, w walk, dates span, falling bool) ([]statusRead, error) {
	steps := windowSteps{24 * time.Hour, 30}
	if scope.joined || scope.searched {
		steps = windowSteps{time.Second, 16} // how far a page reaches is not known
	}
	var rows []statusRead
	var bytes int64
	for _, window := range dates.windows(scope.now, scope.oldest, falling, steps) {
		var more []statusRead
		sql, args := scope.rows(window, falling, w.bytes-bytes, w.limit+1-len(rows))
		if err := s.read(ctx, "statuses", &more, sql, args...); err != nil {
			return nil, err
		}
		for i := range more {
			more[i].Bytes += bytes
		}
		rows = append(rows, more...)
		if n := len(rows); n > w.limit {
			break
		} else if n > 0 {
			bytes = rows[n-1].bytesAfter()
		}
	}
	return rows, nil
}

// bytesAfter is how many bytes of messages the list has up to the row.
func (r *statusRead) bytesAfter() int64 {
	if r.Message == nil {
		return r.Bytes
	}
	return r.Bytes + int64(len(*r.Message))
}

// narrow cuts dates to what the walk's cursors leave: their own date counts,
// ties go on beyond it.
func narrow(dates span, w walk, falling bool) span {
	low, high := w.after, w.before
	if falling {
		low, high = high, low
	}
	if low != nil && low.date.After(dates.from) {
		dates.from = low.date
	}
	if high != nil {
		if past := high.date.Add(time.Microsecond); dates.to.IsZero() || past.Before(dates.to) {
			dates.to = past
		}
	}
	return dates
}

// windowSteps is how windows grow: the first is so long, and with each the
// walk has come so many times as far.
type windowSteps struct {
	first  time.Duration
	factor int
}

// farthest is where windows end: beyond it the rest is one.
const farthest = 31 * 24 * time.Hour

// windows cuts a span of dates into stretches, in the walk's direction, the
// nearest ones short: a page is mostly filled by the first, and only the
// partitions of a window are planned. Nothing is older than oldest.
func (s span) windows(now, oldest time.Time, falling bool, steps windowSteps) []span {
	if s.from.Before(oldest) {
		s.from = oldest
	}
	if !s.to.IsZero() && !s.from.Before(s.to) {
		return nil
	}
	start := s.from
	if falling {
		start = now
		if !s.to.IsZero() && s.to.Before(now) {
			start = s.to
		}
	}
	var windows []span
	rest := s
	for far := steps.first; far < farthest; far *= time.Duration(steps.factor) {
		cut := start.Add(far)
		if falling {
			cut = start.Add(-far)
		}
		if far >= 24*time.Hour {
			cut = day(cut) // partitions are read whole
		}
		if !cut.After(rest.from) || (!rest.to.IsZero() && !cut.Before(rest.to)) {
			continue
		}
		if falling {
			windows, rest.to = append(windows, span{cut, rest.to}), cut
		} else {
			windows, rest.from = append(windows, span{rest.from, cut}), cut
		}
	}
	return append(windows, rest)
}

// reads tells whether events of the dates are better read as they stand than
// by trail and second: for what messages say of more than a day.
func (scope *statusScope) reads(dates span) bool {
	return scope.searched && (dates.to.IsZero() || dates.to.Sub(dates.from) > 24*time.Hour) && dates.from.Before(scope.now.Add(-24*time.Hour))
}

// rows is the statement for one window. Each trail's newest (or oldest)
// events come off the index by trail and second, each second's are sorted;
// what the trails have in common is merged and cut.
func (scope *statusScope) rows(dates span, falling bool, bytes int64, limit int) (string, []any) {
	order := directed([]string{"s.date", "s.payload_id", "s.hash"}, falling)
	var w where
	w.dates("s.date", dates)
	w.add(scope.rest)
	from := "payload_statuses s"
	if scope.joined {
		from += " JOIN payloads p ON p.id = s.payload_id"
	}
	columns := "s.payload_id, s.date, s.hash, s.created_at, s.trail_id, " + scope.omit.message()
	args := []any{bytes}
	var events string
	if scope.payloads != nil || scope.reads(dates) {
		w.add(scope.ofPayloads())
		if !scope.all {
			w.and("s.trail_id IN (?)", bun.List(scope.trails))
		}
		events = `SELECT ` + columns + ` FROM ` + from + ` WHERE ` + w.sql()
		args = append(args, w.args...)
	} else {
		w.seconds(dates)
		events = `SELECT s.* FROM unnest(ARRAY[?]::int4[]) k(trail_id) CROSS JOIN LATERAL (
			SELECT ` + columns + ` FROM ` + from + ` WHERE s.trail_id = k.trail_id AND ` + w.sql() + `
			ORDER BY ` + directed([]string{secondOf}, falling) + ", " + order + ` LIMIT ?) s`
		args = slices.Concat(args, []any{bun.List(scope.trails)}, w.args, []any{limit})
	}
	requestID, payloads := "p.request_id", " JOIN payloads p ON p.id = s.payload_id"
	if scope.omit.has(OmitRequestIDs) {
		requestID, payloads = "'' AS request_id", ""
	}
	return `SELECT s.payload_id, ` + requestID + `, t.service, t.source, t.status, CASE WHEN s.bytes <= ? THEN s.message END AS message,
			s.date, s.created_at, s.hash, s.bytes
		FROM (SELECT s.*, coalesce(sum(octet_length(s.message)) OVER (ORDER BY ` + order + `
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes
			FROM (` + events + ` ORDER BY ` + order + ` LIMIT ?) s) s
		JOIN trails t ON t.id = s.trail_id` + payloads + `
		ORDER BY ` + order, append(args, limit)
}

// message is the column of messages of payload_statuses s.
func (o Omit) message() string {
	if o.has(OmitMessages) {
		return "NULL::text AS message"
	}
	return "s.message"
}

// ofPayloads are the conditions that events are those of the scope's payloads.
func (scope *statusScope) ofPayloads() where {
	var w where
	if scope.payloads == nil {
		return w
	}
	ids := make([]int64, len(scope.payloads))
	for i, p := range scope.payloads {
		ids[i] = p.ID
	}
	w.and("s.payload_id IN (?)", bun.List(ids))
	w.onDays("s.date", daysOf(scope.payloads))
	return w
}
