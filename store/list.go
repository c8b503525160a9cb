package store

import (
	"context"
	"database/sql"
	"iter"
	"strings"

	"github.com/payload-tracker/payload-tracker/payload"
)

// ListOrder sorts a list that is read by offset. Rows that are equal in the
// column have one order too.
type ListOrder struct {
	Column    string // as the row's field is called; see PayloadList and StatusList
	Direction OrderDirection
}

func (o ListOrder) falling() bool { return o.Direction != Ascending }

// Stretch says which rows of a list: at most Limit, after the first Skip.
type Stretch struct{ Skip, Limit int }

// wholeList is from how many rows on a stretch is read as a whole list is: no
// search for where it begins would pay.
const wholeList = 20_000

// stream runs one statement in the scope of ctx and gives its rows as they
// come: however many, few are in memory. It takes as long as ctx allows; the
// statement ends with the loop.
func stream[Row any](ctx context.Context, s *Store, operation, text string, args []any, scan func(*sql.Rows, *Row) error) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		defer s.metrics.observe(ctx, strings.ReplaceAll(operation, " ", "_"))()
		scope, err := s.scope(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		text, args := inScope(scope, text, args)
		ctx, cancel := context.WithCancel(ctx)
		db, in, again, done := s.reading(ctx)
		defer done()
		rows, err := db.QueryContext(in, text, args...)
		if again(err) {
			rows, err = s.db.QueryContext(ctx, text, args...)
		}
		if err != nil {
			cancel()
			yield(nil, translate(operation, err))
			return
		}
		defer func() { _ = rows.Close() }()
		defer cancel() // first: closing would else wait for the rows that nobody wants
		for rows.Next() {
			var row Row
			if err := scan(rows, &row); err != nil {
				yield(nil, translate(operation, err))
				return
			}
			if !yield(&row, nil) {
				return
			}
		}
		err = rows.Err()
		if again(err) { // not from the start: some rows were given
			err = payload.Errorf(payload.CodeUnavailable, "the database's replica went away; ask again")
		}
		if err != nil {
			yield(nil, translate(operation, err))
		}
	}
}
