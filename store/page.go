package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Pages.
const (
	DefaultPageSize = 20
	MaxPageSize     = 500

	// pageBytes is where a page ends early: after the row whose message
	// brings it past this size.
	pageBytes = 8 << 20
	// statementBytes is shared by the pages of one statement, so that a list
	// of lists cannot multiply pageBytes, and bounds what it reads.
	statementBytes = 64 << 20
)

// Page asks for a stretch of a list: the first so many after a cursor, or the
// last so many before one. Without either, the first DefaultPageSize.
type Page struct {
	First, Last   *int    // at most MaxPageSize, and not both
	After, Before *string // cursors of the same list, exclusive

	Omit Omit // what of the rows need not be read
}

// Omit is a set of columns that nobody asked for: their fields stay empty.
type Omit uint8

// Columns that cost to be read.
const (
	OmitJourneys   Omit = 1 << iota // of payloads, and the host that is shown of them
	OmitMessages                    // of statuses
	OmitRequestIDs                  // of statuses
)

func (o Omit) has(columns Omit) bool { return o&columns != 0 }

// PageInfo is where a page stands in its list.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string // nil for an empty page
}

// walk is a page request that was understood.
type walk struct {
	list          string // what its cursors belong to
	limit         int
	back          bool // from the end of the stretch towards its start
	after, before *cursor
	bytes         int64 // the page ends once its texts exceed this
	omit          Omit
}

// walk reads the request; the cursors must belong to list.
func (p Page) walk(list string) (walk, error) {
	w := walk{list: list, limit: DefaultPageSize, bytes: pageBytes, omit: p.Omit}
	asked := p.First
	if p.Last != nil {
		if p.First != nil {
			return w, payload.Errorf(payload.CodeBadUserInput, "give first or last, not both")
		}
		w.back, asked = true, p.Last
	}
	if asked != nil {
		w.limit = *asked
	}
	if w.limit < 0 || w.limit > MaxPageSize {
		return w, payload.Errorf(payload.CodeBadUserInput, "first and last are between 0 and %d, not %d", MaxPageSize, w.limit)
	}
	var err error
	if p.After != nil {
		if w.after, err = decodeCursor(list, *p.After); err != nil {
			return w, err
		}
	}
	if p.Before != nil {
		if w.before, err = decodeCursor(list, *p.Before); err != nil {
			return w, err
		}
	}
	return w, nil
}

// now is the moment the walk began: its cursor's, else the one given, else
// the clock's.
func (w walk) now(given time.Time, clock func() time.Time) time.Time {
	for _, c := range []*cursor{w.after, w.before} {
		if c != nil && !c.now.IsZero() {
			return c.now
		}
	}
	if !given.IsZero() {
		return given.UTC().Truncate(time.Microsecond)
	}
	return clock()
}

// keyset adds the bounds of the walk's cursors on a list that is sorted by
// columns, falling when desc; key gives a cursor's values for the columns.
func (w walk) keyset(to *where, columns string, desc bool, key func(*cursor) []any) {
	later, earlier := ">", "<"
	if desc {
		later, earlier = earlier, later
	}
	bound := func(c *cursor, operator string) {
		if c == nil {
			return
		}
		values := key(c)
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
		to.and("("+columns+") "+operator+" ("+marks+")", values...)
	}
	bound(w.after, later)
	bound(w.before, earlier)
}

// trim cuts what a statement fetched, in the walk's direction and one row
// more than the limit, to the page in the list's order; more tells whether
// rows are left in that direction. Each row knows the bytes of those before.
func trim[T any](w walk, rows []T, bytesBefore func(*T) int64) (page []T, more bool) {
	n := min(len(rows), w.limit)
	for i := 1; i < n; i++ {
		if bytesBefore(&rows[i]) > w.bytes {
			n = i
			break
		}
	}
	page, more = slices.Clone(rows[:n]), n < len(rows)
	if w.back {
		slices.Reverse(page)
	}
	return page, more
}

// info of a page whose walk left more rows, or not, in its direction. On the
// other side there is something exactly if it started from a cursor.
func (w walk) info(more bool, cursors []string) PageInfo {
	info := PageInfo{HasNextPage: more || w.before != nil, HasPreviousPage: w.after != nil}
	if w.back {
		info = PageInfo{HasNextPage: w.before != nil, HasPreviousPage: more || w.after != nil}
	}
	if n := len(cursors); n > 0 {
		info.StartCursor, info.EndCursor = &cursors[0], &cursors[n-1]
	}
	return info
}

// listName is what cursors of a list are bound to: its name and whatever
// decides which rows it has, and in which order.
func listName(name string, parts ...any) string {
	text, err := json.Marshal(parts)
	if err != nil {
		// Filters are texts, numbers and times: only a time outside the
		// years JSON can write comes here, and must not share a name.
		return fmt.Sprintf("%s %+v", name, parts)
	}
	return name + string(text)
}

// read runs one statement in the scope of ctx, within the time a read may take.
func (s *Store) read(ctx context.Context, operation string, rows any, sql string, args ...any) error {
	scope, err := s.scope(ctx)
	if err != nil {
		return err
	}
	sql, args = inScope(scope, sql, args)
	defer s.metrics.observe(ctx, strings.ReplaceAll(operation, " ", "_"))()
	ctx, cancel := context.WithTimeout(ctx, s.config.QueryTimeout)
	defer cancel()
	db, in, again, done := s.reading(ctx)
	defer done()
	if err = db.NewRaw(sql, args...).Scan(in, rows); again(err) {
		err = s.db.NewRaw(sql, args...).Scan(ctx, rows)
	}
	return translate(operation, err)
}
