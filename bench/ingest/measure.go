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
	"strings"
	"time"
)

// intake is how fast events were taken in.
type intake struct {
	rate          float64 // events a second, between the first and the last commit
	rateFromStart float64 // events a second, the start of the process and of the group included
	cpu           time.Duration
	memory        int64 // resident at most
	bytes         int64 // of the database, all tables and indexes
}

// measureIntake waits until the positions in the database say that all events are in: they move in the transaction
// that stores the events, so nothing heavier has to be asked while measuring.
func measureIntake(ctx context.Context, db *database, p *process, topic string, events int64) (intake, error) {
	first, err := waitFor(ctx, db, topic, 1, 2*time.Minute)
	if err != nil {
		return intake{}, fmt.Errorf("first event: %w\n%s", err, p.log.String())
	}
	began := time.Now()
	if _, err := waitFor(ctx, db, topic, events, 15*time.Minute); err != nil {
		return intake{}, fmt.Errorf("%w\n%s", err, p.log.String())
	}
	ended := time.Now()
	stored, err := db.count(ctx)
	if err != nil {
		return intake{}, err
	}
	if stored != events {
		return intake{}, fmt.Errorf("%d events stored of %d", stored, events)
	}
	size, err := db.bytes(ctx)
	if err != nil {
		return intake{}, err
	}
	return intake{
		bytes:         size,
		rate:          float64(events-first) / ended.Sub(began).Seconds(),
		rateFromStart: float64(events) / ended.Sub(p.started).Seconds(),
		cpu:           p.processorTime(),
		memory:        p.peak(),
	}, nil
}

// waitFor gives the number of events taken in as soon as it is at least n.
func waitFor(ctx context.Context, db *database, topic string, n int64, limit time.Duration) (int64, error) {
	for deadline := time.Now().Add(limit); ; {
		taken, err := db.taken(ctx, topic)
		if err != nil {
			return 0, err
		}
		if taken >= n {
			return taken, nil
		}
		if time.Now().After(deadline) {
			return taken, fmt.Errorf("%d of %d events: %w", taken, n, errTimeout)
		}
		select {
		case <-ctx.Done():
			return taken, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// whereIsIt is the question a user comes with, whole.
const whereIsIt = `query ($id: RequestID!) { payload(by: {requestId: $id}) {
	id requestId orgId account inventoryId systemId startedAt updatedAt takenInAt duration
	verdict { state sentence final servicesPassed quietSince coveredFailures failure { service source status message at } }
	current { service source status message date }
	timeline(last: 5) { nodes { id service source status message date sincePrevious } }
	stages { service source state startedAt endedAt duration failure { status message at } statuses(first: 50) { nodes { status message date } } }
	hosts(first: 20) { nodes { inventoryId systemId } } } }`

type client struct {
	http *http.Client
	url  string
}

// newClient waits until the server answers.
func newClient(ctx context.Context, env []string) (*client, error) {
	port := "8080"
	for _, entry := range env {
		if value, found := strings.CutPrefix(entry, "PUBLICPORT="); found {
			port = value
		}
	}
	c := &client{http: &http.Client{Timeout: 10 * time.Second}, url: "http://127.0.0.1:" + port + "/graphql"}
	var err error
	for range 300 {
		if _, err = c.where(ctx, requestID(0)); err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("serve does not answer: %w", err)
}

// where asks for one payload and says whether it is known.
func (c *client) where(ctx context.Context, id string) (known bool, err error) {
	body, _ := json.Marshal(map[string]any{"query": whereIsIt, "variables": map[string]string{"id": id}})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return false, err
	}
	var answer struct {
		Data   struct{ Payload *json.RawMessage }
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return false, fmt.Errorf("%s: %w", response.Status, err)
	}
	if len(answer.Errors) > 0 {
		return false, fmt.Errorf("%s: %s", response.Status, answer.Errors[0].Message)
	}
	return answer.Data.Payload != nil, nil
}

// measureAnswers asks for payloads drawn from all that are stored, one question after another on one connection.
func measureAnswers(ctx context.Context, c *client, l *load, n int) (spread, error) {
	say("asking %d times", n)
	source := rand.New(rand.NewPCG(1, 2))
	var times spread
	for i := range n + n/10 {
		began := time.Now()
		known, err := c.where(ctx, requestID(source.IntN(l.stored())))
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, fmt.Errorf("a payload that was taken in is not known")
		}
		if i >= n/10 { // the first tenth warms up
			times = append(times, time.Since(began))
		}
	}
	return times, nil
}

// measureVisible produces an event of a new payload and asks until the payload is known.
func measureVisible(ctx context.Context, c *client, l *load, n int) (spread, error) {
	say("following %d events", n)
	var times spread
	for range n {
		began := time.Now()
		id, err := l.one(ctx)
		if err != nil {
			return nil, err
		}
		for {
			known, err := c.where(ctx, id)
			if err != nil {
				return nil, err
			}
			if known {
				break
			}
			if time.Since(began) > 30*time.Second {
				return nil, fmt.Errorf("%s is not visible: %w", id, errTimeout)
			}
			time.Sleep(2 * time.Millisecond)
		}
		times = append(times, time.Since(began))
		time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
	}
	return times, nil
}

// spread is what one thing took, many times.
type spread []time.Duration

func (s spread) String() string {
	if len(s) == 0 {
		return "nothing measured"
	}
	sorted := slices.Sorted(slices.Values(s))
	at := func(share float64) float64 {
		return float64(sorted[int(share*float64(len(sorted)-1))].Microseconds()) / 1000
	}
	return fmt.Sprintf("%.1f ms, %.1f ms, %.1f ms", at(0.5), at(0.99), at(1))
}
