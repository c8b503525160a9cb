package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// ListsConfig bounds what the two lists give.
type ListsConfig struct {
	MaxPageSize   int           // rows of a page (default 10,000)
	MaxOffset     int           // rows before a page of a list too long to be counted (default 40,000)
	ExportRows    int           // rows of a CSV or NDJSON answer (default 1,000,000)
	ExportTimeout time.Duration // for one of them (default 10 min)
	Exports       int           // of them at once; each holds a connection to the database (default 2)
}

func (c ListsConfig) withDefaults() ListsConfig {
	setDefault(&c.MaxPageSize, 10_000)
	setDefault(&c.MaxOffset, 40_000)
	setDefault(&c.ExportRows, 1_000_000)
	setDefault(&c.ExportTimeout, 10*time.Minute)
	setDefault(&c.Exports, 2)
	return c
}

const (
	// heldBack is up to where a page is kept until it is whole: what fails before can be said with a status, and the
	// database waits for no reader. Only huge messages make a page larger.
	heldBack = 8 << 20
	// chunk is what a stream sends at a time.
	chunk = 64 << 10
	// readerPatience is for how long a reader may take nothing.
	readerPatience = 30 * time.Second
)

var pageParams = []string{"page", "page_size", "sort_by", "sort_dir"}

// row is one of a list: an object of JSON, or the cells of CSV.
type row interface{ cells() []string }

// rowsOf reads a stretch of a list.
type rowsOf func(context.Context, store.Stretch) iter.Seq2[row, error]

// listAsked is what a caller wants of a list, its filter apart.
type listAsked struct {
	page    page
	order   store.ListOrder
	quick   bool     // an index has that order
	columns []string // of a row
	filters []string // what to add where it takes too long
}

func (h *handler) askedOf(query url.Values, sorts sorts) (asked listAsked, err error) {
	if asked.page, err = pageOf(query, h.config.Lists.MaxPageSize); err != nil {
		return asked, err
	}
	if asked.order, err = sorts.order(query); err != nil {
		return asked, err
	}
	asked.quick = slices.Contains(sorts.quick, asked.order.Column)
	return asked, nil
}

// list answers with a list, as a page of JSON or as a stream of the whole.
func (h *handler) list(w http.ResponseWriter, r *http.Request, asked listAsked, open func(context.Context) (store.Total, rowsOf, error)) error {
	began := h.config.Now()
	ctx, cancel := context.WithTimeout(r.Context(), h.config.Lists.ExportTimeout)
	defer cancel()
	w.Header().Set("Vary", "Accept")
	media := mediaOf(r.Header.Values("Accept"))
	if media != mediaJSON {
		return h.export(ctx, w, media, asked, open)
	}
	ctx, begun, stop := until(ctx, h.config.Timeout)
	defer stop()
	total, rows, err := open(ctx)
	if err != nil {
		return asked.explain(ctx, err)
	}
	if err := asked.checkDepth(total, h.config.Lists.MaxOffset); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", mediaJSON)
	header.Set("X-Total-Count-Exact", strconv.FormatBool(total.Exact))
	out := &lateWriter{w: w, hold: heldBack}
	err = writePage(out, total.Value, began, h.config.Now, func(yield func(row, error) bool) {
		for row, err := range rows(ctx, store.Stretch{Skip: asked.page.skip(), Limit: asked.page.size}) {
			begun()
			if !yield(row, err) {
				return
			}
		}
	})
	return h.ended(r.Context(), out, asked.explain(ctx, err))
}

// until is ctx that ends after d, unless begun is called before.
func until(parent context.Context, d time.Duration) (ctx context.Context, begun, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	timer := time.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() { timer.Stop() }, func() { timer.Stop(); cancel(nil) }
}

// writePage writes the object that callers know: count and elapsed are known before the first row is.
func writePage(out *lateWriter, count int, began time.Time, now func() time.Time, rows iter.Seq2[row, error]) error {
	head := func() { fmt.Fprintf(out, `{"count":%d,"elapsed":%g,"data":[`, count, now().Sub(began).Seconds()) }
	separator := head
	for row, err := range rows {
		if err != nil {
			return err
		}
		separator()
		separator = func() { out.buffer.WriteByte(',') }
		if err := out.json(row); err != nil {
			return err
		}
	}
	if out.buffer.Len() == 0 && !out.begun {
		head()
	}
	out.buffer.WriteString("]}")
	return nil
}

// checkDepth refuses pages that only a long walk finds. A list that was counted is short enough for any.
func (a *listAsked) checkDepth(total store.Total, most int) error {
	if total.Exact || a.page.skip() <= most {
		return nil
	}
	return bad("page %d begins after more than %d rows, the limit set by REST_MAX_OFFSET: go on with created_at_lt (or _gt) from the last row you have, "+
		"or take the whole list with the header Accept: %s or %s", a.page.number, most, mediaCSV, mediaNDJSON)
}

// explain says how to ask for less where sorting took too long.
func (a *listAsked) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		err = payload.Errorf(payload.CodeTimeout, "the question took too long: add a filter by %s", strings.Join(a.filters, ", "))
	}
	if told, ok := errors.AsType[*payload.Error](err); ok && told.Code == payload.CodeTimeout && !a.quick {
		return bad("sorting by %s took too long: add a filter by %s, so that fewer rows match", a.order.Column, strings.Join(a.filters, ", "))
	}
	return err
}

// ended sends what is held back, or gives the error for an answer that has not begun. One that has is broken off, so
// that nobody takes a part for the whole.
func (h *handler) ended(ctx context.Context, out *lateWriter, err error) error {
	if err == nil {
		err = out.flush()
		out.patience(time.Time{})
	}
	if err == nil {
		return nil
	}
	if !out.begun {
		out.w.Header().Del("Trailer")
		out.w.Header().Del("X-Total-Count-Exact")
		return err
	}
	if !errors.Is(ctx.Err(), context.Canceled) { // else the reader has gone
		h.log.WarnContext(ctx, "an answer was broken off", slog.Any("error", err))
	}
	panic(http.ErrAbortHandler)
}

// lateWriter holds an answer back until it is whole, or larger than hold.
type lateWriter struct {
	w      http.ResponseWriter
	hold   int
	buffer bytes.Buffer
	begun  bool // some of it is on its way
}

func (o *lateWriter) Write(b []byte) (int, error) { return o.buffer.Write(b) }

// json writes a row.
func (o *lateWriter) json(row row) error {
	text, err := json.Marshal(row)
	if err != nil {
		return err
	}
	o.buffer.Write(text)
	return o.rowEnds()
}

// rowEnds is called after each row.
func (o *lateWriter) rowEnds() error {
	if o.buffer.Len() < o.hold {
		return nil
	}
	o.hold = min(o.hold, chunk)
	return o.flush()
}

func (o *lateWriter) flush() error {
	o.patience(time.Now().Add(readerPatience))
	o.begun = true
	_, err := o.w.Write(o.buffer.Bytes())
	o.buffer.Reset()
	if o.buffer.Cap() > 2*chunk {
		o.buffer = bytes.Buffer{}
	}
	return err
}

// patience ends writing at a time; the zero time is never.
func (o *lateWriter) patience(until time.Time) {
	_ = http.NewResponseController(o.w).SetWriteDeadline(until) // not every writer has a connection
}
