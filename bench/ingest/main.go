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
	"time"
)

type settings struct {
	binary, brokers, dsn string
	events, stored       int // taken in while measuring; stored when asking
	partitions           int
	requests, visible    int
	atLeast              float64
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/payload-tracker", "the program to measure")
	flag.StringVar(&s.brokers, "brokers", "127.0.0.1:19092", "Kafka brokers")
	flag.StringVar(&s.dsn, "dsn", os.Getenv("BENCH_DSN"), "an empty PostgreSQL database; a private server when empty")
	flag.IntVar(&s.events, "events", 600_000, "events to take in while measuring")
	flag.IntVar(&s.stored, "stored", 1_000_000, "events that are stored when the questions are asked")
	flag.IntVar(&s.partitions, "partitions", 4, "partitions of the topic")
	flag.IntVar(&s.requests, "requests", 5_000, "questions to ask")
	flag.IntVar(&s.visible, "visible", 200, "events to follow from the producer to the answer")
	flag.Float64Var(&s.atLeast, "at-least", 0, "fail below this many events a second")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures one thing after another on one broker and one database, and prints the table.
func run(ctx context.Context, s settings) error {
	db, err := openDatabase(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer db.close()

	topic := "bench." + strconv.FormatInt(time.Now().UnixNano(), 36)
	load, err := newLoad(ctx, s.brokers, topic, int32(s.partitions))
	if err != nil {
		return err
	}
	defer load.close()
	say("producing %d events of %d bytes", s.events, eventBytes)
	if err := load.produce(ctx, s.events); err != nil {
		return err
	}

	env, err := environment(s, db, topic)
	if err != nil {
		return err
	}
	if err := runOnce(ctx, s.binary, env, "migrate", "up"); err != nil {
		return err
	}
	consume, err := start(ctx, s.binary, env, "consume")
	if err != nil {
		return err
	}
	defer consume.stop()
	in, err := measureIntake(ctx, db, consume, topic, int64(s.events))
	if err != nil {
		return err
	}

	say("storing %d events in all", s.stored)
	if err := load.produce(ctx, s.stored-s.events); err != nil {
		return err
	}
	if _, err := waitFor(ctx, db, topic, int64(max(s.stored, s.events)), 10*time.Minute); err != nil {
		return err
	}
	if err := db.settle(ctx); err != nil {
		return err
	}

	serve, err := start(ctx, s.binary, append(env, "METRICSPORT="+freePort()), "serve")
	if err != nil {
		return err
	}
	defer serve.stop()
	client, err := newClient(ctx, env)
	if err != nil {
		return err
	}
	answers, err := measureAnswers(ctx, client, load, s.requests)
	if err != nil {
		return err
	}
	visible, err := measureVisible(ctx, client, load, s.visible)
	if err != nil {
		return err
	}

	report(s, db, in, consume, serve, answers, visible)
	if s.atLeast > 0 && in.rate < s.atLeast {
		return fmt.Errorf("%.0f events a second, %.0f wanted", in.rate, s.atLeast)
	}
	return nil
}

// environment gives the settings of the measured processes. The first free ports found are theirs.
func environment(s settings, db *database, topic string) ([]string, error) {
	config, err := db.environment()
	if err != nil {
		return nil, err
	}
	return append(append(os.Environ(), config...),
		"KAFKA_BOOTSTRAP_SERVERS="+s.brokers, "TOPIC_PAYLOAD_STATUS="+topic, "KAFKA_GROUP_ID="+topic, "KAFKA_AUTO_OFFSET_RESET=earliest",
		"PUBLICPORT="+freePort(), "METRICSPORT="+freePort(), "LOGLEVEL=WARN",
	), nil
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

func report(s settings, db *database, in intake, consume, serve *process, answers, visible spread) {
	fmt.Printf("PostgreSQL %s; %d events, %d partitions, %d events a payload, %d payloads interleaved, %d bytes each\n\n",
		db.version, s.events, s.partitions, stepsPerPayload, interleaved, eventBytes)
	fmt.Println("| what | measured |")
	fmt.Println("| --- | --- |")
	fmt.Printf("| taken in, from the first to the last | %.0f events/s |\n", in.rate)
	fmt.Printf("| the same, the start of the process included | %.0f events/s |\n", in.rateFromStart)
	fmt.Printf("| processor time of `consume` | %.1f s |\n", in.cpu.Seconds())
	fmt.Printf("| resident memory at most, `consume` | %d MiB |\n", consume.peak()>>20)
	fmt.Printf("| resident memory at most, `serve` | %d MiB |\n", serve.peak()>>20)
	fmt.Printf("| where is it, %d stored: p50, p99, most | %s |\n", s.stored, answers)
	fmt.Printf("| produced to visible: p50, p99, most | %s |\n", visible)
	if info, err := os.Stat(s.binary); err == nil {
		fmt.Printf("| binary | %.1f MB |\n", float64(info.Size())/1e6)
	}
}

var errTimeout = errors.New("not within the time")
