package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/payload-tracker/payload-tracker/bench/asking"
)

// deepRows is how many rows of a list are before the 500th page of 20.
const deepRows = 499 * 20

// asker asks one question after another on one connection.
type asker struct {
	settings
	server *asking.Server
}

// measure asks a question again and again; the first tenth warms up.
func (a *asker) measure(ctx context.Context, q question) (asking.Spread, error) {
	r := rand.New(rand.NewPCG(1, 2))
	after := ""
	if q.deep {
		var err error
		if after, err = a.seek(ctx, q); err != nil {
			return nil, err
		}
	}
	var times asking.Spread
	warm := max(a.requests/10, 3)
	for i, began := 0, time.Now(); i < warm+a.requests && (len(times) < 3 || time.Since(began) < a.patience); i++ {
		variables := q.vary(r)
		if after != "" {
			variables["after"] = after
		}
		asked := time.Now()
		if _, err := a.server.Ask(ctx, q.query, variables); err != nil {
			return nil, err
		}
		if i >= warm || time.Since(began) > a.patience/2 {
			times = append(times, time.Since(asked))
		}
	}
	return times, nil
}

// seek walks to the cursor before the 500th page, or before the last one.
func (a *asker) seek(ctx context.Context, q question) (string, error) {
	after, before := "", ""
	for rows := 0; rows < deepRows; {
		first := min(499, deepRows-rows)
		variables := map[string]any{"first": first}
		if after != "" {
			variables["after"] = after
		}
		data, err := a.server.Ask(ctx, q.query, variables)
		if err != nil {
			return "", err
		}
		var list struct {
			PageInfo struct {
				HasNextPage            bool
				StartCursor, EndCursor string
			}
		}
		if err := json.Unmarshal(data[q.list], &list); err != nil {
			return "", err
		}
		if !list.PageInfo.HasNextPage {
			return before, nil
		}
		before, after = list.PageInfo.StartCursor, list.PageInfo.EndCursor
		rows += first
	}
	return after, nil
}
