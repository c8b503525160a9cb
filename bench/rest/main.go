// Command rest measures how many payloads a second the REST route of earlier clients answers, and GraphQL, and how late at half that
// rate, with a million events stored (bench/data/stock): the built binary's `serve`, a durable PostgreSQL and the load
// on one machine. It prints a Markdown table for docs/benchmarks.md.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/bench/data/stock"
)

type settings struct {
	binary, dir          string
	events, connections  int
	warm, lasting        time.Duration
	wantRate, wantMillis float64
	strict               bool
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/payload-tracker", "the program to measure")
	flag.StringVar(&s.dir, "dir", stock.DefaultDir()+"-rest", "where the events are kept for later runs")
	flag.IntVar(&s.events, "events", 1_000_000, "events to make, when there are none yet")
	flag.IntVar(&s.connections, "connections", 16, "callers at once")
	flag.DurationVar(&s.warm, "warm", 2*time.Second, "time before measuring")
	flag.DurationVar(&s.lasting, "for", 5*time.Second, "time of each measuring")
	flag.Float64Var(&s.wantRate, "want-rate", 4_000, "requests a second that are wanted")
	flag.Float64Var(&s.wantMillis, "want-ms", 10, "99th percentile that is wanted at half that rate, in milliseconds")
	flag.BoolVar(&s.strict, "strict", false, "fail when it is less")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	kept, err := stock.Open(ctx, s.dir, 1, s.events)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }()
	if err := kept.Fill(ctx, func(int) {}); err != nil {
		return err
	}
	address, process, stop, err := serve(ctx, s.binary, kept.DSN())
	if err != nil {
		return err
	}
	defer stop()
	fmt.Println("| what | wanted | measured |")
	fmt.Println("| --- | --- | --- |")
	l := load{address: address, plan: kept.Plan, payloads: kept.Plan.Before(time.Now()), connections: s.connections, serve: process}
	if err := measure(ctx, s, l, "`/payloads/{id}` over REST", s.wantMillis); err != nil {
		return err
	}
	l.question, l.connections = whereIsIt, 8
	if err := measure(ctx, s, l, "payload, verdict, current, stages, last 5 statuses over GraphQL, 8 connections", 8); err != nil {
		return err
	}
	rate, p99, ran, err := l.wrk(ctx, s.warm, s.lasting)
	if ran {
		fmt.Printf("| the same asked by wrk | ≥ %.0f requests/s, p99 ≤ 8 ms | %s requests/s, p99 %s |\n", s.wantRate, rate, p99)
	}
	return err
}

const whereIsIt = `query ($id: RequestID!) { payload(by: {requestId: $id}) { requestId verdict { state sentence servicesPassed failure { service message } } current { service status date } stages { service source state startedAt endedAt } timeline(last: 5) { nodes { service status message date } } } }`

// measure asks as often as it goes, and then at half the rate that is wanted.
func measure(ctx context.Context, s settings, l load, what string, wantMillis float64) error {
	if _, err := l.run(ctx, s.warm, 0); err != nil {
		return err
	}
	before := processorTime(l.serve)
	most, err := l.run(ctx, s.lasting, 0)
	if err != nil {
		return err
	}
	used := processorTime(l.serve).since(before, len(most.times))
	half, err := l.run(ctx, s.lasting, s.wantRate/2)
	if err != nil {
		return err
	}
	rate, late := most.rate(), float64(half.at(0.99).Microseconds())/1000
	fmt.Fprintf(os.Stderr, "bench: %d requests at most, %d at half\n", len(most.times), len(half.times))
	fmt.Printf("| %s | ≥ %.0f requests/s | %.0f requests/s, p99 %.1f ms |\n", what, s.wantRate, rate, float64(most.at(0.99).Microseconds())/1000)
	fmt.Printf("| the same at %.0f requests/s: p50, p99, most | p99 ≤ %g ms | %.1f ms, %.1f ms, %.1f ms |\n", s.wantRate/2, wantMillis,
		float64(half.at(0.5).Microseconds())/1000, late, float64(half.at(1).Microseconds())/1000)
	fmt.Printf("| processor time of one request: `serve`, PostgreSQL, the load |  | %s |\n", used)
	if s.strict && (rate < s.wantRate || late > wantMillis) {
		return fmt.Errorf("%.0f requests a second, and %.1f ms at half the rate: less than wanted", rate, late)
	}
	return nil
}

// serve starts the program on the database and waits until it answers.
func serve(ctx context.Context, binary, dsn string) (address string, process int, stop func(), err error) {
	db, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", 0, nil, err
	}
	public, err := freePort(ctx)
	if err != nil {
		return "", 0, nil, err
	}
	metrics, err := freePort(ctx)
	if err != nil {
		return "", 0, nil, err
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = append(os.Environ(),
		"DB_HOST="+db.Host, fmt.Sprintf("DB_PORT=%d", db.Port), "DB_USER="+db.User, "DB_PASSWORD="+db.Password, "DB_NAME="+db.Database,
		"PUBLICPORT="+public, "METRICSPORT="+metrics, "LOGLEVEL=WARN", "MAX_REQUESTS_PER_MINUTE=1000000000")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return "", 0, nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			fmt.Fprintf(os.Stderr, "bench: serve ended with %v\n%s", err, log.String())
		}
	}
	for range 300 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+metrics+"/readyz", http.NoBody)
		if err != nil {
			stop()
			return "", 0, nil, err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return "127.0.0.1:" + public, cmd.Process.Pid, stop, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return "", 0, nil, fmt.Errorf("serve does not answer:\n%s", log.String())
}

func freePort(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}
