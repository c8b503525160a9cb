package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// yard is a database whose users refuse to wait more than 100 ms for a lock:
// PostgreSQL itself tells when one had to.
type yard struct {
	t     *testing.T
	dsn   string
	conn  *pgx.Conn
	clock atomic.Int64
}

func newYard(t *testing.T, now time.Time) *yard {
	t.Helper()
	dsn := storetest.DSN(t)
	y := &yard{t: t, dsn: dsn + "&lock_timeout=100", conn: storetest.Conn(t, dsn)}
	y.setClock(now)
	return y
}

func (y *yard) setClock(now time.Time) { y.clock.Store(now.UnixMicro()) }

func (y *yard) open() *store.Store {
	y.t.Helper()
	return storetest.New(y.t, func(c *store.Config) {
		c.DSN, c.Now = y.dsn, func() time.Time { return time.UnixMicro(y.clock.Load()) }
	})
}

// scan is the one row of a query.
func (y *yard) scan(query string, into ...any) {
	y.t.Helper()
	if err := y.conn.QueryRow(y.t.Context(), query).Scan(into...); err != nil {
		y.t.Fatal(err)
	}
}

// partitions of dates in a year, and how many of them hold one day.
func (y *yard) partitions(year int) (all, days int) {
	y.t.Helper()
	y.scan(fmt.Sprintf(`SELECT count(*), count(*) FILTER (WHERE (bounds[2])::timestamptz - (bounds[1])::timestamptz = interval '1 day')
		FROM (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), $$'([^']+)'.*'([^']+)'$$) AS bounds
			FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'payload_statuses'::regclass) p
		WHERE extract(year FROM (bounds[1])::timestamptz) = %d`, year), &all, &days)
	return all, days
}

// undone are the partitions of more days than one that begin before a date.
func (y *yard) undone(before time.Time) (n int) {
	y.t.Helper()
	y.scan(fmt.Sprintf(`SELECT count(*) FROM (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), $$'([^']+)'.*'([^']+)'$$) AS bounds
			FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'payload_statuses'::regclass) p
		WHERE (bounds[2])::timestamptz - (bounds[1])::timestamptz > interval '1 day' AND (bounds[1])::timestamptz < '%s'`, before.Format(time.RFC3339)), &n)
	return n
}

// leftovers are the tables and functions of a split under way.
func (y *yard) leftovers() (n int) {
	y.t.Helper()
	y.scan(`SELECT (SELECT count(*) FROM pg_class WHERE relname IN ('payload_statuses_splitting', 'payload_statuses_split'))
		+ (SELECT count(*) FROM pg_proc WHERE proname = 'payload_statuses_splitting')`, &n)
	return n
}

// keepDays runs KeepDaysAhead until the condition holds.
func (y *yard) keepDays(s *store.Store, until func() bool) {
	y.t.Helper()
	ctx, cancel := context.WithCancel(y.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.KeepDaysAhead(ctx) }()
	for deadline := time.Now().Add(time.Minute); !until(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			y.t.Error("the partitions were not made in a minute")
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		y.t.Error(err)
	}
}

// traffic writes and reads until stopped; it counts who waited, and fails
// when an event is missing or there twice.
type traffic struct {
	*yard
	counted string // what is read
	waited  atomic.Int64
	stop    chan struct{}
	wg      sync.WaitGroup
	stored  atomic.Int64
	reads   atomic.Int64
}

func (y *yard) traffic(at func(*rand.Rand) time.Time) *traffic {
	return y.trafficAmong(at, `SELECT count(*) FROM payload_statuses`)
}

// trafficAmong counts by a statement of its own.
func (y *yard) trafficAmong(at func(*rand.Rand) time.Time, counted string) *traffic {
	f := &traffic{yard: y, counted: counted, stop: make(chan struct{})}
	var before int64
	y.scan(counted, &before)
	f.stored.Store(before)
	for writer := range int32(2) {
		feeder := newFeeder(y.t, y.open(), 100+writer)
		f.wg.Go(func() { f.write(feeder, at, int(writer)) })
		f.wg.Go(f.read)
	}
	return f
}

func (f *traffic) end() {
	f.t.Helper()
	close(f.stop)
	f.wg.Wait()
	if f.reads.Load() == 0 {
		f.t.Error("nothing was read meanwhile")
	}
}

func (f *traffic) hadToWait(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || refused.Code != "55P03" { // lock_not_available
		return false
	}
	f.waited.Add(1)
	return true
}

// nobodyWaits tries three times: a machine that is busy with other things
// stops a process that holds a lock for longer than anybody may wait for it.
func nobodyWaits(t *testing.T, try func(t *testing.T) (waited int64)) {
	t.Helper()
	for range 3 {
		waited := try(t)
		if waited == 0 || t.Failed() {
			return
		}
		t.Logf("%d times a lock was waited for more than 100 ms", waited)
	}
	t.Error("each time somebody waited for a lock more than 100 ms")
}

func (f *traffic) stopped() bool {
	select {
	case <-f.stop:
		return true
	case <-time.After(10 * time.Millisecond):
		return false
	}
}

