package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload/sample"
)

// demoHistory is as long as it takes to compare a day with the one before.
const demoHistory = 48 * time.Hour

// demoCustomers send all along, in the history and afterwards.
const demoCustomers = 1

// demoSample shows some of everything.
var demoSample = sample.Config{Lost: 0.004, Customers: demoCustomers}

// demoTrouble is what happened some hours ago, for an hour: one service could not do its work.
var (
	demoTrouble    = sample.Config{Failed: 0.7, FailedIn: "vulnerability", Customers: demoCustomers}
	demoTroubleAgo = 5 * time.Hour
)

// demoSwing is how far a day's traffic swings around its mean, as a share of it.
const demoSwing = 0.6

// history is what demo.json keeps: enough to send the same events again when the first sending broke off (what came
// through is recognised as repeated), and that it is sent.
type history struct {
	Seed     uint64    `json:"seed"`
	Journeys int       `json:"journeys"`
	End      time.Time `json:"end"`
	Sent     bool      `json:"sent"`
}

// traffic is the demo's duty: the history, once, then live events until ctx ends.
func (d *demo) traffic(ctx context.Context) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(d.app.config.kafka.brokers...),
		kgo.DefaultProduceTopic(d.app.config.kafka.topic),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), // no keys: a journey's events lie in all partitions
	)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := d.sendHistory(ctx, client); err != nil {
		return err
	}
	if err := d.awaitReady(ctx); err != nil {
		return err
	}
	if err := d.announce(ctx); err != nil {
		return err
	}
	return d.sendLive(ctx, client)
}

// awaitReady waits until the page answers and the consumer takes events: what is announced works.
func (d *demo) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.local(d.options.port)+"/readyz", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close() // nothing read that could be lost
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (d *demo) sendHistory(ctx context.Context, client *kgo.Client) error {
	plan, err := d.readHistory()
	if err != nil || plan.Sent {
		return err
	}
	if err := d.writeHistory(plan); err != nil {
		return err
	}
	messages := plan.messages()
	bar := &progressBar{out: d.out, label: "two days of history", total: len(messages)}
	ends, err := produce(ctx, client, messages)
	if err != nil {
		return err
	}
	if err := d.awaitStored(ctx, ends, bar); err != nil {
		return err
	}
	plan.Sent = true
	return d.writeHistory(plan)
}

func (d *demo) historyPath() string { return filepath.Join(d.options.dir, "demo.json") }

// readHistory gives the history begun before, else a new one that ends now.
func (d *demo) readHistory() (history, error) {
	plan := history{Seed: d.options.seed, Journeys: d.options.journeys, End: time.Now().UTC().Truncate(time.Second)}
	content, err := os.ReadFile(d.historyPath())
	if errors.Is(err, fs.ErrNotExist) {
		return plan, nil
	}
	if err != nil {
		return plan, err
	}
	if err := json.Unmarshal(content, &plan); err != nil {
		return plan, fmt.Errorf("%s: %w: begin anew with --fresh", d.historyPath(), err)
	}
	return plan, nil
}

func (d *demo) writeHistory(plan history) error {
	content, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	return os.WriteFile(d.historyPath(), append(content, '\n'), 0o644)
}

// messages are what was sent in two days that end two minutes before h.End, in the order of sending.
func (h history) messages() []sample.Message {
	usual, trouble := sample.New(h.Seed, demoSample), sample.New(h.Seed+1, demoTrouble)
	end := h.End.Add(-2 * time.Minute)
	bad := end.Add(-demoTroubleAgo)
	random := rand.New(rand.NewPCG(h.Seed, 1))
	var messages []sample.Message
	for n := range h.Journeys {
		start := end.Add(-startedAgo(random))
		generator := usual
		if start.After(bad) && start.Before(bad.Add(time.Hour)) {
			generator = trouble
		}
		journey := generator.Journey(start)
		messages = append(append(messages, journey.Events...), oddities(journey, start, n)...)
	}
	slices.SortStableFunc(messages, func(a, b sample.Message) int { return a.At.Compare(b.At) })
	return messages
}

// startedAgo is how long before the end of the history an upload began. Days have a busy and a quiet half, and the end
// is at the busiest: what is sent live goes on about where the history ends.
func startedAgo(random *rand.Rand) time.Duration {
	for {
		ago := time.Duration(random.Int64N(int64(demoHistory)))
		traffic := 1 + demoSwing*math.Cos(2*math.Pi*ago.Hours()/24)
		if random.Float64()*(1+demoSwing) < traffic {
			return ago
		}
	}
}

// span of offsets in one partition: the first sent and the one after the last.
type offsets struct{ from, to int64 }

// produce sends messages and says which offsets they got.
func produce(ctx context.Context, client *kgo.Client, messages []sample.Message) (map[int32]offsets, error) {
	var failed error
	ends := map[int32]offsets{}
	for _, message := range messages {
		// Promises run one after the other, so they need no lock between them; Flush waits for the last.
		client.Produce(ctx, &kgo.Record{Key: message.Key, Value: message.Value, Timestamp: message.At}, func(r *kgo.Record, err error) {
			if err != nil {
				failed = errors.Join(failed, err)
				return
			}
			span, known := ends[r.Partition]
			if !known {
				span.from = r.Offset
			}
			span.to = r.Offset + 1
			ends[r.Partition] = span
		})
	}
	if err := client.Flush(ctx); err != nil {
		return nil, err
	}
	return ends, failed
}

// awaitStored waits until the consumer has stored everything up to ends.
func (d *demo) awaitStored(ctx context.Context, ends map[int32]offsets, bar *progressBar) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	kafka := d.app.config.kafka
	for {
		positions, err := d.app.store.Positions(ctx, kafka.group, kafka.topic)
		if err != nil {
			return err
		}
		stored, left := 0, false
		for partition, span := range ends {
			next := min(max(positions[partition].Next, span.from), span.to)
			stored += int(next - span.from)
			left = left || next < span.to
		}
		bar.show(stored)
		if !left {
			bar.end()
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// progressBar draws how far something is on one line.
type progressBar struct {
	out   interface{ Write(p []byte) (int, error) }
	label string
	total int
}

func (b *progressBar) show(done int) {
	const width = 30
	filled := width * done / max(b.total, 1)
	fmt.Fprintf(b.out, "\r%s  %s%s %6d of %d events", b.label,
		strings.Repeat("█", filled), strings.Repeat("░", width-filled), done, b.total)
}

func (b *progressBar) end() { fmt.Fprintln(b.out) }
