package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// A question that takes too long is ended in the database too.
func TestATimeOutEndsTheStatement(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN, c.QueryTimeout = dsn, 300*time.Millisecond })
	newFeeder(t, s, 0).feed(event(1, "puptoo", "error", 0))
	conn, other := storetest.Conn(t, dsn), storetest.Conn(t, dsn)
	lock, err := conn.Begin(t.Context())
	if err == nil {
		_, err = lock.Exec(t.Context(), `LOCK TABLE payload_statuses, payloads IN ACCESS EXCLUSIVE MODE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	payloads, statuses := store.PayloadFilter{}, store.StatusFilter{}
	for name, question := range map[string]func() error{
		"payloads": func() error {
			_, err := s.Payloads(t.Context(), payloads, store.PayloadOrder{}, store.Page{})
			return err
		},
		"statuses": func() error {
			_, err := s.Statuses(t.Context(), statuses, store.StatusOrder{}, store.Page{})
			return err
		},
		"total of payloads": func() error { _, err := s.PayloadsTotal(t.Context(), payloads); return err },
		"total of statuses": func() error { _, err := s.StatusesTotal(t.Context(), statuses); return err },
	} {
		err := question()
		if e, ok := errors.AsType[*payload.Error](err); !ok || e.Code != payload.CodeTimeout {
			t.Errorf("%s: %v, want TIMEOUT", name, err)
		}
	}
	nothingRuns(t, other)
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// nothingRuns waits until no statement waits for a lock any more.
func nothingRuns(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var running int
	for range 100 {
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'`).Scan(&running)
		if err != nil {
			t.Fatal(err)
		}
		if running == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%d statements still run", running)
}

func TestAWrongDSNIsNotShown(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{`host=x password='it\'s secret' connect_timeout=soon`, "postgres://user:secret@host/db?connect_timeout=soon"} {
		s, err := store.Open(t.Context(), store.Config{DSN: dsn})
		if err == nil {
			s.Close()
			t.Fatal("it is taken")
		}
		if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "connect_timeout") {
			t.Error(err)
		}
	}
}
