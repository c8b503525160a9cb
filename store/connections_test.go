package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// Connections that are all in use say nothing about the database: a process that is busy is not sent away as one that
// cannot work.
func TestABusyPoolIsNoDatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN, c.MaxConns = dsn, 2 })
	lock, err := storetest.Conn(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `LOCK TABLE positions`); err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	for range 3 {
		busy.Go(func() {
			if _, err := s.Positions(t.Context(), group, topic); err != nil {
				t.Error(err)
			}
		})
	}
	awaitActivity(t, dsn, "wait_event_type = 'Lock'", 2)
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	busy.Wait()
}

// awaitActivity waits until so many statements are as a condition on
// pg_stat_activity says.
func awaitActivity(t *testing.T, dsn, condition string, want int) {
	t.Helper()
	conn := storetest.Conn(t, dsn)
	var active int
	for range 200 {
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND `+condition).Scan(&active)
		if err != nil {
			t.Fatal(err)
		}
		if active >= want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%d statements with %s, want %d", active, condition, want)
}

// After a failover a name may lead to what takes no writes for a while. The connections that were made then are not
// kept.
func TestADatabaseThatTakesNoWritesIsLeft(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	f := newFeeder(t, storetest.New(t, func(c *store.Config) { c.DSN = dsn }), 0)
	conn := storetest.Conn(t, dsn)
	readOnly := func(on string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = `+on+`', current_database()); END $$`); err != nil {
			t.Fatal(err)
		}
	}
	readOnly("on")
	batch := store.Batch{Group: group, Parts: []store.Part{{Topic: topic, TopicID: [16]byte{1}, To: 1, Events: []payload.Event{event(1, "ingress", "received", 0)}}}}
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	_, err := s.Ingest(t.Context(), batch)
	if err == nil || !store.Transient(err) || !strings.Contains(store.Hindrance(err), "takes no writes") {
		t.Fatal(err)
	}
	readOnly("off")
	for range 4 { // as many connections as it may have
		if _, err = s.Ingest(t.Context(), batch); err == nil {
			break
		}
	}
	if err != nil || payloadOf(t, f.store, 1) == nil {
		t.Errorf("it stays with a connection that takes no writes: %v", err)
	}
}
