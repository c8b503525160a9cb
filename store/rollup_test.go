package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rollup"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// ledger is a database whose rollups are held against a recount.
type ledger struct {
	*store.Store
	t   *testing.T
	dsn string
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	l := &ledger{t: t, dsn: storetest.DSN(t)}
	l.Store = storetest.New(t, func(c *store.Config) {
		c.DSN, c.MaxConns, c.Now = l.dsn, 12, func() time.Time { return noon.Add(time.Hour) }
	})
	return l
}

// events are random ones of some payloads: retries, failures, stages that
// begin anew, dates out of order on both sides of hours and days, and orgs
// that a later event corrects.
func (l *ledger) events(seed uint64, many, payloads int) []payload.Event {
	rng := rand.New(rand.NewPCG(seed, 3))
	pick := func(words ...string) string { return words[rng.IntN(len(words))] }
	events := make([]payload.Event, many)
	for i := range events {
		n := 1 + rng.IntN(payloads)
		e := event(n, pick("ingress", "puptoo", "inventory", "compliance"), pick("received", "received", "processing", "success", "success", "error", "failed"),
			time.Duration(n%60-40)*time.Hour+time.Duration(rng.IntN(900)-450)*time.Second)
		e.Source, e.OrgID = pick("", "", "worker"), pick("", "1", "1", "1", "2")
		e.Message = pick("", "timeout after 3 s", "no such host: db-7")
		events[i] = e
	}
	return events
}

// feed ingests events in small batches by several consumers at once.
func (l *ledger) feed(events []payload.Event, consumers int) {
	l.t.Helper()
	var wait sync.WaitGroup
	part := (len(events) + consumers - 1) / consumers
	n := int32(0)
	for own := range slices.Chunk(events, part) {
		f := newFeeder(l.t, l.Store, n)
		n++
		wait.Go(func() {
			for batch := range slices.Chunk(own, 40) {
				f.feed(batch...)
			}
		})
	}
	wait.Wait()
}

func (l *ledger) fold() {
	l.t.Helper()
	if err := l.FoldRollups(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// check holds every row of the rollups against a recount of the journeys.
func (l *ledger) check() {
	l.t.Helper()
	l.fold()
	conn := storetest.Conn(l.t, l.dsn)
	want, got := l.recount(conn), l.rows(conn)
	for _, row := range without(want, got) {
		l.t.Errorf("missing: %s", row)
	}
	for _, row := range without(got, want) {
		l.t.Errorf("wrong:   %s", row)
	}
	if len(want) < 20 {
		l.t.Errorf("only %d rows to check", len(want))
	}
	var left int
	if err := conn.QueryRow(l.t.Context(), `SELECT count(*) FROM rollup_deltas`).Scan(&left); err != nil || left != 0 {
		l.t.Errorf("%d deltas are left, %v", left, err)
	}
}

func without(all, known []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(row string) bool {
		_, found := slices.BinarySearch(known, row)
		return found
	})
}

func (l *ledger) recount(conn *pgx.Conn) []string {
	l.t.Helper()
	sum := rollup.NewSum()
	rows, err := conn.Query(l.t.Context(), `SELECT journey FROM payloads WHERE journey IS NOT NULL`)
	if err != nil {
		l.t.Fatal(err)
	}
	journeys, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		l.t.Fatal(err)
	}
	for _, encoded := range journeys {
		var journey payload.Journey
		if err := journey.UnmarshalBinary(encoded); err != nil {
			l.t.Fatal(err)
		}
		sum.Move(rollup.Contribution{}, new(rollup.Contributions).Of(0, &journey))
	}
	var list []string
	for series, in := range sum.Series(l.Now().Add(-rollup.RecentlyKept).Truncate(rollup.Width)) {
		for k, c := range in.Stages {
			list = append(list, fmt.Sprint("stage ", int16(series), k.Org, k.Bucket.Time(), k.Service, k.Source, k.Scope, c.Received, c.Succeeded, c.Failed, c.Open, c.Retried, c.Durations))
		}
		for k, c := range in.Handovers {
			list = append(list, fmt.Sprint("hand-over ", int16(series), k.Org, k.Bucket.Time(), k.From, k.To, c.Payloads, c.Failed, c.Waits))
		}
		for k, c := range in.Failures {
			list = append(list, fmt.Sprint("failure ", int16(series), k.Org, k.Bucket.Time(), k.Service, k.Source, k.Fingerprint, c.Total, c.Open, c.Orgs))
		}
	}
	slices.Sort(list)
	return list
}

