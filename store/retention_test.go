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

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

const oneDay = 24 * time.Hour

// tenDays is a retention under which at noon all of the tenth day before is kept.
var tenDays = store.Retention{Events: 10 * oneDay, Rollups: 400 * oneDay}

// retain gives up what is too old.
func (y *yard) retain(s *store.Store, r store.Retention) {
	y.t.Helper()
	if err := s.Retain(y.t.Context(), r); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) exec(sql string) {
	y.t.Helper()
	if _, err := y.conn.Exec(y.t.Context(), sql); err != nil {
		y.t.Fatal(err)
	}
}

// earliest is the first date that has a partition.
func (y *yard) earliest() string {
	y.t.Helper()
	var name string
	y.scan(`SELECT min(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'payload_statuses'::regclass`, &name)
	return strings.TrimPrefix(name, "payload_statuses_")
}

// orphans are events and hosts of no payload, and reserved payloads.
func (y *yard) orphans() (n int) {
	y.t.Helper()
	y.scan(`SELECT (SELECT count(*) FROM payload_statuses e WHERE NOT EXISTS (SELECT FROM payloads p WHERE p.id = e.payload_id))
		+ (SELECT count(*) FROM payload_hosts h WHERE NOT EXISTS (SELECT FROM payloads p WHERE p.id = h.payload_id))
		+ (SELECT count(*) FROM payloads WHERE started_at IS NULL)`, &n)
	return n
}

