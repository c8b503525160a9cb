package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Payload is one request and what its events have told so far.
type Payload struct {
	ID          int64 // row number: for the store's own methods, shown to nobody
	RequestID   payload.RequestID
	OrgID       string // "" = unknown, as in the three below
	Account     string
	InventoryID string // the host shown; Hosts has all
	SystemID    string
	StartedAt   time.Time // date of the first event
	UpdatedAt   time.Time // date of the newest event
	TakenInAt   time.Time // when the tracker first heard of it
	Journey     payload.Journey
}

// Duration is from the first event to the newest.
func (p *Payload) Duration() time.Duration { return p.UpdatedAt.Sub(p.StartedAt) }

// PayloadKey names one payload by exactly one of its ids.
type PayloadKey struct {
	RequestID             *payload.RequestID
	InventoryID, SystemID *string
}

// OrderDirection of a list.
type OrderDirection string

// Directions.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
)

// PayloadOrderField is what payloads are sorted by.
type PayloadOrderField string

// Fields; ties are sorted by the order in which the tracker met the payloads.
const (
	OrderByStartedAt  PayloadOrderField = "STARTED_AT"
	OrderByFailedAt   PayloadOrderField = "FAILED_AT"   // lists failed payloads only
	OrderByQuietSince PayloadOrderField = "QUIET_SINCE" // lists open (in progress or stalled) ones only

	orderByDuration PayloadOrderField = "DURATION" // see Slowest
)

// PayloadOrder sorts payloads; the zero value is the newest started first.
type PayloadOrder struct {
	Field     PayloadOrderField
	Direction OrderDirection
}

// PayloadPage is a stretch of a list of payloads, each with its cursor.
type PayloadPage struct {
	Items   []*Payload
	Cursors []string
	PageInfo
	Now time.Time // the moment the list was judged at: use it for Journey.Verdict and the total
}

const (
	plainColumns = `p.id, p.request_id, p.org_id, p.account,
	p.started_at, p.updated_at, p.created_at`
	payloadColumns = plainColumns + `, p.journey`
)

// columns of payloads p that are to be read.
func (o Omit) columns() string {
	if o.has(OmitJourneys) {
		return plainColumns
	}
	return payloadColumns
}

// payloadRow is payloadColumns, and in lists where it was sorted and how many
// bytes of journeys the statement gave before it.
type payloadRow struct {
	ID                              int64
	RequestID                       string
	OrgID, Account                  string
	StartedAt, UpdatedAt, CreatedAt time.Time
	Journey                         []byte
	SortAt                          time.Time
	Bytes                           int64
}

func (r *payloadRow) payload() (*Payload, error) {
	p := &Payload{
		ID: r.ID, OrgID: r.OrgID, Account: r.Account,
		StartedAt: r.StartedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), TakenInAt: r.CreatedAt.UTC(),
	}
	var err error
	if p.RequestID, err = payload.ParseRequestID(r.RequestID); err != nil {
		return nil, fmt.Errorf("request id of payload %d: %w", r.ID, err)
	}
	if r.Journey == nil {
		return p, nil // nobody asked for it
	}
	if err = p.Journey.UnmarshalBinary(r.Journey); err != nil {
		return nil, fmt.Errorf("journey of payload %s: %w", p.RequestID, err)
	}
	p.InventoryID, p.SystemID = p.Journey.InventoryID(), p.Journey.SystemID()
	return p, nil
}

// Payload finds one payload; a host's id gives the newest started one that
// names it. It is nil, without an error, when there is none.
func (s *Store) Payload(ctx context.Context, key PayloadKey) (*Payload, error) {
	w, err := key.where()
	if err != nil {
		return nil, err
	}
	if key.RequestID != nil {
		return s.payload(ctx, *key.RequestID)
	}
	var rows []payloadRow
	err = s.read(ctx, "payload", &rows, `SELECT `+payloadColumns+` FROM payloads p WHERE `+w.sql()+`
		ORDER BY p.started_at DESC, p.id DESC LIMIT 1`, w.args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].payload()
}

func (k PayloadKey) where() (where, error) {
	w := shown()
	given := 0
	if k.RequestID != nil {
		given++
		w.and("p.request_id = ?", usualSpelling(*k.RequestID))
	}
	for _, h := range []struct {
		side string
		id   *string
	}{{"inventory", k.InventoryID}, {"system", k.SystemID}} {
		if h.id == nil {
			continue
		}
		given++
		id := strings.TrimSpace(*h.id)
		if id == "" || !sayable(id) {
			return w, bad("a host id is text that is not blank")
		}
		w.host(h.side, &Text{Eq: &id})
	}
	if given != 1 {
		return w, bad("a payload is asked for by exactly one of its ids")
	}
	return w, nil
}

