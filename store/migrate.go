package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/uptrace/bun/migrate"

	"github.com/payload-tracker/payload-tracker/migrations"
	"github.com/payload-tracker/payload-tracker/payload"
)

// Migration is one step of the schema.
type Migration struct {
	Name    string
	Applied bool
	At      time.Time // when applied; zero when not
}

// MigrateUp brings the schema up to date and writes the default rules where
// there are none. Safe to call from many processes at once.
func (s *Store) MigrateUp(ctx context.Context) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1::bigint)`, migrateLock); err != nil {
		return fmt.Errorf("migrate: lock: %w", err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1::bigint)`, migrateLock)
	}()
	migrator, err := s.migrator()
	if err != nil {
		return err
	}
	if err := migrator.Init(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	group, err := migrator.Migrate(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range group.Migrations {
		s.logger.InfoContext(ctx, "migration applied", slog.String("name", m.Name+"_"+m.Comment))
	}
	if err := s.writeFirstRules(ctx, payload.DefaultRules()); err != nil {
		return fmt.Errorf("migrate: first rules: %w", err)
	}
	return s.MakeDays(ctx, daysAhead(s.Now()))
}

// MigrateStatus lists every step the binary knows, oldest first.
func (s *Store) MigrateStatus(ctx context.Context) ([]Migration, error) {
	migrator, err := s.migrator()
	if err != nil {
		return nil, err
	}
	if err := migrator.Init(ctx); err != nil {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	known, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	var list []Migration
	for _, m := range known {
		list = append(list, Migration{Name: m.Name + "_" + m.Comment, Applied: m.IsApplied(), At: m.MigratedAt})
	}
	return list, nil
}

// embeddedSteps are the steps that this binary knows.
func embeddedSteps() (*migrate.Migrations, error) {
	steps := migrate.NewMigrations()
	if err := steps.Discover(migrations.FS); err != nil {
		return nil, fmt.Errorf("embedded migrations: %w", err)
	}
	return steps, nil
}

func (s *Store) migrator() (*migrate.Migrator, error) {
	steps, err := embeddedSteps()
	if err != nil {
		return nil, err
	}
	// A step is marked only after it ran whole: one cut off half-way runs
	// again.
	return migrate.NewMigrator(s.db, steps, migrate.WithMarkAppliedOnSuccess(true)), nil
}