// statuses of a payload that are kept.
func statuses(t *testing.T, s *store.Store, p *store.Payload) (words []string) {
	t.Helper()
	pages, err := s.Timelines(t.Context(), []*store.Payload{p}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range pages[p.ID].Items {
		words = append(words, status.Service+" "+status.Status)
	}
	return words
}

func TestRetentionGivesUpWhatIsTooOld(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	f := newFeeder(t, s, 0)
	past, straddling := event(1, "ingress", "received", -11*oneDay), event(2, "ingress", "received", -11*oneDay)
	past.SystemID, straddling.SystemID = "past", "straddling"
	failed := event(2, "puptoo", "error", -10*oneDay)
	young := event(3, "ingress", "success", -10*oneDay-11*time.Hour) // of the horizon's own day
	f.feed(past, straddling, failed, young)
	y.exec(`INSERT INTO payloads (request_id, created_at) VALUES ('ffffffffffffffffffffffffffffffff', '2026-01-01')`)
	y.retain(s, store.Retention{})
	if got := y.earliest(); got != "20260221" {
		t.Fatalf("without a retention the earliest day is %s", got)
	}
	y.retain(s, tenDays)
	if got := y.earliest(); got != "20260222" {
		t.Errorf("the earliest day is %s", got)
	}
	if payloadOf(t, s, 1) != nil || payloadOf(t, s, 3) == nil || y.orphans() != 0 {
		t.Errorf("%v, %v, %d orphans", payloadOf(t, s, 1), payloadOf(t, s, 3), y.orphans())
	}
	var hosts string
	y.scan(`SELECT string_agg(system_id, ' ') FROM payload_hosts`, &hosts)
	if hosts != "straddling" {
		t.Errorf("hosts %q", hosts)
	}
	p := payloadOf(t, s, 2)
	rules, err := s.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p == nil || !p.StartedAt.Equal(straddling.Date) || p.Journey.Verdict(&rules, s.Now()).State != payload.StateFailed {
		t.Fatalf("what has begun too early and goes on: %+v", p)
	}
	if got := statuses(t, s, p); !slices.Equal(got, []string{"puptoo error"}) {
		t.Errorf("its timeline has %q", got)
	}
	// What comes now merges with what its dropped events said.
	f.feed(event(2, "ingress", "success", -9*oneDay), event(2, "puptoo", "success", -9*oneDay))
	p = payloadOf(t, s, 2)
	if v := p.Journey.Verdict(&rules, s.Now()); !p.StartedAt.Equal(straddling.Date) || v.State != payload.StateSucceeded || len(p.Journey.Stages()) != 2 {
		t.Errorf("%+v, %+v", p, v)
	}
	y.setClock(noon.Add(2 * oneDay))
	y.retain(s, tenDays)
	if payloadOf(t, s, 2) != nil || payloadOf(t, s, 3) != nil || y.orphans() != 0 {
		t.Errorf("two days later: %v, %v, %d orphans", payloadOf(t, s, 2), payloadOf(t, s, 3), y.orphans())
	}
}

// A late event is counted and changes nothing, in whatever process: no payload
// comes back as a half, no partition is made.
func TestLateEventsAreCountedNotStored(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s, other := y.open(), y.open()
	f, elsewhere := newFeeder(t, s, 0), newFeeder(t, other, 1)
	gone, kept := event(1, "ingress", "received", -11*oneDay), event(2, "ingress", "received", -11*oneDay)
	elsewhere.feed(gone, kept, event(2, "puptoo", "success", -oneDay)) // it knows the days and the numbers now
	y.retain(s, tenDays)
	again := gone
	again.InventoryID = "late"
	for _, feeder := range []*feeder{f, elsewhere, newFeeder(t, y.open(), 2)} {
		result := feeder.feed(again, event(2, "inventory", "error", -11*oneDay), event(4, "ingress", "received", 0))
		if result.Late != 2 || result.Stored+result.Repeated != 1 {
			t.Errorf("of partition %d: %+v", feeder.partition, result)
		}
	}
	p := payloadOf(t, s, 2)
	if payloadOf(t, s, 1) != nil || len(p.Journey.Stages()) != 2 || y.earliest() != "20260303" || y.orphans() != 0 {
		t.Errorf("%v, %d stages, from %s, %d orphans", payloadOf(t, s, 1), len(p.Journey.Stages()), y.earliest(), y.orphans())
	}
	if state := f.state(); state.LateEvents != 6 {
		t.Errorf("%d late events, want 6", state.LateEvents)
	}
	// A batch that another consumer stored counts no late event twice.
	zombie := newFeeder(t, s, 0)
	f.feed(gone)
	if result := zombie.feed(gone); len(result.Lost) != 1 || result.Late != 0 {
		t.Errorf("the zombie: %+v", result)
	}
	if state := f.state(); state.LateEvents != 7 {
		t.Errorf("%d late events, want 7", state.LateEvents)
	}
}

// A request id whose payload is deleted begins a new one with its next event.
func TestADeletedPayloadBeginsAnew(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s, other := y.open(), y.open()
	f, elsewhere := newFeeder(t, s, 0), newFeeder(t, other, 1)
	f.feed(event(1, "ingress", "error", -11*oneDay), event(2, "ingress", "error", -11*oneDay))
	elsewhere.feed(event(1, "puptoo", "error", -11*oneDay))
	y.retain(s, tenDays)
	f.feed(event(1, "inventory", "received", 0)) // by the number it has in this process's memory
	newFeeder(t, y.open(), 2).feed(event(2, "inventory", "received", 0))
	elsewhere.feed(event(1, "inventory", "success", time.Second), event(2, "inventory", "success", time.Second))
	f.feed(event(2, "advisor", "success", 2*time.Second))
	for n, want := range map[int][]string{1: {"inventory received", "inventory success"}, 2: {"inventory received", "inventory success", "advisor success"}} {
		p := payloadOf(t, s, n)
		if got := statuses(t, s, p); !slices.Equal(got, want) || !p.StartedAt.Equal(noon) {
			t.Errorf("payload %d began %v and has %q", n, p.StartedAt, got)
		}
	}
	if y.orphans() != 0 {
		t.Errorf("%d orphans", y.orphans())
	}
}

// Years are given up whole, and days of an operator's are left to them.
func TestRetentionKeepsYearsWholeAndDetachedDays(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	old := event(1, "ingress", "received", 0)
	old.Date = time.Date(2022, 5, 5, 0, 0, 0, 0, time.UTC)
	later := event(2, "ingress", "received", 0)
	later.Date = time.Date(2023, 5, 5, 0, 0, 0, 0, time.UTC)
	newFeeder(t, s, 0).feed(old, later, event(3, "ingress", "received", -11*oneDay), event(4, "ingress", "received", -12*oneDay))
	y.retain(s, store.Retention{Events: 3*365*oneDay - 60*oneDay}) // 3 May 2023
	if payloadOf(t, s, 1) != nil || payloadOf(t, s, 2) == nil || y.earliest() != "2023" || y.orphans() != 0 {
		t.Errorf("%v, %v, from %s", payloadOf(t, s, 1), payloadOf(t, s, 2), y.earliest())
	}
	y.exec(`ALTER TABLE payload_statuses DETACH PARTITION payload_statuses_20260221`)
	y.retain(s, tenDays)
	var left string
	y.scan(`SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'r' AND relname IN ('payload_statuses_20260221', 'payload_statuses_20260220', 'payload_statuses_2023')`, &left)
	if left != "payload_statuses_20260221" {
		t.Errorf("left are %s", left)
	}
}

// Past the budget the oldest days go, never today; before that it is told.
func TestTheOldestDaysGoFirstWhenTheBudgetIsUsed(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s, other := y.open(), y.open()
	f := newFeeder(t, s, 0)
	for back := 9; back >= 0; back-- {
		var events []payload.Event
		for n := range 400 {
			e := event(1000*back+n+1, "ingress", "received", -time.Duration(back)*oneDay)
			e.Message = strings.Repeat("m", 500)
			events = append(events, e)
		}
		f.feed(events...)
	}
	size := func() (bytes int64) {
		y.scan(`SELECT pg_database_size(current_database())`, &bytes)
		return bytes
	}
	before := size()
	y.retain(s, store.Retention{MaxBytes: before + 1<<20})
	if got := y.earliest(); got != "20260223" {
		t.Errorf("within the budget the earliest day is %s", got)
	}
	told, err := other.RetentionState(t.Context()) // by whoever is asked
	if err != nil {
		t.Fatal(err)
	}
	if used := told.Used(); used < 0.8 || used > 1 || told.MaxBytes != before+1<<20 {
		t.Errorf("used %v of %d", used, told.MaxBytes)
	}
	if told.NextDay == nil || !told.NextDay.Equal(time.Date(2026, 2, 23, 0, 0, 0, 0, time.UTC)) || told.NextBytes < 200_000 {
		t.Errorf("next is %v of %d bytes", told.NextDay, told.NextBytes)
	}
	if told.FullAt == nil || !told.FullAt.After(noon) || told.FullAt.After(noon.Add(30*oneDay)) || told.DoneAt == nil {
		t.Errorf("full at %v, looked at %v", told.FullAt, told.DoneAt)
	}
	y.retain(s, store.Retention{MaxBytes: before - 500_000})
	if got := y.earliest(); got < "20260224" || got > "20260227" || size() >= before-300_000 {
		t.Errorf("the earliest day is %s; %d bytes of %d", got, size(), before)
	}
	if payloadOf(t, s, 9001) != nil || payloadOf(t, s, 1) == nil || y.orphans() != 0 {
		t.Errorf("%v, %v, %d orphans", payloadOf(t, s, 9001), payloadOf(t, s, 1), y.orphans())
	}
	y.retain(s, store.Retention{MaxBytes: 1})
	if got := y.earliest(); got != "20260304" || payloadOf(t, s, 1) == nil {
		t.Errorf("today is given up: the earliest day is %s", got)
	}
}

// Steady batches and reads go on while days are dropped and thousands of
// payloads deleted; PostgreSQL refuses who would wait for more than 100 ms.
func TestRetentionHasNobodyWait(t *testing.T) { //nolint:paralleltest // it measures waits
	nobodyWaits(t, func(t *testing.T) int64 {
		t.Helper()
		y := newYard(t, noon)
		s := y.open()
		old := newFeeder(t, s, 0)
		var events []payload.Event
		for n := range 20_000 {
			e := event(100_000+n, "ingress", "received", -time.Duration(11+n%30)*oneDay)
			e.SystemID = fmt.Sprint(n)
			events = append(events, e)
		}
		for batch := range slices.Chunk(events, 5000) {
			old.feed(batch...)
		}
		young := func(rng *rand.Rand) time.Time {
			return noon.Add(-time.Duration(rng.Int64N(int64(9 * oneDay)))).Truncate(time.Microsecond)
		}
		f := y.trafficAmong(young, `SELECT count(*) FILTER (WHERE date >= '2026-02-22') FROM payload_statuses`)
		for n := range 3 { // reads by a day's own name too
			f.wg.Go(func() {
				for i := 0; !f.stopped(); i++ {
					_, _, err := s.Track(context.Background(), requestID(100_000+(10*i+n)%20_000))
					if !f.hadToWait(err) && err != nil {
						t.Error(err)
					}
				}
			})
		}
		// Two at once: one does it.
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() {
				if err := s.Retain(context.Background(), tenDays); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		f.end()
		var left int
		y.scan(`SELECT count(*) FROM payloads WHERE updated_at < '2026-02-22'`, &left)
		if y.earliest() < "20260222" || left != 0 || y.orphans() != 0 {
			t.Errorf("from %s, %d payloads too old, %d orphans", y.earliest(), left, y.orphans())
		}
		return f.waited.Load()
	})
}

// A detach that was cut off hides its day at once, and the next look drops it;
// so does a look that was cut off between the two.
func TestADetachThatWasInterruptedIsFinished(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", -11*oneDay), event(2, "ingress", "received", -12*oneDay), event(3, "ingress", "received", 0))
	reader, err := storetest.Conn(t, y.dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), `SELECT count(*) FROM payload_statuses`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cut := make(chan error, 1)
	go func() { cut <- s.Retain(ctx, tenDays) }()
	pending := func() (n int) {
		y.scan(`SELECT count(*) FROM pg_inherits WHERE inhdetachpending`, &n)
		return n
	}
	for deadline := time.Now().Add(20 * time.Second); pending() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no detach has begun")
		}
	}
	// A day that is being made goes before: the detach lets it through.
	if err := s.MakeDays(t.Context(), []time.Time{time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-cut; err == nil {
		t.Error("a look that was cut off says that it is done")
	}
	var events int
	y.scan(`SELECT count(*) FROM payload_statuses`, &events)
	if pending() != 1 || events != 2 || payloadOf(t, s, 1) == nil {
		t.Errorf("%d are being detached, %d events, %v", pending(), events, payloadOf(t, s, 1))
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As if a look had ended after the detach of the other.
	y.exec(`INSERT INTO retired_partitions VALUES ('payload_statuses_20260221') ON CONFLICT DO NOTHING`)
	y.retain(s, tenDays)
	var left int
	y.scan(`SELECT (SELECT count(*) FROM retired_partitions) + (SELECT count(*) FROM pg_class WHERE relname IN ('payload_statuses_20260220', 'payload_statuses_20260221'))`, &left)
	if left != 0 || payloadOf(t, s, 1) != nil || payloadOf(t, s, 2) != nil || payloadOf(t, s, 3) == nil || y.orphans() != 0 {
		t.Errorf("%d tables are left, %d orphans", left, y.orphans())
	}
}

// A batch that has read an earlier horizon ends before anything is deleted.
func TestABatchUnderWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", -11*oneDay))
	batch, err := storetest.Conn(t, y.dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := batch.Exec(t.Context(), `SELECT pg_advisory_xact_lock_shared($1)`, int64(store.BatchLock)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Retain(t.Context(), tenDays) }()
	for horizon := ""; horizon != "2026-02-22"; time.Sleep(5 * time.Millisecond) {
		y.scan(`SELECT horizon::date::text FROM retention`, &horizon)
	}
	// Others go on meanwhile, by the new horizon.
	if result := newFeeder(t, y.open(), 1).feed(event(2, "ingress", "received", -11*oneDay)); result.Late != 1 {
		t.Errorf("%+v", result)
	}
	select {
	case err := <-done:
		t.Errorf("it did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if payloadOf(t, s, 1) == nil {
		t.Error("deleted under a batch")
	}
	if err := batch.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || payloadOf(t, s, 1) != nil {
		t.Errorf("%v, %v", err, payloadOf(t, s, 1))
	}
}

// What deleted payloads have contributed to the numbers stays, and a rebuild
// takes it over; what is kept whole it counts anew.
func TestRetentionLeavesTheNumbers(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	events := l.events(5, 3000, 300)
	l.feed(events[:2000], 3)
	l.fold()
	conn := storetest.Conn(t, l.dsn)
	before := l.rows(conn)
	short := store.Retention{Events: oneDay} // noon.Add(time.Hour): 3 March
	if err := l.Retain(t.Context(), short); err != nil {
		t.Fatal(err)
	}
	if after := l.rows(conn); !slices.Equal(before, after) {
		t.Errorf("%d rows are wrong after the deletion, %d missing", len(without(after, before)), len(without(before, after)))
	}
	counted := len(l.journeys())
	if counted == 0 || counted >= 300 {
		t.Fatalf("%d payloads are kept", counted)
	}
	// As it should be after what follows: the days before are a history that
	// what goes on still changes, the days since equal a recount.
	history := func() []string { return ofBuckets(l.rows(conn), "before") }
	var wait sync.WaitGroup
	wait.Go(func() { l.feed(events[2000:], 2) })
	if err := l.RebuildRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	l.fold()
	if want, got := ofBuckets(l.recount(conn), "since"), ofBuckets(l.rows(conn), "since"); !slices.Equal(want, got) || len(want) < 20 {
		t.Errorf("since the horizon %d rows are wrong, %d missing", len(without(got, want)), len(without(want, got)))
	}
	// Nothing has changed the history but differences: folded beside a rebuild
	// or not, it is the same.
	kept := history()
	if err := l.RebuildRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if again := history(); !slices.Equal(kept, again) || len(kept) < 20 {
		t.Errorf("a rebuild changes %d rows of %d before the horizon", len(without(again, kept)), len(kept))
	}
	// A horizon that rises under a rebuild has it begin anew.
	ctx, cancel := context.WithCancel(t.Context())
	if err := l.RebuildRollups(ctx, func(int) { cancel() }); err == nil {
		t.Fatal("not cut off")
	}
	whole := l.rows(conn)
	later := storetest.New(t, func(c *store.Config) { c.DSN, c.Now = l.dsn, func() time.Time { return noon.Add(oneDay) } })
	if err := later.Retain(t.Context(), short); err != nil {
		t.Fatal(err)
	}
	if err := l.RebuildRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if after := l.rows(conn); !slices.Equal(whole, after) {
		t.Errorf("%d rows are wrong, %d missing", len(without(after, whole)), len(without(whole, after)))
	}
}

// ofBuckets leaves the rows before or since 3 March, when all is kept.
func ofBuckets(rows []string, which string) []string {
	return slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
		at := strings.Index(row, " +0000 UTC")
		return (row[at-len("2026-03-03 00:00:00"):at] >= "2026-03-03") != (which == "since")
	})
}

// New words judge what is kept whole; what has lost events keeps its journey.
func TestNewRulesLeaveJourneysThatHaveLostEvents(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	newFeeder(t, s, 0).feed(
		event(1, "ingress", "error", -11*oneDay), event(1, "puptoo", "done", 0),
		event(2, "ingress", "error", -oneDay), event(2, "ingress", "done", 0),
	)
	y.retain(s, tenDays)
	rules := payload.DefaultRules()
	rules.Success = append(rules.Success, "done")
	if err := s.ApplyRules(t.Context(), rules, nil); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]payload.State{1: payload.StateFailed, 2: payload.StateSucceeded} {
		p := payloadOf(t, s, n)
		if v := p.Journey.Verdict(&rules, s.Now()); v.State != want {
			t.Errorf("payload %d has %s, want %s", n, v.State, want)
		}
		if n == 1 && len(p.Journey.Stages()) != 2 {
			t.Errorf("payload 1 has lost stages: %+v", p.Journey.Stages())
		}
	}
}

// Numbers over many payloads have a time of their own.
func TestRollupsAreGivenUpAfterTheirOwnTime(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.feed(l.events(6, 1000, 100), 1)
	l.fold()
	conn := storetest.Conn(t, l.dsn)
	whole := l.rows(conn)
	if err := l.Retain(t.Context(), store.Retention{Events: oneDay, Rollups: oneDay}); err != nil { // since 3 March
		t.Fatal(err)
	}
	rows := l.rows(conn)
	var early int
	for _, table := range []string{"stage_rollups", "handover_rollups", "failure_rollups"} {
		var n int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` WHERE bucket < '2026-03-03'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		early += n
	}
	if early != 0 || len(rows) < 20 || len(rows) >= len(whole) || len(without(rows, whole)) != 0 {
		t.Errorf("%d too old, %d of %d left", early, len(rows), len(whole))
	}
}

// What no look is to give up any more, no process says it will.
func TestARetentionThatIsTurnedOffIsNotTold(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	told := func() *store.RetentionState {
		t.Helper()
		state, err := s.RetentionState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	if state := told(); state.DoneAt != nil || state.Used() != 0 || !state.Horizon.Equal(time.Unix(0, 0)) {
		t.Errorf("before the first look: %+v", state)
	}
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0))
	y.retain(s, store.Retention{Events: 36 * time.Hour, MaxBytes: 1 << 40})
	if state := told(); state.DoneAt == nil || state.MaxAge != 36*time.Hour || state.Used() <= 0 || state.NextDay == nil {
		t.Errorf("after it: %+v", state)
	}
	y.retain(s, store.Retention{})
	if state := told(); state.DoneAt != nil || state.MaxAge != 0 || state.Used() != 0 || state.NextDay != nil || state.FullAt != nil || state.Horizon.Year() != 2026 {
		t.Errorf("turned off: %+v", state)
	}
}

// By a clock that runs ahead all would be too old.
func TestAClockThatRunsAheadGivesNothingUp(t *testing.T) {
	t.Parallel()
	y := newYard(t, time.Now().AddDate(1, 0, 0))
	s := y.open()
	now := event(1, "ingress", "received", 0)
	now.Date = time.Now()
	newFeeder(t, s, 0).feed(now)
	if err := s.Retain(t.Context(), tenDays); err == nil || !strings.Contains(err.Error(), "ahead of the database's") {
		t.Error(err)
	}
	y.setClock(time.Now())
	y.retain(s, tenDays)
	if payloadOf(t, s, 1) == nil {
		t.Error("it is deleted")
	}
}
