package store

import (
	"context"
	"fmt"
	"time"

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
// messages the list had before it, Total how many all lists have up to it.
type statusRead struct {
	Item                    int
	PayloadID               int64
	RequestID               string
	Service, Source, Status string
	Message                 *string
	Date, CreatedAt         time.Time
	Hash                    int64
	Bytes, Total            int64
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
// the words, up to two for the payloads when these are named, and mostly one
// for the rows: see walkStatuses.
func (s *Store) Statuses(ctx context.Context, filter StatusFilter, order StatusOrder, page Page) (*StatusPage, error) {
	filter = filter.Given()
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
	scope.omit = page.Omit
	rows, err := s.walkStatuses(ctx, scope, w, order)
	if err != nil {
		return nil, err
	}
	kept, more := trim(w, rows, func(r *statusRead) int64 { return r.Bytes })
	result := &StatusPage{Now: now}
	for i := range kept {
		var requestID payload.RequestID
		if !page.Omit.has(OmitRequestIDs) {
			if requestID, err = payload.ParseRequestID(kept[i].RequestID); err != nil {
				return nil, fmt.Errorf("request id of payload %d: %w", kept[i].PayloadID, err)
			}
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
	now      time.Time
	nothing  bool       // no row can match
	trails   []int32    // the row has one of these
	all      bool       // trails are all there are
	payloads []*Payload // nil: any
	dates    span
	oldest   time.Time // no row is older
	rest     where     // on payload_statuses s, and p when joined
	joined   bool
	searched bool // rest reads messages
	omit     Omit
}

func (s *Store) statusScope(ctx context.Context, asked *StatusFilter, now time.Time) (*statusScope, error) {
	tenant, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	f := asked.within(tenant)
	scope := &statusScope{now: now, dates: f.Date.span(now), all: f.Service == nil && f.Source == nil && f.Status == nil}
	if scope.trails, scope.oldest, err = s.trailIDs(ctx, f.Service, f.Source, f.Status); err != nil {
		return nil, err
	}
	scope.nothing = len(scope.trails) == 0
	scope.searched = f.Message != nil
	scope.rest.text("s.message", true, f.Message)
	ofPayload := where{}
	ofPayload.text("p.org_id", false, f.OrgID)
	ofPayload.text("p.account", false, f.Account)
	ofPayload.requestID("p.request_id", f.RequestID)
	few := f.RequestID.names()
	if !few && (f.OrgID.names() || f.Account.names()) {
		if few, err = s.fewPayloads(ctx, ofPayload); err != nil {
			return nil, err
		}
	}
	if few {
		return scope, s.scopeToPayloads(ctx, scope, ofPayload)
	}
	scope.joined = len(ofPayload.parts) > 0
	scope.rest.add(ofPayload)
	return scope, nil
}

// names tells whether t says which values match.
func (t *Text) names() bool { return t != nil && (t.Eq != nil || t.In != nil) }

// fewPayloads tells whether the payloads that meet the conditions are better
// read and their events found by them: an organisation that has more is met
// soon by a walk over all events.
func (s *Store) fewPayloads(ctx context.Context, conditions where) (bool, error) {
	const few = 3_000
	conditions.add(shown())
	n, err := s.countUpTo(ctx, "payloads of statuses", &countable{table: "payloads p", conditions: conditions}, few)
	return n <= few, err
}

// scopeToPayloads reads the payloads that meet the conditions: their events
// are found by payload and day.
func (s *Store) scopeToPayloads(ctx context.Context, scope *statusScope, conditions where) error {
	conditions.add(shown())
	var rows []payloadRow
	err := s.read(ctx, "payloads of statuses", &rows, `SELECT `+payloadColumns+` FROM payloads p WHERE `+conditions.sql(), conditions.args...)
	if err != nil {
		return err
	}
	scope.payloads = make([]*Payload, len(rows))
	for i := range rows {
		if scope.payloads[i], err = rows[i].payload(); err != nil {
			return err
		}
	}
	scope.nothing = scope.nothing || len(rows) == 0
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
