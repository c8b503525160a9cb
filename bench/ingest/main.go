// Command ingest measures the built binary against a real Kafka broker and a real PostgreSQL: how many events a second
// `payload-tracker consume` takes in and in how much memory, how long the question "where is this payload" takes over
// HTTP with the whole load stored, and how soon an event that was just produced shows in that answer.
//
// It prints a Markdown table for docs/benchmarks.md. bench/run.sh starts what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

type settings struct {
	binary, brokers, dsn string
	events, stored       int // taken in while measuring; stored when asking
	backlog, large       int // events that wait when a consumer starts: small ones, and of 900 KB
	partitions           int
	truths               int
	requests, visible    int
	steady               int
	atLeast              float64
	only                 string
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/payload-tracker", "the program to measure")
	flag.StringVar(&s.brokers, "brokers", "127.0.0.1:19092", "Kafka brokers")
	flag.StringVar(&s.dsn, "dsn", os.Getenv("BENCH_DSN"), "an empty PostgreSQL database, for -only intake; a private server when empty")
	flag.IntVar(&s.events, "events", 600_000, "events to take in while measuring")
	flag.IntVar(&s.stored, "stored", 1_000_000, "events that are stored when the questions are asked")
	flag.IntVar(&s.backlog, "backlog", 1_000_000, "events that wait, of 300 bytes")
	flag.IntVar(&s.large, "large", 2_000, "events that wait, of 900 KB")
	flag.IntVar(&s.partitions, "partitions", 4, "partitions of the topic")
	flag.IntVar(&s.requests, "requests", 5_000, "questions to ask")
	flag.IntVar(&s.visible, "visible", 500, "events to follow from the producer to the answer")
	flag.IntVar(&s.steady, "steady", 2_000, "events a second while they are followed")
	flag.IntVar(&s.truths, "truths", 50_000, "payloads whose verdicts are held against the truth")
	flag.Float64Var(&s.atLeast, "at-least", 0, "fail below this many events a second")
	flag.StringVar(&s.only, "only", "", "one of intake, small, unkeyed, backlog, large, rollups, verdicts")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures one thing after another, each on a topic and a database of its own, and prints the table.
func run(ctx context.Context, s settings) error {
	var server *pgserver.Server
	if s.dsn == "" {
		var err error
		if server, err = startServer(ctx); err != nil {
			return err
		}
		defer func() { _ = server.Stop() }()
	}
	fmt.Println("| what | wanted | measured |")
	fmt.Println("| --- | --- | --- |")
	for _, part := range []struct {
		name    string
		measure func(context.Context, *trial) error
	}{{"intake", intakeAndAnswers}, {"small", smallBox}, {"unkeyed", unkeyed}, {"backlog", backlog}, {"large", large}, {"rollups", rollupsCost}, {"verdicts", verdicts}} {
		if s.only != "" && s.only != part.name {
			continue
		}
		t := &trial{settings: s, server: server, name: part.name}
		err := part.measure(ctx, t)
		t.close()
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func freePort() string {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "0"
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

var errTimeout = errors.New("not within the time")