func (f *traffic) write(feeder *feeder, at func(*rand.Rand) time.Time, writer int) {
	rng := rand.New(rand.NewPCG(uint64(writer), 7))
	var last *payload.Event // stored
	for i := 0; !f.stopped(); i++ {
		events := make([]payload.Event, 5)
		for k := range events {
			events[k] = event(1000*(writer+1)+i%50, "ingress", fmt.Sprintf("step-%d", k), 0)
			events[k].Date = at(rng)
		}
		if last != nil {
			events[4] = *last // a repeat
		}
		// Ends by an error of its own, not by feed's: this is no test's goroutine.
		result, err := feeder.store.Ingest(context.Background(), store.Batch{Group: group, Parts: []store.Part{{
			Topic: topic, Partition: feeder.partition, TopicID: [16]byte{1}, From: feeder.next, To: feeder.next + 5, Events: events,
		}}})
		if f.hadToWait(err) {
			continue
		}
		if err != nil || len(result.Lost) > 0 {
			f.t.Errorf("batch %d of writer %d: %+v, %v", i, writer, result.Lost, err)
			return
		}
		if last != nil && result.Repeated == 0 {
			f.t.Errorf("batch %d of writer %d: the repeat was stored again", i, writer)
		}
		last = &events[0]
		feeder.next += 5
		f.stored.Add(int64(result.Stored))
	}
}

func (f *traffic) read() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, f.dsn)
	if err != nil {
		f.t.Error(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	for !f.stopped() {
		atLeast := f.stored.Load()
		var count int64
		err := conn.QueryRow(ctx, f.counted).Scan(&count)
		if f.hadToWait(err) {
			continue
		}
		if err != nil || count < atLeast {
			f.t.Errorf("%d events, want at least %d: %v", count, atLeast, err)
			return
		}
		f.reads.Add(1)
	}
}

func anyDayOf(year int) func(*rand.Rand) time.Time {
	return func(rng *rand.Rand) time.Time {
		return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rng.Int64N(int64(365 * 24 * time.Hour)))).Truncate(time.Microsecond)
	}
}

// fill stores events on any day of a year.
func (y *yard) fill(s *store.Store, year, n int) {
	y.t.Helper()
	rng, at := rand.New(rand.NewPCG(1, 1)), anyDayOf(year)
	events := make([]payload.Event, n)
	for i := range events {
		events[i] = event(i%500, "ingress", "received", 0)
		events[i].Date = at(rng)
	}
	newFeeder(y.t, s, 0).feed(events...)
}

func TestAYearIsSplitWhenItsDaysComeAndNobodyWaits(t *testing.T) { //nolint:paralleltest // it measures waits
	nobodyWaits(t, splitYear)
}

func splitYear(t *testing.T) (waited int64) {
	t.Helper()
	y := newYard(t, time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC))
	s := y.open()
	y.fill(s, 2029, 5_000)
	if all, days := y.partitions(2029); all != 1 || days != 0 {
		t.Fatalf("2029 has %d partitions, %d of a day; want one of the year", all, days)
	}
	traffic := y.traffic(anyDayOf(2029))
	// A week ahead of New Year its first days come; then weeks go by.
	for _, now := range []time.Time{time.Date(2028, 12, 27, 12, 0, 0, 0, time.UTC), time.Date(2029, 1, 20, 12, 0, 0, 0, time.UTC)} {
		y.setClock(now)
		y.keepDays(s, func() bool { return y.undone(now.AddDate(0, 0, 7)) == 0 && y.leftovers() == 0 })
		all, days := y.partitions(2029)
		t.Logf("%s: %d partitions, %d of a day; %d events, %d reads", now.Format(time.DateOnly), all, days, traffic.stored.Load(), traffic.reads.Load())
		if all > days+20 {
			t.Errorf("%d partitions, %d of a day: far days are split too", all, days)
		}
	}
	traffic.end()
	var count, distinct int64
	y.scan(`SELECT count(*), count(DISTINCT (payload_id, date, hash)) FROM payload_statuses`, &count, &distinct)
	if count != traffic.stored.Load() || count != distinct {
		t.Errorf("%d events, %d distinct, want %d", count, distinct, traffic.stored.Load())
	}
	var checks int
	y.scan(`SELECT count(*) FROM pg_constraint WHERE conrelid IN (SELECT inhrelid FROM pg_inherits) AND contype = 'c'`, &checks)
	if checks != 0 {
		t.Errorf("%d constraints are left that every write would pay for", checks)
	}
	return traffic.waited.Load()
}

// A reader that stays keeps the parts from taking their place, and holds up
// nobody; a split that is cut off is begun anew, with what came meanwhile.
func TestASplitThatIsCutOffBeginsAnew(t *testing.T) { //nolint:paralleltest // it measures waits
	nobodyWaits(t, splitTwice)
}