// shown hides the payloads of which only the row was reserved: those have no
// journey, and no dates, which indexes know.
func shown() where {
	var w where
	w.and("p.started_at IS NOT NULL")
	return w
}

// PayloadsByID reads payloads by their row numbers; unknown ones are left out.
func (s *Store) PayloadsByID(ctx context.Context, ids []int64, omit Omit) (map[int64]*Payload, error) {
	found := make(map[int64]*Payload, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	w := shown()
	w.and("p.id IN (?)", bun.List(ids))
	var rows []payloadRow
	if err := s.read(ctx, "payloads by id", &rows, `SELECT `+omit.columns()+` FROM payloads p WHERE `+w.sql(), w.args...); err != nil {
		return nil, err
	}
	for i := range rows {
		p, err := rows[i].payload()
		if err != nil {
			return nil, err
		}
		found[p.ID] = p
	}
	return found, nil
}

// Payloads lists payloads. A filter that contradicts itself or the order is a
// *payload.Error BAD_USER_INPUT.
func (s *Store) Payloads(ctx context.Context, filter PayloadFilter, order PayloadOrder, page Page) (*PayloadPage, error) {
	filter = filter.Given()
	if err := filter.check(); err != nil {
		return nil, err
	}
	order, err := order.check(&filter)
	if err != nil {
		return nil, err
	}
	w, err := page.walk(listName("payloads", filter, order))
	if err != nil {
		return nil, err
	}
	now := w.now(filter.Now, s.Now)
	filter = order.Restrict(filter)
	conditions, err := s.payloadConditions(ctx, &filter, now)
	if err != nil {
		return nil, err
	}
	return s.payloadPage(ctx, conditions, order, w, now)
}

// check fills the defaults in, and refuses what the order cannot sort.
func (o PayloadOrder) check(f *PayloadFilter) (PayloadOrder, error) {
	if o.Field == "" {
		o.Field = OrderByStartedAt
	}
	if o.Direction == "" {
		o.Direction = Descending
	}
	if o.Direction != Ascending && o.Direction != Descending {
		return o, bad("orderBy: there is no direction %q", string(o.Direction))
	}
	if o.column() == "" {
		return o, bad("orderBy: payloads have no order %q", string(o.Field))
	}
	sortable, v := o.states(), f.Verdict
	if o.Field == OrderByQuietSince && f.asksForFailure() {
		return o, bad("orderBy: %s lists only payloads whose verdict is one of %v: they have no failure to filter by", o.Field, sortable)
	}
	if v == nil || sortable == nil {
		return o, nil
	}
	asked := v.states()
	sorts := func(state payload.State) bool { return slices.Contains(sortable, state) }
	other := func(state payload.State) bool { return !sorts(state) }
	named := v.Eq != nil || v.In != nil
	if (named && slices.ContainsFunc(asked, other)) || (len(asked) > 0 && !slices.ContainsFunc(asked, sorts)) {
		return o, bad("orderBy: %s lists only payloads whose verdict is one of %v", o.Field, sortable)
	}
	return o, nil
}

func (o PayloadOrder) column() string {
	switch o.Field {
	case "", OrderByStartedAt:
		return "p.started_at"
	case OrderByFailedAt:
		return "p.failed_at"
	case OrderByQuietSince:
		return "p.quiet_since"
	case orderByDuration:
		return "timestamptz 'epoch' + (p.updated_at - p.started_at)" // places in lists are moments
	}
	return ""
}

// states the order lists; nil: all.
func (o PayloadOrder) states() []payload.State {
	switch o.Field {
	case OrderByFailedAt:
		return []payload.State{payload.StateFailed}
	case OrderByQuietSince:
		return []payload.State{payload.StateInProgress, payload.StateStalled}
	case OrderByStartedAt, orderByDuration:
	}
	return nil
}

// Restrict is filter with what the order alone leaves out: the total of an
// ordered list is the PayloadsTotal of its restricted filter.
func (o PayloadOrder) Restrict(filter PayloadFilter) PayloadFilter {
	sortable := o.states()
	if sortable == nil {
		return filter
	}
	verdict := VerdictFilter{In: []payload.State{}}
	for _, state := range filter.Verdict.states() {
		if slices.Contains(sortable, state) {
			verdict.In = append(verdict.In, state)
		}
	}
	filter.Verdict = &verdict
	return filter
}

// payloadConditions turns a checked filter into conditions on payloads p.
func (s *Store) payloadConditions(ctx context.Context, f *PayloadFilter, now time.Time) (where, error) {
	w := shown()
	w.requestID("p.request_id", f.RequestID)
	w.text("p.org_id", false, f.OrgID)
	w.text("p.account", false, f.Account)
	w.host("inventory", f.InventoryID)
	w.host("system", f.SystemID)
	w.text("p.failed_service", true, f.FailedService.lower())
	w.text("p.failed_message", true, f.FailureMessage)
	w.fingerprint("p.failed_fingerprint", f.Fingerprint)
	w.dates("p.started_at", f.StartedAt.span(now))
	w.duration(f.Duration)
	if f.FailedAt != nil {
		w.and("p.outcome = 1")
		w.dates("p.failed_at", f.FailedAt.span(now))
	}
	if f.Verdict != nil {
		w.verdict(f.Verdict.states(), now)
	}
	return w, s.passed(ctx, &w, f.Service, f.Source, f.Status, f.StartedAt.span(now))
}

// verdict adds that Journey.Verdict at now gives one of the states: outcome
// is the part of it that does not depend on now.
func (w *where) verdict(states []payload.State, now time.Time) {
	has := func(state payload.State) bool { return slices.Contains(states, state) }
	var alternatives []where
	alternative := func(sql string, args ...any) {
		var a where
		a.and(sql, args...)
		alternatives = append(alternatives, a)
	}
	if has(payload.StateFailed) {
		alternative("p.outcome = 1")
	}
	if has(payload.StateSucceeded) {
		alternative("p.outcome = 2")
	}
	switch {
	case has(payload.StateInProgress) && has(payload.StateStalled):
		alternative("p.outcome = 0")
	case has(payload.StateInProgress):
		alternative("p.outcome = 0 AND p.stalls_at > ?", now)
	case has(payload.StateStalled):
		alternative("p.outcome = 0 AND p.stalls_at <= ?", now)
	}
	w.anyOf(alternatives)
}

// payloadPage reads a page of the payloads that meet the conditions.
func (s *Store) payloadPage(ctx context.Context, conditions where, order PayloadOrder, w walk, now time.Time) (*PayloadPage, error) {
	rows, err := s.walkPayloads(ctx, conditions, order, w)
	if err != nil {
		return nil, err
	}
	kept, more := trim(w, rows, func(r *payloadRow) int64 { return r.Bytes })
	page := &PayloadPage{Now: now}
	for i := range kept {
		p, err := kept[i].payload()
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, p)
		page.Cursors = append(page.Cursors, cursor{now: now, date: kept[i].SortAt, id: p.ID}.encode(w.list))
	}
	page.PageInfo = w.info(more, page.Cursors)
	return page, nil
}

