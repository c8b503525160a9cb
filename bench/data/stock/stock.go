// Package stock is a database of many realistic journeys: 12 events each over
// 90 days, 500 orgs of which one has a third, 8 services, some failures, a few
// that fell silent, one payload of 50,000 events, 30 with an odd date.
//
// It is written by store.Ingest itself, under a clock that follows the events,
// in large batches: its rows are ingest's by construction. It is kept between
// runs; filling it again adds what has happened since.
package stock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

const (
	database = "stock"
	group    = "stock"
	topic    = "stock"

	within    = 90 * 24 * time.Hour
	batchSize = 50_000 / eventsPerPayload // payloads
	largeAgo  = 10 * 24 * time.Hour
	lasts     = eventsPerPayload * 3 * time.Second // a journey, at most
)

// Stock is the database and what is in it.
type Stock struct {
	Plan
	Server *pgserver.Server
	Events int // that there should be, of the journeys up to when it was made

	file string
}

// DefaultDir is where the stock is kept unless a flag says otherwise.
func DefaultDir() string {
	if dir := os.Getenv("BENCH_DATA_DIR"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "payload-tracker", "bench-data")
}

// kept is what a file beside the database says of it.
type kept struct {
	Plan   Plan
	Events int
}

// Open starts the durable PostgreSQL that holds the stock of dir. A new one is
// to have so many events; one that is there already is what it is.
func Open(ctx context.Context, dir string, seed uint64, events int) (*Stock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	s := &Stock{file: filepath.Join(dir, "stock.json"), Events: events}
	content, err := os.ReadFile(s.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Plan = newPlan(seed, events, within, time.Now())
		if content, err = json.Marshal(kept{s.Plan, events}); err == nil {
			err = os.WriteFile(s.file, content, 0o644)
		}
	case err == nil:
		var k kept
		err = json.Unmarshal(content, &k)
		s.Plan, s.Events = k.Plan, k.Events
	}
	if err != nil {
		return nil, fmt.Errorf("stock: %w", err)
	}
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if s.Server, err = pgserver.Start(ctx, pgserver.Config{Dir: filepath.Join(dir, "postgresql"), Logger: quiet}); err != nil {
		return nil, err
	}
	if err := s.Server.CreateDatabase(ctx, database); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close stops the server; the data stay.
func (s *Stock) Close() error { return s.Server.Stop() }

// DSN of the stock.
func (s *Stock) DSN() string { return s.Server.DSN(database) }

// Copy makes a database of its own with all that is in the stock, for whoever
// wants to write into it.
func (s *Stock) Copy(ctx context.Context, name string) (dsn string, err error) {
	if err := s.Drop(ctx, name); err != nil {
		return "", err
	}
	return s.Server.DSN(name), s.exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE "+database+" STRATEGY file_copy")
}

// Drop deletes a copy.
func (s *Stock) Drop(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

func (s *Stock) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.Server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// Fill brings the stock up to now, and says how far it is.
func (s *Stock) Fill(ctx context.Context, progress func(stored int)) error {
	f := &Filler{Plan: s.Plan}
	db, err := store.Open(ctx, store.Config{DSN: s.DSN(), Now: f.Now})
	if err != nil {
		return err
	}
	defer db.Close()
	f.at(s.Began)
	if err := db.MigrateUp(ctx); err != nil {
		return err
	}
	added, err := f.Fill(ctx, db, s.Before(time.Now().Add(-lasts)), progress)
	if err != nil {
		return err
	}
	f.at(time.Now())
	if err := db.FoldRollups(ctx); err != nil || added == 0 {
		return err
	}
	return settle(ctx, s.DSN())
}

// Filler stores the journeys of a plan, in the order of their starts. Its
// clock is the store's.
type Filler struct {
	Plan
	clock atomic.Int64
}

// Now is the filler's clock, for store.Config.
func (f *Filler) Now() time.Time { return time.UnixMicro(f.clock.Load()).UTC() }

func (f *Filler) at(date time.Time) { f.clock.Store(date.UnixMicro()) }

// Fill stores the journeys up to a number, from where the last fill ended; it
// says how many that were.
func (f *Filler) Fill(ctx context.Context, db *store.Store, payloads int, progress func(stored int)) (int, error) {
	next, err := db.InitPosition(ctx, group, topic, [16]byte{1}, 0, 0)
	if err != nil {
		return 0, err
	}
	first := int(next) / eventsPerPayload
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	number := first
	for events := range f.batches(stop, first, payloads) {
		number += len(events) / eventsPerPayload
		f.at(f.Start(number - 1).Add(lasts))
		if err := ingest(ctx, db, 0, next, events); err != nil {
			return 0, err
		}
		next += int64(len(events))
		progress(int(next))
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return number - first, f.fillLarge(ctx, db, f.Start(number))
}

// batches are made while the one before is stored.
func (f *Filler) batches(ctx context.Context, from, to int) <-chan []payload.Event {
	batches := make(chan []payload.Event, 1)
	go func() {
		defer close(batches)
		for ; from < to; from += batchSize {
			var events []payload.Event
			for number := from; number < min(from+batchSize, to); number++ {
				events = append(events, f.Events(number)...)
			}
			select {
			case batches <- events:
			case <-ctx.Done():
				return
			}
		}
	}()
	return batches
}

// fillLarge stores the payload with the most events, once.
func (f *Filler) fillLarge(ctx context.Context, db *store.Store, now time.Time) error {
	next, err := db.InitPosition(ctx, group, topic, [16]byte{1}, 1, 0)
	if err != nil || next > 0 {
		return err
	}
	events := f.large(now.Add(-largeAgo))
	f.at(events[len(events)-1].Date.Add(time.Second))
	return ingest(ctx, db, 1, 0, events)
}

func ingest(ctx context.Context, db *store.Store, partition int32, next int64, events []payload.Event) error {
	result, err := db.Ingest(ctx, store.Batch{Group: group, Parts: []store.Part{{
		Topic: topic, Partition: partition, TopicID: [16]byte{1}, From: next, To: next + int64(len(events)), Events: events,
	}}})
	if err == nil && result.Stored != len(events) {
		err = fmt.Errorf("%d events stored of %d", result.Stored, len(events))
	}
	return err
}

// settle does what autovacuum does in days of steady ingest. It looks at the
// partitions and never at the table of them all, so neither does this.
func settle(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, `SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := conn.Exec(ctx, "VACUUM (ANALYZE) "+pgx.Identifier{table}.Sanitize()); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, "CHECKPOINT")
	return err
}
