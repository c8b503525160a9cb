package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

// database is where the measured processes store.
type database struct {
	dsn     string
	version string
	pool    *pgxpool.Pool
}

// startServer starts a private PostgreSQL that writes durably.
func startServer(ctx context.Context) (*pgserver.Server, error) {
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return pgserver.Start(ctx, pgserver.Config{Logger: quiet})
}

// openDatabase makes an empty database on the server, or uses the one that the dsn names.
func openDatabase(ctx context.Context, server *pgserver.Server, name, dsn string) (*database, error) {
	db := &database{dsn: dsn}
	if dsn == "" {
		if err := server.CreateDatabase(ctx, name); err != nil {
			return nil, err
		}
		db.dsn = server.DSN(name)
	}
	var err error
	if db.pool, err = pgxpool.New(ctx, db.dsn); err == nil {
		err = db.pool.QueryRow(ctx, "SHOW server_version").Scan(&db.version)
	}
	if err != nil {
		db.close()
		return nil, err
	}
	return db, nil
}

func (db *database) close() {
	if db.pool != nil {
		db.pool.Close()
	}
}

// environment is the database as settings of payload-tracker.
func (db *database) environment() ([]string, error) {
	config, err := pgx.ParseConfig(db.dsn)
	if err != nil {
		return nil, err
	}
	return []string{
		"DB_HOST=" + config.Host, fmt.Sprintf("DB_PORT=%d", config.Port), "DB_USER=" + config.User,
		"DB_PASSWORD=" + config.Password, "DB_NAME=" + config.Database, "DB_SSLMODE=prefer",
	}, nil
}

// taken is the number of records of the topic that are dealt with.
func (db *database) taken(ctx context.Context, topic string) (n int64, err error) {
	err = db.pool.QueryRow(ctx, "SELECT coalesce(sum(next_offset), 0)::bigint FROM positions WHERE topic = $1", topic).Scan(&n)
	return n, err
}

// countNothing makes it a database from before there were rollups.
func (db *database) countNothing(ctx context.Context) error {
	_, err := db.pool.Exec(ctx, "UPDATE rollup_state SET generation = 0")
	return err
}

func (db *database) count(ctx context.Context) (n int64, err error) {
	err = db.pool.QueryRow(ctx, "SELECT count(*) FROM payload_statuses").Scan(&n)
	return n, err
}

// bytes is the size of all tables and indexes.
func (db *database) bytes(ctx context.Context) (n int64, err error) {
	err = db.pool.QueryRow(ctx, `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
		WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace`).Scan(&n)
	return n, err
}

// shares says how many bytes an event each kind of table takes, its indexes apart.
func (db *database) shares(ctx context.Context, events int64) (string, error) {
	var text string
	err := db.pool.QueryRow(ctx, `SELECT string_agg(format('%s %s + %s', name, round(own / $1::numeric, 1), round(indexes / $1::numeric, 1)), ', ' ORDER BY own + indexes DESC)
		FROM (SELECT regexp_replace(relname, '_\d+$', '') AS name, sum(pg_table_size(oid)) AS own, sum(pg_indexes_size(oid)) AS indexes
			FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1) t
		WHERE own + indexes > $1`, events).Scan(&text)
	return text, err
}

// copyRate is how many events a second COPY alone writes: those that are stored, in the order in which they arrived,
// into a table of the event's own fields with one index.
func (db *database) copyRate(ctx context.Context) (float64, error) {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	const arrived = `SELECT p.request_id, t.service, t.status, s.date, s.message FROM payload_statuses s
		JOIN trails t ON t.id = s.trail_id JOIN payloads p ON p.id = s.payload_id`
	var rows bytes.Buffer
	if _, err := conn.Conn().PgConn().CopyTo(ctx, &rows, "COPY ("+arrived+" ORDER BY s.date, p.id) TO STDOUT BINARY"); err != nil {
		return 0, err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE copied AS "+arrived+" LIMIT 0")
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE INDEX ON copied (request_id, date)")
	}
	if err != nil {
		return 0, err
	}
	began := time.Now()
	written, err := conn.Conn().PgConn().CopyFrom(ctx, &rows, "COPY copied FROM STDIN BINARY")
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	_, err = conn.Exec(ctx, "DROP TABLE copied")
	return float64(written.RowsAffected()) / took.Seconds(), err
}

// deadlocks is how many the server has ended in this database.
func (db *database) deadlocks(ctx context.Context) (n int64, err error) {
	err = db.pool.QueryRow(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&n)
	return n, err
}

// settle does what autovacuum would have done by the time a day's events are in, so that the questions are not
// measured beside it.
func (db *database) settle(ctx context.Context) error {
	_, err := db.pool.Exec(ctx, "VACUUM ANALYZE")
	return err
}
