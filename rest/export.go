package rest

import (
	"context"
	"encoding/csv"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

const (
	mediaJSON   = "application/json"
	mediaCSV    = "text/csv"
	mediaNDJSON = "application/x-ndjson"
)

// mediaOf is how a list is wanted: as a stream by those who name one before JSON, else as callers have always had it.
func mediaOf(accept []string) string {
	chosen, best := mediaJSON, 0.0
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		quality := 1.0
		if text, given := params["q"]; given {
			if quality, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		switch media {
		case mediaJSON, mediaCSV, mediaNDJSON:
			if quality > best {
				chosen, best = media, quality
			}
		}
	}
	return chosen
}

// Trailers of a stream: how many rows it has, and whether there were more.
const (
	trailerRows = "X-Export-Rows"
	trailerCut  = "X-Export-Cut"
)

// export streams the whole list, as far as the row limit.
func (h *handler) export(ctx context.Context, w http.ResponseWriter, media string, asked listAsked, open func(context.Context) (store.Total, rowsOf, error)) error {
	select {
	case h.exports <- struct{}{}:
		defer func() { <-h.exports }()
	default:
		w.Header().Set("Retry-After", "10")
		return payload.Errorf(payload.CodeThrottled, "%d exports are under way, the limit set by REST_EXPORTS: try again when one has ended", cap(h.exports))
	}
	total, rows, err := open(ctx)
	if err != nil {
		return asked.explain(ctx, err)
	}
	out := &lateWriter{w: w, hold: chunk}
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("X-Total-Count-Exact", strconv.FormatBool(total.Exact))
	header.Set("Trailer", trailerRows+", "+trailerCut)
	write := out.line
	if media == mediaCSV {
		write = out.csv(asked.columns)
	}
	most, count, cut := h.config.Lists.ExportRows, 0, false
	for row, err := range rows(ctx, store.Stretch{Limit: most + 1}) {
		if err == nil && count == most {
			cut = true
			break
		}
		if err == nil {
			count++
			err = write(row)
		}
		if err != nil {
			return h.ended(ctx, out, asked.explain(ctx, err))
		}
	}
	if cut {
		if err := write(newCutRow(count, len(asked.columns))); err != nil {
			return h.ended(ctx, out, err)
		}
	}
	header.Set(trailerRows, strconv.Itoa(count))
	header.Set(trailerCut, strconv.FormatBool(cut))
	return h.ended(ctx, out, nil)
}

// cutRow is the last row of a stream that has not all: it says so.
type cutRow struct {
	Cut     bool   `json:"cut"`
	Rows    int    `json:"rows"`
	Message string `json:"message"`
	columns int
}

func newCutRow(rows, columns int) cutRow {
	return cutRow{true, rows, fmt.Sprintf("cut after %d rows, the limit set by REST_EXPORT_ROWS: narrow the filter", rows), columns}
}

func (c cutRow) cells() []string {
	cells := make([]string, c.columns)
	cells[0] = c.Message
	return cells
}

// line writes a row as a line of NDJSON.
func (o *lateWriter) line(row row) error {
	if err := o.json(row); err != nil {
		return err
	}
	o.buffer.WriteByte('\n')
	return nil
}

// csv writes the head, and gives what writes a row.
func (o *lateWriter) csv(columns []string) func(row) error {
	out := csv.NewWriter(&o.buffer)
	_ = out.Write(columns) // to memory
	out.Flush()
	return func(row row) error {
		cells := row.cells()
		for i, cell := range cells {
			cells[i] = harmless(cell)
		}
		_ = out.Write(cells)
		out.Flush()
		return o.rowEnds()
	}
}

// harmless keeps a spreadsheet from running a cell as a formula: services write what they like into messages.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
