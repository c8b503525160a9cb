package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Status is one stored event and its word.
type Status struct {
	PayloadID       int64 // row number of its payload, shown to nobody
	RequestID       payload.RequestID
	Service, Source string // Source "" = none
	Status          string
	Message         string // "" = none
	Date            time.Time
	TakenInAt       time.Time
	Hash            int64 // of the content; with RequestID and Date it names the event
	// SincePrevious is the time since the event before it in its payload's
	// timeline; nil for the first one, and in lists across payloads.
	SincePrevious *time.Duration
}

// StatusPage is a stretch of a list of statuses, each with its cursor.
type StatusPage struct {
	Items   []*Status
	Cursors []string
	PageInfo
	Now time.Time // the moment the list's window was seen from; zero for a timeline
}

// StatusOrderField is what statuses are sorted by.
type StatusOrderField string

// OrderByDate sorts by the event's date; ties have a fixed order.
const OrderByDate StatusOrderField = "DATE"

// StatusOrder sorts statuses; the zero value is the newest first.
type StatusOrder struct {
	Field     StatusOrderField
	Direction OrderDirection
}

func (o StatusOrder) check() (StatusOrder, error) {
	if o.Field == "" {
		o.Field = OrderByDate
	}
	if o.Direction == "" {
		o.Direction = Descending
	}
	if o.Field != OrderByDate {
		return o, bad("orderBy: statuses have no order %q", string(o.Field))
	}
	if o.Direction != Ascending && o.Direction != Descending {
		return o, bad("orderBy: there is no direction %q", string(o.Direction))
	}
	return o, nil
}

// statusRead is a row of payload_statuses with its trail's words. Item is
// which of the lists of a statement it belongs to, Bytes how many bytes of
// messages the list had before it.
type statusRead struct {
	Item                    int
	PayloadID               int64
	RequestID               string
	Service, Source, Status string
	Message                 *string
	Date, CreatedAt         time.Time
	Hash                    int64
	Bytes                   int64
	Previous                *time.Time
}

func (r *statusRead) status(requestID payload.RequestID) *Status {
	s := &Status{
		PayloadID: r.PayloadID, RequestID: requestID, Service: r.Service, Source: r.Source, Status: r.Status,
		Date: r.Date.UTC(), TakenInAt: r.CreatedAt.UTC(), Hash: r.Hash,
	}
	if r.Message != nil {
		s.Message = *r.Message
	}
	if r.Previous != nil {
		s.since(*r.Previous)
	}
	return s
}

func (s *Status) since(previous time.Time) {
	d := s.Date.Sub(previous)
	s.SincePrevious = &d
}

// Statuses lists statuses across payloads. It costs one statement to look up
// the words (and one for the payloads, when request ids are given), and one to
// four for the rows: see windows.
func (s *Store) Statuses(ctx context.Context, filter StatusFilter, order StatusOrder, page Page) (*StatusPage, error) {
	if err := filter.check(); err != nil {
		return nil, err
	}
	order, err := order.check()
	if err != nil {
		return nil, err
	}
	w, err := page.walk(listName("statuses", filter, order))
	if err != nil {
		return nil, err
	}
	now := w.now(filter.Now, s.Now)
	scope, err := s.statusScope(ctx, &filter, now)
	if err != nil {
		return nil, err
	}
	rows, err := s.walkStatuses(ctx, scope, w, order, now)
	if err != nil {
		return nil, err
	}
	kept, more := trim(w, rows, func(r *statusRead) int64 { return r.Bytes })
	result := &StatusPage{Now: now}
	for i := range kept {
		requestID, err := payload.ParseRequestID(kept[i].RequestID)
		if err != nil {
			return nil, fmt.Errorf("request id of payload %d: %w", kept[i].PayloadID, err)
		}
		item := kept[i].status(requestID)
		result.Items = append(result.Items, item)
		result.Cursors = append(result.Cursors, cursor{now: now, date: item.Date, id: item.PayloadID, hash: item.Hash}.encode(w.list))
	}
	result.PageInfo = w.info(more, result.Cursors)
	return result, nil
}

// statusScope is a filter on statuses, resolved to what the indexes know.
type statusScope struct {
	nothing  bool    // no row can match
	trails   []int32 // the row has one of these
	all      bool    // trails are all there are
	payloads []int64 // nil: any
	days     []span  // of payloads
	dates    span
	oldest   time.Time // no row is older
	rest     where     // on payload_statuses s, and p when joined
	joined   bool
}

func (s *Store) statusScope(ctx context.Context, asked *StatusFilter, now time.Time) (*statusScope, error) {
	tenant, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	f := asked.within(tenant)
	scope := &statusScope{dates: f.Date.span(now), all: f.Service == nil && f.Source == nil && f.Status == nil}
	if scope.trails, scope.oldest, err = s.trailIDs(ctx, f.Service, f.Source, f.Status); err != nil {
		return nil, err
	}
	scope.nothing = len(scope.trails) == 0
	scope.rest.text("s.message", true, f.Message)
	ofPayload := where{}
	ofPayload.text("p.org_id", false, f.OrgID)
	ofPayload.text("p.account", false, f.Account)
	ofPayload.requestID("p.request_id", f.RequestID)
	if f.RequestID != nil && (f.RequestID.Eq != nil || f.RequestID.In != nil) {
		return scope, s.scopeToPayloads(ctx, scope, ofPayload)
	}
	scope.joined = len(ofPayload.parts) > 0
	scope.rest.add(ofPayload)
	return scope, nil
}