func splitTwice(t *testing.T) (waited int64) {
	t.Helper()
	y := newYard(t, time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC))
	s := y.open()
	y.fill(s, 2029, 2_000)
	reader, err := storetest.Conn(t, y.dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), `SELECT count(*) FROM payload_statuses`); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2028, 12, 27, 12, 0, 0, 0, time.UTC)
	y.setClock(now)
	cut := y.traffic(anyDayOf(2029))
	y.keepDays(s, func() bool { return y.leftovers() == 2 && cut.reads.Load() > 30 })
	cut.end()
	if all, days := y.partitions(2029); all != 1 || days != 0 || y.leftovers() != 2 {
		t.Fatalf("2029 has %d partitions, %d of a day, and %d leftovers", all, days, y.leftovers())
	}
	// While the trigger still stands, events go as well.
	late := event(7, "puptoo", "success", 0)
	late.Date = anyDayOf(2029)(rand.New(rand.NewPCG(3, 3)))
	if got := newFeeder(t, s, 9).feed(late); got.Stored != 1 {
		t.Errorf("stored %d, want 1", got.Stored)
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.keepDays(s, func() bool { return y.undone(now.AddDate(0, 0, 7)) == 0 && y.leftovers() == 0 })
	var count int64
	y.scan(`SELECT count(*) FROM payload_statuses`, &count)
	if want := cut.stored.Load() + 1; count != want {
		t.Errorf("%d events, want %d", count, want)
	}
	return cut.waited.Load()
}

// Partitions are made by three at once, while a reader and a writer stay in
// their transactions: none of them waits.
func TestPartitionsAreMadeAndNobodyWaits(t *testing.T) { //nolint:paralleltest // it measures waits
	nobodyWaits(t, makeDays)
}

func makeDays(t *testing.T) (waited int64) {
	t.Helper()
	y := newYard(t, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	s := y.open()
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0))
	for _, sql := range []string{
		`SELECT count(*) FROM payload_statuses`,
		`INSERT INTO payload_statuses SELECT payload_id, date, 5, created_at, trail_id, message FROM payload_statuses`,
	} {
		stays, err := storetest.Conn(t, y.dsn).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stays.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stays.Rollback(context.WithoutCancel(t.Context())) }()
	}
	traffic := y.traffic(func(*rand.Rand) time.Time {
		return noon.Add(time.Duration(rand.Int64N(int64(time.Hour)))).Truncate(time.Microsecond)
	})
	var days []time.Time
	for i := range 60 {
		days = append(days, time.Date(2025, 1, 1+i, 0, 0, 0, 0, time.UTC))
	}
	days = append(days, time.Date(1971, 5, 5, 0, 0, 0, 0, time.UTC), time.Date(2199, 12, 31, 0, 0, 0, 0, time.UTC))
	errs := make(chan error, 3)
	for range cap(errs) {
		one := storetest.New(t, func(c *store.Config) { c.DSN = strings.TrimSuffix(y.dsn, "&lock_timeout=100") }) // its turn takes as long as it takes
		go func() { errs <- one.MakeDays(context.Background(), days) }()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	traffic.end()
	if all, made := y.partitions(2025); all != 60 || made != 60 {
		t.Errorf("2025 has %d partitions, %d of a day; want 60", all, made)
	}
	if all, made := y.partitions(2199); all != 1 || made != 0 {
		t.Errorf("2199 has %d partitions, %d of a day; want one of the year", all, made)
	}
	return traffic.waited.Load()
}

// What an operator has detached stays as it is under its name.
func TestADetachedPartitionIsLeftAlone(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	newFeeder(t, y.open(), 0).feed(event(1, "ingress", "received", 0))
	if _, err := y.conn.Exec(t.Context(), `ALTER TABLE payload_statuses DETACH PARTITION payload_statuses_20260304`); err != nil {
		t.Fatal(err)
	}
	newFeeder(t, y.open(), 1).feed(event(1, "ingress", "success", time.Second))
	var detached, attached int
	y.scan(`SELECT (SELECT count(*) FROM payload_statuses_20260304), (SELECT count(*) FROM payload_statuses)`, &detached, &attached)
	if detached != 1 || attached != 1 {
		t.Errorf("%d events in the detached table, %d in the others; want 1, 1", detached, attached)
	}
}

func TestAForeignPartitionIsNamed(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	if _, err := y.conn.Exec(t.Context(), `CREATE TABLE mine PARTITION OF payload_statuses DEFAULT`); err != nil {
		t.Fatal(err)
	}
	err := y.open().MakeDays(t.Context(), []time.Time{time.Date(1971, 5, 5, 0, 0, 0, 0, time.UTC)})
	if err == nil || !strings.Contains(err.Error(), "partition mine") {
		t.Errorf("says %v", err)
	}
}

func TestADayIsMadeWhileABatchHangs(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	hanging, err := storetest.Conn(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hanging.Exec(t.Context(), `SELECT pg_advisory_xact_lock_shared($1::bigint)`, int64(store.BatchLock)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.MakeDays(ctx, []time.Time{time.Date(2031, 5, 6, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Errorf("the day waits for the batch: %v", err)
	}
	if err := hanging.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}
