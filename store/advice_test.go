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

// A question that takes too long is ended in the database too, and its error
// says which condition is missing.
func TestATimeOutSaysWhatWouldHelp(t *testing.T) {
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
	text := func(eq string) *store.Text { return &store.Text{Eq: &eq} }
	contains := &store.Text{Contains: new("x")}
	since := &store.Window{Since: new(time.Hour)}
	statuses := func(f store.StatusFilter) func() error {
		return func() error {
			_, err := s.Statuses(t.Context(), f, store.StatusOrder{}, store.Page{})
			_, totalErr := s.StatusesTotal(t.Context(), f)
			return same(t, err, totalErr)
		}
	}
	payloads := func(f store.PayloadFilter) func() error {
		return func() error {
			_, err := s.Payloads(t.Context(), f, store.PayloadOrder{}, store.Page{})
			_, totalErr := s.PayloadsTotal(t.Context(), f)
			return same(t, err, totalErr)
		}
	}
	for _, c := range []struct {
		question func() error
		advice   string
	}{
		{statuses(store.StatusFilter{Message: contains}), "give date a beginning"},
		{statuses(store.StatusFilter{Message: contains, Date: &store.Window{To: &noon}}), "give date a beginning"},
		{statuses(store.StatusFilter{Message: contains, Date: since}), "give service"},
		{statuses(store.StatusFilter{Message: contains, Date: since, Service: text("puptoo")}), "give status"},
		{statuses(store.StatusFilter{Message: contains, Date: since, Service: text("puptoo"), Status: text("error")}), "give orgId or requestId"},
		{statuses(store.StatusFilter{Date: since, Service: text("puptoo"), Status: text("error"), OrgID: text("1")}), "a shorter time"},
		{payloads(store.PayloadFilter{FailureMessage: contains}), "give startedAt a beginning"},
		{payloads(store.PayloadFilter{FailureMessage: contains, StartedAt: since}), "give orgId"},
		{payloads(store.PayloadFilter{FailureMessage: contains, StartedAt: since, OrgID: text("1")}), "give service"},
		{payloads(store.PayloadFilter{FailureMessage: contains, StartedAt: since, OrgID: text("1"), Service: text("puptoo")}), "a shorter time"},
	} {
		err := c.question()
		e, ok := errors.AsType[*payload.Error](err)
		if !ok || e.Code != payload.CodeTimeout || !strings.Contains(e.Message, c.advice) {
			t.Errorf("%v, want a TIMEOUT that says %q", err, c.advice)
		}
	}
	nothingRuns(t, other)
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// same is the first error, which a total has to say too.
func same(t *testing.T, page, total error) error {
	t.Helper()
	if page == nil || total == nil || page.Error() != total.Error() {
		t.Errorf("a page says %v, its total %v", page, total)
	}
	return page
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
