// Command data builds the database that bench/lists asks: ten million events
// of realistic journeys (see bench/data/stock), kept for later runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/payload-tracker/payload-tracker/bench/data/stock"
)

func main() {
	dir := flag.String("dir", stock.DefaultDir(), "where the data are kept (BENCH_DATA_DIR); about 300 bytes an event")
	events := flag.Int("events", 10_000_000, "events to make, when there are none yet")
	seed := flag.Uint64("seed", 1, "other seeds give other journeys")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *seed, *events); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, seed uint64, events int) error {
	s, err := stock.Open(ctx, dir, seed, events)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	began, first, said := time.Now(), -1, 0
	err = s.Fill(ctx, func(stored int) {
		if first < 0 {
			first = stored
		}
		if stored-said >= 500_000 {
			said = stored
			fmt.Fprintf(os.Stderr, "bench: %d events, %.0f a second\n", stored, float64(stored-first)/time.Since(began).Seconds())
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bench: the data are in %s\n", dir)
	return nil
}
