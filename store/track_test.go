package store_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestTrackIsThePayloadAndItsTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 13, 80, 60)
	for id := range w.events {
		want, err := w.Payload(t.Context(), store.PayloadKey{RequestID: &id})
		if err != nil {
			t.Fatal(err)
		}
		pages, err := w.Timelines(t.Context(), []*store.Payload{want}, store.Page{First: new(store.MaxPageSize)})
		if err != nil {
			t.Fatal(err)
		}
		got, statuses, err := w.Track(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("payload %+v, want %+v", got, want)
		}
		timeline := pages[want.ID].Items
		if len(statuses) != len(timeline) {
			t.Fatalf("%s: %d statuses, want %d", id, len(statuses), len(timeline))
		}
		for i, s := range statuses {
			want := *timeline[i]
			want.SincePrevious = nil
			if *s != want {
				t.Errorf("%s, status %d: %+v, want %+v", id, i, *s, want)
			}
		}
	}
	unknown := requestID(1_000_000)
	if p, statuses, err := w.Track(t.Context(), unknown); p != nil || statuses != nil || err != nil {
		t.Errorf("unknown: %v, %v, %v", p, statuses, err)
	}
}

func TestTrackCostsTwoStatements(t *testing.T) {
	t.Parallel()
	s, statements := storetest.CountStatements(t)
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0), event(1, "puptoo", "received", 300*24*time.Hour))
	for range 2 { // the first reads the words and the rules too
		statements.Reset()
		if _, statuses, err := s.Track(t.Context(), requestID(1)); err != nil || len(statuses) != 2 {
			t.Fatalf("%d statuses, %v", len(statuses), err)
		}
	}
	if n := statements.Count(); n != 2 {
		t.Errorf("%d statements: %v", n, statements.SQL())
	}
}

// A pooler may give another connection to each statement, one on which it was never prepared.
func TestTrackGoesOnWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0))
	for _, sql := range []string{"", "DEALLOCATE ALL", "", "DEALLOCATE ALL"} {
		if sql != "" {
			if err := store.Exec(t.Context(), s, sql); err != nil {
				t.Fatal(err)
			}
		}
		if p, statuses, err := s.Track(t.Context(), requestID(1)); err != nil || p == nil || len(statuses) != 1 {
			t.Errorf("after %q: %v, %d statuses, %v", sql, p, len(statuses), err)
		}
	}
}

func TestTrackIsInScope(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, func(c *store.Config) { c.Tenants = true })
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0)) // of org 700101
	for name, c := range map[string]struct {
		scope identity.Scope
		seen  bool
	}{"its own": {identity.Org("700101"), true}, "another": {identity.Org("700102"), false}, "all": {identity.Everything(), true}} {
		p, statuses, err := s.Track(identity.WithScope(t.Context(), c.scope), requestID(1))
		if err != nil || (p != nil) != c.seen || (len(statuses) > 0) != c.seen {
			t.Errorf("%s: %v, %d statuses, %v", name, p, len(statuses), err)
		}
		ctx := identity.WithScope(t.Context(), c.scope)
		list, err := s.ListStatuses(ctx, store.StatusListFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if rows := collect(t, list.Rows(ctx, store.ListOrder{Column: "date"}, whole)); (len(rows) > 0) != c.seen || list.Total.Value != len(rows) {
			t.Errorf("%s: %d of %d statuses are listed", name, len(rows), list.Total.Value)
		}
		payloads, err := s.ListPayloads(ctx, store.PayloadFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if rows := collect(t, payloads.Rows(ctx, store.ListOrder{Column: "account"}, whole)); (len(rows) > 0) != c.seen {
			t.Errorf("%s: %d payloads are listed", name, len(rows))
		}
	}
	if _, _, err := s.Track(t.Context(), requestID(1)); err == nil {
		t.Error("nobody is told what nobody asked in a scope")
	}
}

// The partition of a day is read by its own name as long as it is the day's,
// whatever is done to it meanwhile.
func TestTrackReadsTheDaysOwnTable(t *testing.T) {
	t.Parallel()
	s, statements := storetest.CountStatements(t)
	f := newFeeder(t, s, 0)
	f.feed(event(1, "ingress", "received", 0), event(1, "puptoo", "received", time.Minute))
	f.feed(event(2, "ingress", "received", 0), event(2, "puptoo", "received", 24*time.Hour)) // on two days
	table := event(1, "ingress", "received", 0).Date.Format("payload_statuses_20060102")
	track := func(n, want int, direct bool) {
		t.Helper()
		statements.Reset()
		_, statuses, err := s.Track(t.Context(), requestID(n))
		if err != nil || len(statuses) != want {
			t.Errorf("%d statuses, %v, want %d", len(statuses), err, want)
		}
		read := slices.DeleteFunc(statements.SQL(), func(sql string) bool { return !strings.Contains(sql, "FROM payload_statuses") })
		if last := read[len(read)-1]; strings.Contains(last, "FROM "+table+" s") != direct {
			t.Errorf("direct: %t, want %t: %s", !direct, direct, last)
		}
	}
	exec := func(sql string) {
		t.Helper()
		if err := store.Exec(t.Context(), s, sql); err != nil {
			t.Fatal(err)
		}
	}
	track(1, 2, true)
	track(2, 2, false)
	exec("ALTER TABLE payload_statuses DETACH PARTITION " + table)
	track(1, 0, false)
	exec("DROP TABLE " + table)
	track(1, 0, false)

	s.ForgetTables()
	exec("CREATE TABLE " + table + " (LIKE payload_statuses INCLUDING ALL)")
	track(1, 0, false) // beside the table, not of it
	s.ForgetTables()
	exec("DROP TABLE " + table)
	f.feed(event(3, "ingress", "received", 0))
	track(3, 1, true)
	exec("ALTER TABLE payload_statuses DETACH PARTITION " + table)
	exec("ALTER TABLE " + table + " RENAME TO elsewhere")
	track(3, 0, false)
}
