// Command numbers measures how long the questions over many payloads take over HTTP, on ten million stored events
// (bench/data) and once more with the numbers of ten times as many payloads: the built binary's `serve`, a durable
// PostgreSQL, one question after another. It prints a Markdown table for docs/benchmarks.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/bench/asking"
	"github.com/payload-tracker/payload-tracker/bench/data/stock"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

type settings struct {
	binary, dir string
	events      int
	seed        uint64
	requests    int
	patience    time.Duration // for one question, however many times it is asked
	times       int
	kinds       int
	only        string
	check       bool
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/payload-tracker", "the program to measure")
	flag.StringVar(&s.dir, "dir", stock.DefaultDir(), "where bench/data keeps its events (BENCH_DATA_DIR)")
	flag.IntVar(&s.events, "events", 10_000_000, "events to make, when there are none yet")
	flag.Uint64Var(&s.seed, "seed", 1, "the seed of a new stock")
	flag.IntVar(&s.requests, "requests", 200, "how often to ask each question")
	flag.DurationVar(&s.patience, "patience", 20*time.Second, "a question is asked no more once it took so long in all")
	flag.IntVar(&s.times, "times", 10, "how many times as many payloads the numbers are to be of at last; 1 leaves it")
	flag.IntVar(&s.kinds, "kinds", 200, "how many more kinds of failures there are to be after that; 0 leaves it")
	flag.StringVar(&s.only, "only", "", "the questions whose names match this expression")
	flag.BoolVar(&s.check, "check", false, "fail when a question takes longer than wanted")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run asks on copies of the stock, which get rules and numbers of their own.
func run(ctx context.Context, s settings) (err error) {
	only, err := regexp.Compile(s.only)
	if err != nil {
		return err
	}
	kept, err := stock.Open(ctx, s.dir, s.seed, s.events)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }()
	say("bringing %d events in %s up to now", kept.Events, s.dir)
	if err := kept.Fill(ctx, func(int) {}); err != nil {
		return err
	}
	m := &meter{settings: s, only: only}
	defer func() {
		for _, c := range m.copies {
			err = errors.Join(err, c.close(context.WithoutCancel(ctx)))
		}
	}()
	if err := m.prepare(ctx, kept); err != nil {
		return err
	}
	return m.all(ctx)
}

// copied is a copy of the stock with a server.
type copied struct {
	kept      *stock.Stock
	name, dsn string
	says      string // what its column of the table holds
	db        *store.Store
	server    *asking.Server
}

// copyOf makes a copy, has fill add to it, and starts its server.
func copyOf(ctx context.Context, s settings, kept *stock.Stock, name, says string, fill func(*copied) error) (*copied, error) {
	say("copying the stock: %s", says)
	c := &copied{kept: kept, name: name, says: says}
	var err error
	if c.dsn, err = kept.Copy(ctx, name); err == nil {
		err = expectHandovers(ctx, c.dsn)
	}
	if err == nil {
		c.db, err = store.Open(ctx, store.Config{DSN: c.dsn})
	}
	if err == nil {
		err = fill(c)
	}
	if err == nil {
		err = settle(ctx, c.dsn)
	}
	if err == nil {
		c.server, err = asking.Start(ctx, s.binary, c.dsn)
	}
	return c, err
}

func (c *copied) close(ctx context.Context) error {
	var err error
	if c.server != nil {
		err = c.server.Stop()
	}
	if c.db != nil {
		c.db.Close()
	}
	return errors.Join(err, c.kept.Drop(ctx, c.name))
}

// expectHandovers has the gauges ask each hanging payload what it waits for. The payloads are not judged again, which
// takes a while: all hand-overs of the stock have happened.
func expectHandovers(ctx context.Context, dsn string) error {
	rules := payload.DefaultRules()
	rules.Handovers = []payload.Handover{{From: "ingress", To: "puptoo"}, {From: "puptoo", To: "inventory"}}
	body, err := json.Marshal(rules)
	if err != nil {
		return err
	}
	return execute(ctx, dsn, "UPDATE rules SET body = $1::jsonb", string(body))
}

