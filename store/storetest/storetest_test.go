package storetest_test

import (
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, storetest.NoLeaks()) }

func TestNewIsReady(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	steps, err := s.MigrateStatus(t.Context())
	if err != nil || len(steps) == 0 {
		t.Fatalf("%v, %v", steps, err)
	}
	for _, step := range steps {
		if !step.Applied {
			t.Errorf("%s is not applied", step.Name)
		}
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	first, second := storetest.DSN(t), storetest.DSN(t)
	if _, err := storetest.Conn(t, first).Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := storetest.Conn(t, second).QueryRow(t.Context(), "SELECT to_regclass('mine') IS NOT NULL").Scan(&there); err != nil || there {
		t.Errorf("a table of another test: %v, %v", there, err)
	}
}

func TestEmptyHasNoSchema(t *testing.T) {
	t.Parallel()
	dsn := storetest.Empty(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	if err := s.Ready(t.Context()); err == nil {
		t.Fatal("ready without a schema")
	}
	if err := s.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return at } })
	if !s.Now().Equal(at) {
		t.Errorf("now is %v", s.Now())
	}
}

func TestCountStatements(t *testing.T) {
	t.Parallel()
	s, statements := storetest.CountStatements(t)
	for want := range 3 {
		if got := statements.Count(); got != want {
			t.Errorf("%d statements, not %d: %q", got, want, statements.SQL())
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	statements.Reset()
	if statements.Count() != 0 {
		t.Errorf("%d after Reset", statements.Count())
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		storetest.DSN(b)
	}
}
