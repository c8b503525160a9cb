package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/payload-tracker/payload-tracker/bench/data/stock"
)

// deepRows is how many rows of a list are before the 500th page of 20.
const deepRows = 499 * 20

// asker asks one question after another on one connection.
type asker struct {
	settings
	server *server
	plan   stock.Plan
	http   http.Client
}

// measure asks a question again and again; the first tenth warms up.
func (a *asker) measure(ctx context.Context, q question) (spread, error) {
	r := rand.New(rand.NewPCG(1, 2))
	after := ""
	if q.deep {
		var err error
		if after, err = a.seek(ctx, q); err != nil {
			return nil, err
		}
	}
	var times spread
	warm := max(a.requests/10, 3)
	for i, began := 0, time.Now(); i < warm+a.requests && (len(times) < 3 || time.Since(began) < a.patience); i++ {
		variables := q.vary(r)
		if after != "" {
			variables["after"] = after
		}
		asked := time.Now()
		if _, err := a.ask(ctx, q.query, variables); err != nil {
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
		data, err := a.ask(ctx, q.query, variables)
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

func (a *asker) ask(ctx context.Context, query string, variables map[string]any) (map[string]json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.server.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data   map[string]json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", response.Status, err)
	}
	if len(answer.Errors) > 0 && answer.Errors[0].Extensions.Code != "TIMEOUT" { // slow is what is measured
		return nil, fmt.Errorf("%s: %s", response.Status, answer.Errors[0].Message)
	}
	return answer.Data, nil
}

// spread is what one question took, many times.
type spread []time.Duration

func (s spread) at(share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[int(share*float64(len(sorted)-1))]
}

func (s spread) String() string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%.1f ms, %.1f ms, %.1f ms", ms(s.at(0.5)), ms(s.at(0.99)), ms(s.at(1)))
}