// scopeToPayloads reads the few payloads that request ids name: their events
// are found by payload and day.
func (s *Store) scopeToPayloads(ctx context.Context, scope *statusScope, conditions where) error {
	conditions.add(shown())
	var rows []payloadRow
	err := s.read(ctx, "payloads of statuses", &rows, `SELECT `+payloadColumns+` FROM payloads p WHERE `+conditions.sql(), conditions.args...)
	if err != nil {
		return err
	}
	var payloads []*Payload
	for i := range rows {
		p, err := rows[i].payload()
		if err != nil {
			return err
		}
		payloads = append(payloads, p)
		scope.payloads = append(scope.payloads, p.ID)
	}
	scope.days = daysOf(payloads)
	scope.nothing = scope.nothing || len(payloads) == 0
	return nil
}

// statusOrder sorts rows of one date too; both names are columns of s.
const statusOrder = "s.date, s.payload_id, s.hash"

// secondOf is what the index by trail knows of a date.
const secondOf = "date_bin('1 second', s.date, '1970-01-01 00:00:00+00')"

// seconds adds the conditions on secondOf that a span of dates has.
func (w *where) seconds(dates span) {
	if !dates.from.IsZero() {
		w.and(secondOf+" >= ?", dates.from.Truncate(time.Second))
	}
	if !dates.to.IsZero() {
		w.and(secondOf+" < ?", dates.to)
	}
}

func directed(columns []string, falling bool) string {
	direction := " ASC"
	if falling {
		direction = " DESC"
	}
	text := ""
	for i, column := range columns {
		if i > 0 {
			text += ", "
		}
		text += column + direction
	}
	return text
}

// walkStatuses reads up to one row more than the page, window after window.
func (s *Store) walkStatuses(ctx context.Context, scope *statusScope, w walk, order StatusOrder, now time.Time) ([]statusRead, error) {
	if scope.nothing {
		return nil, nil
	}
	falling := order.Direction == Descending
	w.keyset(&scope.rest, statusOrder, falling, func(c *cursor) []any { return []any{c.date, c.id, c.hash} })
	dates := narrow(scope.dates, w, falling)
	falling = falling != w.back
	windows := []span{dates}
	if scope.payloads == nil {
		windows = dates.windows(now, scope.oldest, falling)
	}
	var rows []statusRead
	var bytes int64
	for _, window := range windows {
		var more []statusRead
		sql, args := scope.rows(window, falling, w.bytes-bytes, w.limit+1-len(rows))
		if err := s.read(ctx, "statuses", &more, sql, args...); err != nil {
			return nil, err
		}
		for i := range more {
			more[i].Bytes += bytes
		}
		rows = append(rows, more...)
		if n := len(rows); n > 0 {
			last := rows[n-1]
			bytes = last.Bytes
			if last.Message != nil {
				bytes += int64(len(*last.Message))
			}
		}
		if len(rows) > w.limit {
			break
		}
	}
	return rows, nil
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

// windows cuts a span of dates into at most three stretches, in the walk's direction,
// the nearest ones short: a page is mostly filled by the first, and only the
// partitions of a window are planned. Nothing is older than oldest.
func (s span) windows(now, oldest time.Time, falling bool) []span {
	if s.from.Before(oldest) {
		s.from = oldest
	}
	if !s.to.IsZero() && !s.from.Before(s.to) {
		return nil
	}
	const daily = 24 * time.Hour
	near, far := 1*daily, 30*daily
	var cuts []time.Time // in the walk's direction
	if falling {
		start := now
		if !s.to.IsZero() && s.to.Before(now) {
			start = s.to
		}
		cuts = []time.Time{day(start.Add(-near)), day(start.Add(-far))}
	} else {
		cuts = []time.Time{day(s.from).Add(near + daily), day(s.from).Add(far + daily)}
	}
	var windows []span
	rest := s
	for _, cut := range cuts {
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
	columns := "s.payload_id, s.date, s.hash, s.created_at, s.trail_id, s.message"
	args := []any{bytes}
	var events string
	if scope.payloads != nil {
		w.and("s.payload_id IN (?)", bun.List(scope.payloads))
		w.onDays("s.date", scope.days)
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
	return `SELECT s.payload_id, p.request_id, t.service, t.source, t.status, CASE WHEN s.bytes <= ? THEN s.message END AS message,
			s.date, s.created_at, s.hash, s.bytes
		FROM (SELECT s.*, coalesce(sum(octet_length(s.message)) OVER (ORDER BY ` + order + `
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes
			FROM (` + events + ` ORDER BY ` + order + ` LIMIT ?) s) s
		JOIN trails t ON t.id = s.trail_id JOIN payloads p ON p.id = s.payload_id
		ORDER BY ` + order, append(args, limit)
}
