package rest

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

func bad(format string, args ...any) error {
	return payload.Errorf(payload.CodeBadUserInput, format, args...)
}

// page is which rows of a list a caller wants.
type page struct{ number, size int }

// pageOf reads page and page_size; an empty one counts as absent.
func pageOf(query url.Values, most int) (page, error) {
	var p page
	var err error
	if p.number, err = strconv.Atoi(cmp.Or(query.Get("page"), "0")); err != nil {
		return p, bad("%v", err)
	}
	if p.size, err = strconv.Atoi(cmp.Or(query.Get("page_size"), "10")); err != nil {
		return p, bad("%v", err)
	}
	p.number = max(p.number, 0)
	switch {
	case p.size < 0:
		return p, bad("page_size must not be negative")
	case p.size > most:
		return p, bad("page_size must be at most %d, the limit set by REST_MAX_PAGE_SIZE", most)
	}
	return p, nil
}

// skip is how many rows come before the page: not more than can be counted.
func (p page) skip() int {
	const most = 1 << 40
	if p.size > 0 && p.number > most/p.size {
		return most
	}
	return p.number * p.size
}

// direction reads sort_dir.
func direction(query url.Values) (store.OrderDirection, error) {
	switch cmp.Or(query.Get("sort_dir"), "desc") {
	case "asc":
		return store.Ascending, nil
	case "desc":
		return store.Descending, nil
	}
	return "", bad("sort_dir must be one of asc, desc")
}

// sorts is what a list can be sorted by.
type sorts struct {
	columns  []string // as the error names them
	more     []string // accepted too
	standard string
	quick    []string // those whose order an index has
}

func (s sorts) order(query url.Values) (store.ListOrder, error) {
	column := cmp.Or(query.Get("sort_by"), s.standard)
	if !slices.Contains(s.columns, column) && !slices.Contains(s.more, column) {
		return store.ListOrder{}, bad("sort_by must be one of %s", strings.Join(s.columns, ", "))
	}
	dir, err := direction(query)
	return store.ListOrder{Column: column, Direction: dir}, err
}

// bounds are the endings of the parameters that bound a time.
var bounds = []string{"_lt", "_lte", "_gt", "_gte"}

func boundsOf(name string) []string {
	var params []string
	for _, bound := range bounds {
		params = append(params, name+bound)
	}
	return params
}

// windowOf reads the bounds of a time; nil when there are none. Times are kept in whole microseconds, so "later than"
// begins with the next one. Bounds that leave nothing give an empty window.
func windowOf(query url.Values, name string) (*store.Window, error) {
	var w store.Window
	for _, bound := range bounds {
		text := query.Get(name + bound)
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, bad("invalid timestamp format provided")
		}
		if bound == "_lte" || bound == "_gt" {
			t = t.Truncate(time.Microsecond).Add(time.Microsecond)
		}
		switch bound {
		case "_lt", "_lte":
			if w.To == nil || t.Before(*w.To) {
				w.To = &t
			}
		case "_gt", "_gte":
			if w.From == nil || t.After(*w.From) {
				w.From = &t
			}
		}
	}
	if w.From == nil && w.To == nil {
		return nil, nil
	}
	if w.From != nil && w.To != nil && w.To.Before(*w.From) {
		w.To = w.From
	}
	return &w, nil
}

// equalTo reads an exact filter; nil when it is absent.
func equalTo(query url.Values, name string) *store.Text {
	value := query.Get(name)
	if value == "" {
		return nil
	}
	return &store.Text{Eq: &value}
}
