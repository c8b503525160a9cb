// Command lists measures how long the questions of the contract take over HTTP on ten million stored events
// (bench/data), while 2,000 events a second come in: the built binary's `serve`, a durable PostgreSQL, one question
// after another. It prints a Markdown table for docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/payload-tracker/payload-tracker/bench/asking"
	"github.com/payload-tracker/payload-tracker/bench/data/stock"
	"github.com/payload-tracker/payload-tracker/store"
)

type settings struct {
	binary, dir  string
	seed         uint64
	events       int
	requests     int
	patience     time.Duration // for one question, however many times it is asked
	steady       int
	only         string
	keep, strict bool
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/payload-tracker", "the program to measure")
	flag.StringVar(&s.dir, "dir", stock.DefaultDir(), "where bench/data keeps its events (BENCH_DATA_DIR)")
	flag.IntVar(&s.events, "events", 10_000_000, "events to make, when there are none yet")
	flag.Uint64Var(&s.seed, "seed", 1, "the seed of a new stock")
	flag.IntVar(&s.requests, "requests", 300, "how often to ask each question")
	flag.DurationVar(&s.patience, "patience", 20*time.Second, "a question is asked no more once it took so long in all")
	flag.IntVar(&s.steady, "steady", 2_000, "events a second that come in meanwhile")
	flag.StringVar(&s.only, "only", "", "the questions whose names match this expression")
	flag.BoolVar(&s.keep, "keep", false, "write the steady events into the stock itself instead of a copy")
	flag.BoolVar(&s.strict, "strict", false, "fail when a question takes longer than wanted")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run asks on a copy of the stock, so that the steady events do not pile up.
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
	say("bringing %d events in %s up to now", kept.Events, s.dir)
	if err := kept.Fill(ctx, func(int) {}); err != nil {
		return err
	}
	dsn := kept.DSN()
	if !s.keep {
		say("copying them")
		const name = "lists"
		if dsn, err = kept.Copy(ctx, name); err != nil {
			return err
		}
		defer func() { _ = kept.Drop(context.WithoutCancel(ctx), name) }()
	}
	server, err := asking.Start(ctx, s.binary, dsn)
	if err != nil {
		return err
	}
	settings, stop := context.WithCancelCause(ctx)
	steady := make(chan error, 1)
	go func() { steady <- comeIn(settings, dsn, s.steady) }()
	err = measure(ctx, s, only, kept.Plan, server)
	stop(errDone)
	return errors.Join(err, <-steady, server.Stop())
}

var errDone = errors.New("all is measured")

// comeIn stores events at a steady rate until ctx ends, and says how many.
func comeIn(ctx context.Context, dsn string, perSecond int) error {
	if perSecond == 0 {
		return nil
	}
	db, err := store.Open(context.WithoutCancel(ctx), store.Config{DSN: dsn, MaxConns: 4})
	if err != nil {
		return err
	}
	defer db.Close()
	began := time.Now()
	steady := stock.NewSteady(uint64(began.UnixNano()), began, perSecond)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			say("%d events came in meanwhile, %.0f a second", steady.Stored(), float64(steady.Stored())/time.Since(began).Seconds())
			return nil
		case <-tick.C:
		}
		if err := steady.Step(context.WithoutCancel(ctx), db, time.Now(), math.MaxInt); err != nil {
			return err
		}
	}
}

func measure(ctx context.Context, s settings, only *regexp.Regexp, plan stock.Plan, server *asking.Server) error {
	a := &asker{server: server, settings: s}
	fmt.Println("| what | p99 wanted | p50, p99, most |")
	fmt.Println("| --- | --- | --- |")
	missed := 0
	for _, q := range questions(plan) {
		if !only.MatchString(q.name) {
			continue
		}
		times, err := a.measure(ctx, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		mark := ""
		if times.At(0.99) > q.within {
			mark, missed = " **missed**", missed+1
		}
		fmt.Printf("| %s | %s | %s%s |\n", q.name, q.within, times, mark)
	}
	if s.strict && missed > 0 {
		return fmt.Errorf("%d questions take longer than wanted", missed)
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
