package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

// database is where the measured processes store: a durable private server, or the one named by -dsn.
type database struct {
	dsn     string
	version string
	pool    *pgxpool.Pool
	server  *pgserver.Server
}

func openDatabase(ctx context.Context, dsn string) (*database, error) {
	db := &database{dsn: dsn}
	if dsn == "" {
		quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		server, err := pgserver.Start(ctx, pgserver.Config{Logger: quiet})
		if err != nil {
			return nil, err
		}
		db.server = server
		if err := server.CreateDatabase(ctx, "bench"); err != nil {
			return nil, errors.Join(err, server.Stop())
		}
		db.dsn = server.DSN("bench")
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
	if db.server != nil {
		if err := db.server.Stop(); err != nil {
			say("%v", err)
		}
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

func (db *database) count(ctx context.Context) (n int64, err error) {
	err = db.pool.QueryRow(ctx, "SELECT count(*) FROM payload_statuses").Scan(&n)
	return n, err
}

// settle does what autovacuum would have done by the time a day's events are in, so that the questions are not
// measured beside it.
func (db *database) settle(ctx context.Context) error {
	_, err := db.pool.Exec(ctx, "VACUUM ANALYZE")
	return err
}
