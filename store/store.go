// Package store keeps events and payloads in PostgreSQL. It is the only
// package that holds SQL: it speaks the domain's words and returns the
// domain's types.
//
// Ingest is the one write transaction; the reads (Payload, Payloads,
// Statuses, Timelines, …) are named like the GraphQL fields they serve and
// cost a fixed number of statements whatever the number of payloads.
package store

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Config says which database, and how to use it. Only DSN is required.
type Config struct {
	DSN          string                // pgx connection string or URL
	ListenDSN    string                // of the connection that hears of changes: to the primary, through no pooler; default DSN
	RootCAs      *x509.CertPool        // that may have signed the database's certificate; nil: the system's
	ReadDSN      string                // of a replica for lists and numbers; "": there is none
	ReadMaxLag   time.Duration         // how far behind it may be; default 10 s
	ListenPing   time.Duration         // how often that connection is tried; default 5 s
	MaxConns     int                   // connections at most; default 10
	QueryTimeout time.Duration         // deadline of one read; default 5 s
	Tenants      bool                  // reads need a scope in their context: identity.With
	FirstRules   *payload.Rules        // that MigrateUp writes where there are none; default payload.DefaultRules
	Now          func() time.Time      // the clock; default time.Now
	Logger       *slog.Logger          // default: slog.Default()
	Registerer   prometheus.Registerer // nil: no metrics
	Tracer       pgx.QueryTracer       // beside that of the spans; tests count statements with it
}

func (c Config) withDefaults() Config {
	if c.MaxConns == 0 {
		c.MaxConns = 10
	}
	if c.QueryTimeout == 0 {
		c.QueryTimeout = 5 * time.Second
	}
	if c.ReadMaxLag == 0 {
		c.ReadMaxLag = 10 * time.Second
	}
	if c.ListenPing == 0 {
		c.ListenPing = listenPing
	}
	if c.FirstRules == nil {
		c.FirstRules = new(payload.DefaultRules())
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Store is a database of events and payloads; safe for concurrent use.
type Store struct {
	config  Config
	pool    *pgxpool.Pool
	health  *pgxpool.Pool // one connection, for Condition: a pool that is busy is no database that is away
	db      *bun.DB
	replica *replica // nil: none
	logger  *slog.Logger
	metrics metrics

	ids   *idCache
	trail *trailCache
	words *wordsCache
	days  *dayCache

	tables     *dayTables
	unprepared atomic.Bool // see tracked

	rules rulesCache

	contendedAt  atomic.Int64 // Unix nanoseconds; see contended
	rollupsSwept atomic.Int64 // see sweepRecent
	retained     retained
}

// Open prepares a pool; it does not wait for the database, which may be away
// and come back: see Ready.
func Open(ctx context.Context, config Config) (*Store, error) {
	config = config.withDefaults()
	pool, err := openPool(ctx, config, config.DSN)
	if err != nil {
		return nil, err
	}
	s := &Store{
		config:  config,
		pool:    pool,
		db:      bunOf(pool),
		logger:  config.Logger,
		metrics: newMetrics(config.Registerer, pool),
		ids:     newIDCache(100_000),
		trail:   newTrailCache(100_000),
		words:   newWordsCache(100_000),
		days:    newDayCache(),
		tables:  newDayTables(),
	}
	one := config
	one.MaxConns = 1
	if s.health, err = openPool(ctx, one, config.DSN); err != nil {
		s.Close()
		return nil, err
	}
	if config.ReadDSN != "" {
		if s.replica, err = openReplica(ctx, config); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func openPool(ctx context.Context, config Config, dsn string) (*pgxpool.Pool, error) {
	pc, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database settings: %w", withoutDSN(err))
	}
	pc.MaxConns = int32(config.MaxConns)
	config.trust(&pc.ConnConfig.Config)
	// Bun writes its arguments into the SQL text, so a statement cache would
	// only fill; an unnamed statement is also planned for its very days.
	pc.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	pc.ConnConfig.Tracer = tracerOf(config.Tracer)
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	setDefault(pc.ConnConfig.RuntimeParams, "application_name", "payload-tracker")
	setDefault(pc.ConnConfig.RuntimeParams, "timezone", "UTC")
	// Reads are short: a plan that would win from compilation does not exist.
	setDefault(pc.ConnConfig.RuntimeParams, "jit", "off")
	// A process that is stopped in mid-transaction must not hold its locks, a
	// partition's position among them, against those who took over.
	setDefault(pc.ConnConfig.RuntimeParams, "idle_in_transaction_session_timeout", "10s")
	leaveReadOnly(&pc.ConnConfig.Config)
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("database settings: %w", err)
	}
	return pool, nil
}

func bunOf(pool *pgxpool.Pool) *bun.DB {
	return bun.NewDB(stdlib.OpenDBFromPool(pool), pgdialect.New())
}

// leaveReadOnly gives a connection up that takes no writes. For a while after
// a failover its name may lead to what is a standby now, and the pool would
// stay there.
func leaveReadOnly(config *pgconn.Config) {
	before := config.OnPgError
	config.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		return err.Code != codeReadOnly && (before == nil || before(conn, err))
	}
}

// trust has a connection believe the authorities of the settings.
func (c Config) trust(to *pgconn.Config) {
	if c.RootCAs == nil {
		return
	}
	if to.TLSConfig != nil {
		to.TLSConfig.RootCAs = c.RootCAs
	}
	for _, other := range to.Fallbacks {
		if other.TLSConfig != nil {
			other.TLSConfig.RootCAs = c.RootCAs
		}
	}
}

// hot is how the statements of ingest are sent: with binary arguments, typed
// by a description that is asked for once. Their texts are few and constant.
const hot = pgx.QueryExecModeCacheDescribe

func setDefault(params map[string]string, name, value string) {
	if _, ok := params[name]; !ok {
		params[name] = value
	}
}

// Close waits for the connections in use and closes them all.
func (s *Store) Close() {
	s.replica.close()
	_ = s.db.Close()
	s.pool.Close()
	if s.health != nil {
		s.health.Close()
	}
}

// Now is the store's clock, in UTC and whole microseconds as the database
// keeps time.
func (s *Store) Now() time.Time { return s.config.Now().UTC().Truncate(time.Microsecond) }
