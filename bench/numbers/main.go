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

// run asks on a copy of the stock, which gets rules and numbers of its own.
func run(ctx context.Context, s settings) error {
	only, err := regexp.Compile(s.only)
	if err != nil {
		return err
	}
	kept, err := stock.Open(ctx, s.dir, s.seed, s.events)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }()
	say("bringing %d events in %s up to now, and copying them", kept.Events, s.dir)
	if err := kept.Fill(ctx, func(int) {}); err != nil {
		return err
	}
	const name = "numbers"
	dsn, err := kept.Copy(ctx, name)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Drop(context.WithoutCancel(ctx), name) }()
	if err := expectHandovers(ctx, dsn); err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{DSN: dsn})
	if err != nil {
		return err
	}
	defer db.Close()
	server, err := asking.Start(ctx, s.binary, dsn)
	if err != nil {
		return err
	}
	m := &meter{settings: s, only: only, server: server, db: db}
	return errors.Join(m.all(ctx, kept.Plan, dsn), server.Stop())
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
	server *asking.Server
	db     *store.Store
	missed int
}

func (m *meter) all(ctx context.Context, plan stock.Plan, dsn string) error {
	var phases []phase
	if m.times > 1 {
		phases = append(phases, phase{fmt.Sprintf("with the numbers of %d times as many payloads", m.times), func() error { return multiply(ctx, m.db, dsn, plan, m.times) }})
	}
	if m.kinds > 0 {
		phases = append(phases, phase{fmt.Sprintf("and with %d more kinds of failures in %d organisations", m.kinds, kindOrgs), func() error { return addKinds(ctx, m.db, dsn, m.kinds) }})
	}
	head, line, times := "| what | p99 wanted | p50, p99, most |", "| --- | --- | --- |", make([][]asking.Spread, 1+len(phases))
	var err error
	if times[0], err = m.measure(ctx, dsn, nil); err != nil {
		return err
	}
	for i, p := range phases {
		say("%s: adding them", p.name)
		if err := p.prepare(); err != nil {
			return err
		}
		if times[1+i], err = m.measure(ctx, dsn, func(q question) bool { return q.rollups }); err != nil {
			return err
		}
		head, line = head+" "+p.name+" |", line+" --- |"
	}
	fmt.Println(head)
	fmt.Println(line)
	for i, q := range questions() {
		if len(times[0][i]) > 0 {
			fmt.Println(m.line(i, q, times))
		}
	}
	if m.check && m.missed > 0 {
		return fmt.Errorf("%d questions take longer than wanted", m.missed)
	}
	return nil
}

// phase is something to be done before all is asked once more.
type phase struct {
	name    string
	prepare func() error
}

// measure asks each question; those left out have no times.
func (m *meter) measure(ctx context.Context, dsn string, which func(question) bool) ([]asking.Spread, error) {
	if err := settle(ctx, dsn); err != nil {
		return nil, err
	}
	say("asking")
	var all []asking.Spread
	for _, q := range questions() {
		var times asking.Spread
		if m.only.MatchString(q.name) && (which == nil || which(q)) {
			var err error
			if times, err = m.ask(ctx, q); err != nil {
				return nil, fmt.Errorf("%s: %w", q.name, err)
			}
		}
		all = append(all, times)
	}
	return all, nil
}

// ask asks again and again; the first tenth warms up.
func (m *meter) ask(ctx context.Context, q question) (asking.Spread, error) {
	var times asking.Spread
	warm := max(m.requests/10, 3)
	for i, began := 0, time.Now(); i < warm+m.requests && (len(times) < 3 || time.Since(began) < m.patience); i++ {
		asked := time.Now()
		if err := q.ask(ctx, m); err != nil {
			return nil, err
		}
		if i >= warm || time.Since(began) > m.patience/2 {
			times = append(times, time.Since(asked))
		}
	}
	return times, nil
}

// noise is how much longer p50 may take with more payloads, on a machine where something else is always at work.
const noise = 1.25

// line is one of the table. More payloads may not cost more: that is held of the phase that adds them.
func (m *meter) line(i int, q question, times [][]asking.Spread) string {
	line := "| " + q.name + " | "
	if q.within > 0 {
		line += q.within.String()
	}
	for phase := range times {
		line += " | "
		if t := times[phase][i]; len(t) > 0 {
			line += t.String() + m.miss(q.within > 0 && t.At(0.99) > q.within)
			line += m.miss(phase == 1 && m.times > 1 && float64(t.At(0.5)) > noise*float64(times[0][i].At(0.5))+float64(ms))
		}
	}
	return line + " |"
}

func (m *meter) miss(missed bool) string {
	if !missed {
		return ""
	}
	m.missed++
	return " **missed**"
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