func (l *ledger) rows(conn *pgx.Conn) []string {
	l.t.Helper()
	var list []string
	read := func(sql string, targets []any, say func() string) {
		l.t.Helper()
		rows, err := conn.Query(l.t.Context(), sql+` WHERE generation = (SELECT generation FROM rollup_state)`)
		if err == nil {
			_, err = pgx.ForEachRow(rows, targets, func() error { list = append(list, say()); return nil })
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	sparse := func(b []byte) rollup.Sparse {
		var s rollup.Sparse
		if err := s.UnmarshalBinary(b); err != nil {
			l.t.Fatal(err)
		}
		return s
	}
	var series int16
	var bucket time.Time
	var packed []byte
	var s struct {
		rollup.StageKey
		rollup.Stage
	}
	read(`SELECT series, org_id, bucket, service, source, scope, received, succeeded, failed, open, retried, durations FROM stage_rollups`,
		[]any{&series, &s.Org, &bucket, &s.Service, &s.Source, &s.Scope, &s.Received, &s.Succeeded, &s.Failed, &s.Open, &s.Retried, &packed},
		func() string {
			return fmt.Sprint("stage ", series, s.Org, bucket.UTC(), s.Service, s.Source, s.Scope, s.Received, s.Succeeded, s.Failed, s.Open, s.Retried, sparse(packed))
		})
	var h struct {
		rollup.HandoverKey
		rollup.Handover
	}
	read(`SELECT series, org_id, bucket, from_service, to_service, payloads, failed, waits FROM handover_rollups`,
		[]any{&series, &h.Org, &bucket, &h.From, &h.To, &h.Payloads, &h.Failed, &packed},
		func() string {
			return fmt.Sprint("hand-over ", series, h.Org, bucket.UTC(), h.From, h.To, h.Payloads, h.Failed, sparse(packed))
		})
	var f struct {
		rollup.FailureKey
		rollup.Failure
	}
	read(`SELECT series, org_id, bucket, service, source, fingerprint, total, open, orgs, first_at, last_at FROM failure_rollups`,
		[]any{&series, &f.Org, &bucket, &f.Service, &f.Source, &f.Fingerprint, &f.Total, &f.Open, &packed, &f.First, &f.Last},
		func() string {
			if width := rollup.Series(series).Width(); f.First.Before(bucket) || f.Last.Before(f.First) || !f.Last.Before(bucket.Add(width)) {
				l.t.Errorf("a bucket of %v from %v has failures from %v to %v", width, bucket, f.First, f.Last)
			}
			return fmt.Sprint("failure ", series, f.Org, bucket.UTC(), f.Service, f.Source, f.Fingerprint, f.Total, f.Open, sparse(packed))
		})
	slices.Sort(list)
	return list
}

func TestRollupsEqualARecount(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	events := l.events(1, 3000, 200)
	l.feed(events[:1500], 3)
	l.fold()
	l.feed(events[1500:], 3)
	l.feed(events[:300], 1) // repeats
	l.check()
}

func TestRebuiltRollupsEqualARecount(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	events := l.events(2, 6000, 2500)
	l.feed(events[:3000], 2)
	l.fold()
	var wait sync.WaitGroup
	wait.Go(func() { l.feed(events[3000:], 3) })
	// Cut off after the first step, gone on with by two at once.
	ctx, cancel := context.WithCancel(t.Context())
	first := 0
	if err := l.RebuildRollups(ctx, func(counted int) { first = counted; cancel() }); err == nil || first == 0 {
		t.Errorf("a rebuild that is cut off has counted %d, and says %v", first, err)
	}
	var rest [2]int
	for i := range rest {
		wait.Go(func() {
			if err := l.RebuildRollups(t.Context(), func(counted int) { rest[i] = counted }); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if all := len(l.journeys()); first+rest[0]+rest[1] > all {
		t.Errorf("%d, %d and %d payloads are counted of %d: some twice", first, rest[0], rest[1], all)
	}
	l.check()
	conn := storetest.Conn(t, l.dsn)
	var generation, generations int
	err := conn.QueryRow(t.Context(), `SELECT (SELECT generation FROM rollup_state), count(DISTINCT generation) FROM stage_rollups`).Scan(&generation, &generations)
	if err != nil || generation < 2 || generations != 1 {
		t.Errorf("generation %d of %d stored, %v", generation, generations, err)
	}
}

func TestRollupsFollowNewRules(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	events := l.events(3, 2000, 700)
	l.feed(events[:1000], 2)
	rules := payload.DefaultRules()
	rules.Failure = slices.DeleteFunc(rules.Failure, func(word string) bool { return word == "error" })
	var wait sync.WaitGroup
	wait.Go(func() { l.feed(events[1000:], 2) })
	if err := l.ApplyRules(t.Context(), rules, nil); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	l.check()
}

// feedWithLetter also counts a record that is no event.
func (f *feeder) feedWithLetter(events ...payload.Event) {
	f.t.Helper()
	to := f.next + int64(len(events)) + 1
	var letters store.LetterCounts
	letters.Add(payload.ReasonNotJSON, "", to-1, []byte("third-party"))
	_, err := f.store.Ingest(context.Background(), store.Batch{Group: group, Parts: []store.Part{{
		Topic: topic, Partition: f.partition, TopicID: [16]byte{1}, From: f.next, To: to, Events: events, Letters: letters,
	}}})
	if err != nil {
		f.t.Error(err)
	}
	f.next = to
}

// An identity is given out before its row commits: a fold that has read a
// later delta must neither pass over an earlier one that shows up behind it,
// nor add it twice.
func TestADeltaThatCommitsLateIsFoldedOnce(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	conn := storetest.Conn(t, l.dsn)
	f := newFeeder(t, l.Store, 0)
	f.feedWithLetter()
	// Dead letters are counted last in a batch's transaction: the late one has
	// appended its delta when it comes to wait for their row.
	holdLate := l.hold(conn, `SELECT FROM dead_letters FOR UPDATE`)
	events := l.events(7, 1200, 300)
	late := l.waiting(1, func() { f.feedWithLetter(events[:600]...) })
	apart := events[600:] // payloads of their own: the late batch holds the rows of the others
	for i := range apart {
		apart[i].RequestID[0] ^= 0xff
	}
	newFeeder(t, l.Store, 1).feed(apart...)
	// The fold has read the later delta when it comes to wait for the table.
	holdFold := l.hold(storetest.Conn(t, l.dsn), `LOCK TABLE handover_rollups IN SHARE MODE`)
	fold := l.waiting(2, func() {
		if err := l.FoldRollups(t.Context()); err != nil {
			t.Error(err)
		}
	})
	holdLate()
	<-late
	holdFold()
	<-fold
	l.check()
}

// hold takes a lock until the function it gives is called.
func (l *ledger) hold(conn *pgx.Conn, sql string) (release func()) {
	l.t.Helper()
	tx, err := conn.Begin(l.t.Context())
	if err == nil {
		_, err = tx.Exec(l.t.Context(), sql)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return func() {
		l.t.Helper()
		if err := tx.Rollback(l.t.Context()); err != nil {
			l.t.Fatal(err)
		}
	}
}

// waiting starts something and returns once so many sessions wait for a lock.
func (l *ledger) waiting(sessions int, do func()) (done chan struct{}) {
	l.t.Helper()
	done = make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	conn := storetest.Conn(l.t, l.dsn)
	for wait := 0; wait < sessions; time.Sleep(5 * time.Millisecond) {
		err := conn.QueryRow(l.t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&wait)
		if err != nil {
			l.t.Fatal(err)
		}
	}
	return done
}

// What was stored before there were rollups is not counted until a rebuild:
// half of the numbers would be worse than none.
func TestRollupsOfAnOlderDatabase(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	conn := storetest.Conn(t, l.dsn)
	if _, err := conn.Exec(t.Context(), `UPDATE rollup_state SET generation = 0`); err != nil {
		t.Fatal(err)
	}
	events := l.events(4, 1000, 300)
	l.feed(events, 1)
	l.fold()
	if rows := l.rows(conn); len(rows) > 0 {
		t.Errorf("counted: %s", strings.Join(rows[:1], ""))
	}
	if err := l.RebuildRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	l.check()
}

func TestFiveMinutesAreKeptForTwoDays(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.feed(l.events(5, 1000, 300), 1)
	l.fold()
	later := storetest.New(t, func(c *store.Config) {
		c.DSN, c.Now = l.dsn, func() time.Time { return noon.Add(100 * time.Hour) }
	})
	if err := later.FoldRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, row := range l.rows(storetest.Conn(t, l.dsn)) {
		if _, rest, _ := strings.Cut(row, " "); strings.HasPrefix(rest, "1") {
			t.Fatalf("kept: %s", row)
		}
	}
}
