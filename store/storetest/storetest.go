// Package storetest gives each test a database of its own, cloned from a
// migrated template on a private PostgreSQL that lives as long as the test
// process. A package that uses it has
//
//	func TestMain(m *testing.M) { storetest.Main(m) }
//
// With DATABASE_TEST_URL set, the databases are made on that server instead;
// its account must be allowed to make them.
package storetest

import (
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/store"
)

// New is a store on a database of its own; both go away with the test. It is
// silent and small: options change its settings.
func New(t testing.TB, options ...func(*store.Config)) *store.Store {
	t.Helper()
	return open(t, DSN(t), options...)
}

// DSN is the connection URL of a migrated database that goes away with the
// test.
func DSN(t testing.TB) string {
	t.Helper()
	s, err := running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.drop(name); err != nil {
			t.Error(err)
		}
	})
	return s.dsn(name)
}

// Empty is the connection URL of a database without a schema that goes away
// with the test: for tests of the migrations.
func Empty(t testing.TB) string {
	t.Helper()
	s, err := running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := newName()
	if err := s.create(t.Context(), name, "template1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.drop(name); err != nil {
			t.Error(err)
		}
	})
	return s.dsn(name)
}

// Conn is a plain connection to a database made by DSN, for what a test must
// see or break behind the store's back.
func Conn(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeConn(conn) })
	return conn
}

func open(t testing.TB, dsn string, options ...func(*store.Config)) *store.Store {
	t.Helper()
	config := store.Config{DSN: dsn, MaxConns: 4, Logger: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(&config)
	}
	s, err := store.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
