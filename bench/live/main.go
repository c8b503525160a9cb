// Command live measures how soon an event that is produced reaches those who follow its payload: many websockets, each
// following one payload of the built binary (`payload-tracker run`), while events come in at a steady rate, a part of
// them about the followed payloads.
//
// It brings its own PostgreSQL and broker unless others are named, and prints a Markdown table for docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/payload-tracker/payload-tracker/consumer/broker"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

type settings struct {
	binary, brokers     string
	subscribers, active int
	rate                int
	lasts               time.Duration
	most                time.Duration
	memory              int64
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/payload-tracker", "the program to measure")
	flag.StringVar(&s.brokers, "brokers", "", "a Kafka broker; an own one when empty")
	flag.IntVar(&s.subscribers, "subscribers", 500, "websockets, each following a payload of its own")
	flag.IntVar(&s.active, "active", 2_000, "payloads that get events in turn; the followed ones are among them")
	flag.IntVar(&s.rate, "rate", 2_000, "events a second")
	flag.DurationVar(&s.lasts, "for", 30*time.Second, "how long")
	flag.DurationVar(&s.most, "most", 0, "fail above this 99th percentile")
	flag.Int64Var(&s.memory, "memory", 0, "fail above so many MiB resident")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	topic := "bench." + strconv.FormatInt(time.Now().UnixNano(), 36)
	env, version, end, err := surroundings(ctx, s, topic)
	if err != nil {
		return err
	}
	defer end()
	tracker, err := start(ctx, s.binary, env.list())
	if err != nil {
		return err
	}
	defer tracker.stop()
	if err := env.ready(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, tracker.log.String())
	}

	load, err := newLoad(env.brokers, topic, s)
	if err != nil {
		return err
	}
	defer load.client.Close()
	say("following %d payloads", s.subscribers)
	following, stopFollowing := context.WithCancel(ctx)
	defer stopFollowing()
	group, following := errgroup.WithContext(following)
	for n := range s.subscribers {
		f, err := follow(following, env.url("ws"), load, n)
		if err != nil {
			return fmt.Errorf("subscriber %d: %w", n, err)
		}
		group.Go(func() error { return f.read(following) })
	}
	say("producing %d events a second for %s", s.rate, s.lasts)
	if err := load.produce(ctx, s.lasts); err != nil {
		return err
	}
	select { // the last ones arrive
	case <-time.After(2 * time.Second):
	case <-following.Done():
	}
	peak := tracker.peak()
	stopFollowing()
	if err := group.Wait(); err != nil {
		return fmt.Errorf("a subscription ended: %w\n%s", err, tracker.log.String())
	}
	return report(s, version, load, peak)
}

func report(s settings, version string, l *load, peak int64) error {
	took, pushes, missing := l.result()
	if len(took) == 0 {
		return errors.New("nothing was pushed")
	}
	slices.Sort(took)
	at := func(share float64) time.Duration {
		return took[min(int(share*float64(len(took))), len(took)-1)].Round(time.Millisecond)
	}
	fmt.Printf("PostgreSQL %s; %d events/s for %s, %d active payloads, %d of them followed, a websocket each\n\n", version, s.rate, s.lasts, s.active, s.subscribers)
	fmt.Println("| what | measured |")
	fmt.Println("| --- | --- |")
	fmt.Printf("| produced to pushed, %d events: p50, p99, most | %s, %s, %s |\n", len(took), at(0.5), at(0.99), took[len(took)-1].Round(time.Millisecond))
	fmt.Printf("| pushes | %d |\n", pushes)
	fmt.Printf("| events that were never pushed | %d |\n", missing)
	fmt.Printf("| resident memory at most, `run` | %d MiB |\n", peak>>20)
	switch {
	case missing > 0:
		return fmt.Errorf("%d events were never pushed", missing)
	case s.most > 0 && at(0.99) > s.most:
		return fmt.Errorf("99th percentile %s, %s wanted", at(0.99), s.most)
	case s.memory > 0 && peak>>20 > s.memory:
		return fmt.Errorf("%d MiB resident, %d wanted", peak>>20, s.memory)
	}
	return nil
}

// environment is the settings of the measured process.
type environment struct {
	brokers, port string
	settings      []string
}

func (e environment) list() []string { return append(os.Environ(), e.settings...) }

func (e environment) url(scheme string) string {
	return scheme + "://" + net.JoinHostPort("127.0.0.1", e.port)
}

// surroundings starts what the process needs; end stops it.
func surroundings(ctx context.Context, s settings, topic string) (env environment, version string, end func(), err error) {
	var ends []func() error
	end = func() {
		for _, e := range slices.Backward(ends) {
			if err := e(); err != nil {
				say("%v", err)
			}
		}
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	database, err := pgserver.Start(ctx, pgserver.Config{Logger: quiet})
	if err != nil {
		return env, "", nil, err
	}
	ends = append(ends, database.Stop)
	if err := database.CreateDatabase(ctx, "bench"); err != nil {
		return env, "", nil, err
	}
	env.brokers = s.brokers
	if env.brokers == "" {
		b, err := broker.Start(broker.Config{Topics: []string{topic}, Partitions: 4, Logger: quiet})
		if err != nil {
			return env, "", nil, err
		}
		ends = append(ends, func() error { b.Stop(); return nil })
		env.brokers = b.Addr()
	}
	env.port = freePort(ctx)
	dsn, err := databaseSettings(database.DSN("bench"))
	if err != nil {
		return env, "", nil, err
	}
	env.settings = append(dsn,
		"KAFKA_BOOTSTRAP_SERVERS="+env.brokers, "TOPIC_PAYLOAD_STATUS="+topic, "KAFKA_GROUP_ID="+topic, "KAFKA_AUTO_OFFSET_RESET=earliest",
		"PUBLICPORT="+env.port, "METRICSPORT="+freePort(ctx), "LOGLEVEL=WARN",
	)
	return env, strconv.Itoa(database.Version()), end, runOnce(ctx, s.binary, env.list(), "migrate", "up")
}

func freePort(ctx context.Context) string {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "0"
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