// walkPayloads reads up to one row more than the page. Payloads that moved
// into it from where the walk has been are left out, and others read in their
// place: rarely more than the one look that finds none.
func (s *Store) walkPayloads(ctx context.Context, conditions where, order PayloadOrder, w walk) ([]payloadRow, error) {
	falling := order.Direction == Descending
	w.keyset(&conditions, order.column()+", p.id", falling, func(c *cursor) []any { return []any{c.date, c.id} })
	from := w.after
	if w.back {
		from = w.before
	}
	falling = falling != w.back
	for {
		sql, args := payloadsStatement(conditions, order.column(), falling, w)
		var rows []payloadRow
		if err := s.read(ctx, "payloads", &rows, sql, args...); err != nil {
			return nil, err
		}
		inPage := rows
		if !w.omit.has(OmitJourneys) {
			inPage = slices.DeleteFunc(slices.Clone(rows), func(r payloadRow) bool { return r.Journey == nil })
		}
		moved, err := s.moved(ctx, inPage, order, from, falling)
		if err != nil || len(moved) == 0 {
			return rows, err
		}
		conditions.and("p.id NOT IN (?)", bun.List(moved))
	}
}

func payloadsStatement(conditions where, column string, falling bool, w walk) (string, []any) {
	listed, given := directed([]string{column, "p.id"}, falling), directed([]string{"p.sort_at", "p.id"}, falling)
	if w.omit.has(OmitJourneys) {
		return `SELECT ` + plainColumns + `, ` + column + ` AS sort_at
			FROM payloads p WHERE ` + conditions.sql() + ` ORDER BY ` + listed + ` LIMIT ?`, append(slices.Clone(conditions.args), w.limit+1)
	}
	return `SELECT p.id, p.request_id, p.org_id, p.account,
			p.started_at, p.updated_at, p.created_at, CASE WHEN p.bytes <= ? THEN p.journey END AS journey, p.sort_at, p.bytes
		FROM (SELECT p.*, coalesce(sum(octet_length(p.journey)) OVER (ORDER BY ` + given + `
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes
			FROM (SELECT ` + payloadColumns + `, ` + column + ` AS sort_at FROM payloads p WHERE ` + conditions.sql() + `
				ORDER BY ` + listed + ` LIMIT ?) p) p
		ORDER BY ` + given, slices.Concat([]any{w.bytes}, conditions.args, []any{w.limit + 1})
}