// settle does for the tables what autovacuum does in time.
func settle(ctx context.Context, dsn string) error {
	if err := execute(ctx, dsn, "VACUUM (ANALYZE) payloads, stage_rollups, handover_rollups, failure_rollups, rollup_deltas"); err != nil {
		return err
	}
	return execute(ctx, dsn, "CHECKPOINT")
}

func execute(ctx context.Context, dsn, statement string, args ...any) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, statement, args...)
	return err
}

// meter asks and counts what takes too long.
type meter struct {
	settings
	only   *regexp.Regexp
	copies []*copied // the stock as it is comes first, then the one with more payloads
	missed int
}

const kindsName = "numbers_kinds"

func (m *meter) prepare(ctx context.Context, kept *stock.Stock) error {
	makers := []struct {
		wanted     bool
		name, says string
		fill       func(*copied) error
	}{
		{true, "numbers", "p50, p99, most", func(*copied) error { return nil }},
		{m.times > 1, "numbers_more", fmt.Sprintf("with the numbers of %d times as many payloads", m.times), func(c *copied) error {
			return multiply(ctx, c.db, c.dsn, kept.Plan, m.times)
		}},
		{m.kinds > 0, kindsName, fmt.Sprintf("with %d more kinds of failures in %d organisations", m.kinds, kindOrgs), func(c *copied) error {
			return addKinds(ctx, c.db, c.dsn, m.kinds)
		}},
	}
	for _, of := range makers {
		if !of.wanted {
			continue
		}
		c, err := copyOf(ctx, m.settings, kept, of.name, of.says, of.fill)
		m.copies = append(m.copies, c)
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *meter) all(ctx context.Context) error {
	say("asking")
	head, line := "| what | p99 wanted |", "| --- | --- |"
	for _, c := range m.copies {
		head, line = head+" "+c.says+" |", line+" --- |"
	}
	fmt.Println(head)
	fmt.Println(line)
	for _, q := range questions() {
		if !m.only.MatchString(q.name) {
			continue
		}
		times, err := m.ask(ctx, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		fmt.Println(m.line(q, times))
	}
	if m.check && m.missed > 0 {
		return fmt.Errorf("%d times a question took longer than wanted", m.missed)
	}
	return nil
}

// ask asks each copy in turn, so that what else goes on here meets all of them; the first tenth warms up.
func (m *meter) ask(ctx context.Context, q question) ([]asking.Spread, error) {
	copies := m.copies
	if !q.rollups {
		copies = copies[:1]
	}
	times := make([]asking.Spread, len(copies))
	warm := max(m.requests/10, 3)
	for i, began := 0, time.Now(); i < warm+m.requests && (len(times[0]) < 3 || time.Since(began) < m.patience); i++ {
		for k, c := range copies {
			asked := time.Now()
			if err := q.ask(ctx, c); err != nil {
				return nil, err
			}
			if i >= warm || time.Since(began) > m.patience/2 {
				times[k] = append(times[k], time.Since(asked))
			}
		}
	}
	return times, nil
}

// noise is how much longer p50 may take with more payloads, on a machine where something else is always at work.
const noise = 1.25

// line is one of the table. More payloads may not cost more; what more kinds of failures cost is only told.
func (m *meter) line(q question, times []asking.Spread) string {
	line := "| " + q.name + " | "
	if q.within > 0 {
		line += q.within.String()
	}
	for k, t := range times {
		line += " | " + t.String()
		if m.copies[k].name == kindsName {
			continue
		}
		line += m.miss(q.within > 0 && t.At(0.99) > q.within)
		line += m.miss(k > 0 && float64(t.At(0.5)) > noise*float64(times[0].At(0.5))+float64(ms))
	}
	return line + strings.Repeat(" | ", len(m.copies)-len(times)) + " |"
}

func (m *meter) miss(missed bool) string {
	if !missed {
		return ""
	}
	m.missed++
	return " **missed**"
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
