package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

// strategy copies the files of the template: faster than through the log when
// nothing waits for a disk.
const strategy = "file_copy"

// patience is the longest wait for one step of a test's database.
const patience = 2 * time.Minute

// Main runs the tests of a package, stops their PostgreSQL, and ends the
// process. The checks run after tests that passed; one that fails fails them.
func Main(m *testing.M, checks ...func() error) {
	code := m.Run()
	if err := stopRunning(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	for _, check := range checks {
		if code != 0 {
			break
		}
		if err := check(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// NoLeaks is a check for Main: no goroutine may be left.
func NoLeaks(options ...goleak.Option) func() error {
	return func() error { return goleak.Find(options...) }
}

// server is where the databases are made.
type server struct {
	own      *pgserver.Server // nil when DATABASE_TEST_URL names another
	base     string           // DSN of its database for housekeeping
	admin    *pgxpool.Pool
	template string
}

var (
	once    sync.Once
	current *server
	failed  error
)

// running is this process's server, started by the first test that asks.
func running(ctx context.Context) (*server, error) {
	once.Do(func() {
		// Not the first test's context: the server outlives it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		current, failed = start(ctx)
	})
	return current, failed
}

func start(ctx context.Context) (*server, error) {
	s := &server{base: os.Getenv("DATABASE_TEST_URL")}
	if s.base == "" {
		// Warnings and errors of the tests' statements are no news.
		logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
		var err error
		if s.own, err = pgserver.Start(ctx, pgserver.Config{Fast: true, Logger: logger}); err != nil {
			return nil, fmt.Errorf("PostgreSQL for tests: %w", err)
		}
		s.base = s.own.DSN("postgres")
	}
	if err := s.makeTemplate(ctx); err != nil {
		_ = s.stop()
		return nil, fmt.Errorf("database template for tests: %w", err)
	}
	return s, nil
}

func (s *server) makeTemplate(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(s.base)
	if err != nil {
		return err
	}
	config.MaxConns = 8
	if s.admin, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config); err != nil {
		return err
	}
	template := newName()
	if err := s.create(ctx, template, "template1"); err != nil {
		return err
	}
	s.template = template
	db, err := store.Open(ctx, store.Config{DSN: s.dsn(template), MaxConns: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer db.Close() // a template must have no connections
	return db.MigrateUp(ctx)
}

// clone makes a database from the template and returns its name.
func (s *server) clone(ctx context.Context) (string, error) {
	name := newName()
	return name, s.create(ctx, name, s.template)
}

func (s *server) create(ctx context.Context, name, template string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY %s",
		pgx.Identifier{name}.Sanitize(), pgx.Identifier{template}.Sanitize(), strategy))
	if err != nil {
		return fmt.Errorf("make test database: %w", err)
	}
	return nil
}

// drop ends the connections that are left in a database, and deletes it.
func (s *server) drop(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := s.admin.Exec(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", pgx.Identifier{name}.Sanitize()))
	if err != nil {
		return fmt.Errorf("drop test database: %w", err)
	}
	return nil
}

// dsn is the connection string of a database on this server.
func (s *server) dsn(database string) string {
	if address, err := url.Parse(s.base); err == nil && address.Scheme != "" {
		address.Path = "/" + database
		return address.String()
	}
	return s.base + " dbname=" + database // the last one counts
}

func (s *server) stop() error {
	var err error
	if s.template != "" && s.own == nil {
		err = s.drop(s.template)
	}
	if s.admin != nil {
		s.admin.Close()
	}
	if s.own != nil {
		err = s.own.Stop()
	}
	return err
}

func stopRunning() error {
	if current == nil {
		return nil
	}
	return current.stop()
}

func newName() string { return "test_" + strings.ToLower(rand.Text()) }

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = conn.Close(ctx)
}
