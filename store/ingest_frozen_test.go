package store_test

import (
	"io"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// A process that is frozen while it sends its events holds nobody up for long: neither an open transaction's time-out
// nor the end of its connection would come.
func TestABatchOfAFrozenProcessIsEnded(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	f := newFeeder(t, s, 0)
	f.feed(event(1, "ingress", "received", 0))

	frozen := storetest.Conn(t, dsn)
	for _, statement := range []string{"BEGIN", "SELECT FROM positions FOR UPDATE"} {
		if _, err := frozen.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := frozen.Exec(t.Context(), "SELECT pg_advisory_xact_lock_shared($1::bigint)", int64(store.BatchLock)); err != nil {
		t.Fatal(err)
	}
	rest, never := io.Pipe()
	defer func() { _ = never.Close() }()
	sent := make(chan error, 1)
	go func() {
		_, err := frozen.PgConn().CopyFrom(t.Context(), rest, "COPY payload_statuses FROM STDIN BINARY")
		sent <- err
	}()
	awaitActivity(t, dsn, "wait_event = 'ClientRead' AND query LIKE 'COPY payload_statuses FROM%'", 1)
	if ended, err := s.EndFrozenBatches(t.Context(), 0); ended != 0 || err != nil {
		t.Fatalf("%d ended that nobody awaits, %v", ended, err)
	}

	stored := make(chan store.Result, 1)
	go func() { stored <- f.feed(event(2, "ingress", "received", 0)) }()
	awaitActivity(t, dsn, "wait_event_type = 'Lock'", 1)
	if ended, err := s.EndFrozenBatches(t.Context(), time.Minute); ended != 0 || err != nil {
		t.Fatalf("%d ended that may be slow only, %v", ended, err)
	}
	if ended, err := s.EndFrozenBatches(t.Context(), 0); ended != 1 || err != nil {
		t.Fatalf("%d ended, %v", ended, err)
	}
	select {
	case result := <-stored:
		if result.Stored != 1 {
			t.Errorf("%+v", result)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the next batch waits on")
	}
	_ = never.Close()
	if err := <-sent; err == nil {
		t.Error("the frozen one goes on")
	}
}
