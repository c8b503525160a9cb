package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"github.com/payload-tracker/payload-tracker/migrations"
)

// Migration is one step of the schema.
type Migration struct {
	Name    string // its number alone when this binary does not know it
	Applied bool
	At      time.Time // when applied; zero when not
	Foreign bool      // of a newer binary: this one does not know it
}

// stepLockWait is how long a step waits for a lock, while others wait behind.
const stepLockWait = 2 * time.Second

// MigrateUp brings the schema up to date and writes the first rules where there
// are none. Safe to call from many processes at once: one does it, the
// others wait. Nobody waits long for a lock behind a step: it gives up and is
// tried again.
func (s *Store) MigrateUp(ctx context.Context) error {
	return s.migrateAlone(ctx, func() error {
		if err := s.applySteps(ctx); err != nil {
			return err
		}
		fit, err := s.Schema(ctx)
		if err == nil {
			err = fit.Err()
		}
		if err != nil {
			return err
		}
		if err := s.writeFirstRules(ctx, *s.config.FirstRules); err != nil {
			return fmt.Errorf("first rules: %w", err)
		}
		if _, err := s.splitDue(ctx); err != nil { // where consumers do not own the tables, nobody else does
			s.logger.WarnContext(ctx, "a partition of many days is not split yet; it serves on as it is", slog.Any("error", err))
		}
		return s.MakeDays(ctx, daysAhead(s.Now()))
	})
}

// MigrateDown takes back the step that was applied last, with all that it
// holds, and gives its name: for who develops steps.
func (s *Store) MigrateDown(ctx context.Context) (string, error) {
	var name string
	err := s.migrateAlone(ctx, func() error {
		migrator, err := s.migrator(`DELETE FROM bun_migrations WHERE name = ?`)
		if err != nil {
			return err
		}
		list, err := s.MigrateStatus(ctx)
		if err != nil {
			return err
		}
		for _, step := range list {
			if step.Foreign {
				return fmt.Errorf("step %s is of a newer version: that one takes it back", step.Name)
			}
		}
		steps, err := migrator.MigrationsWithStatus(ctx)
		if err != nil {
			return err
		}
		applied := steps.Applied()
		if len(applied) == 0 {
			return errors.New("there is no step to take back")
		}
		last := applied[0]
		if name = last.String(); last.Down == nil {
			return fmt.Errorf("%s has no way back", name)
		}
		return again(ctx, func() error { return last.Down(ctx, migrator, &last) })
	})
	return name, err
}

// MigrateStatus lists every step, oldest first: those that the binary knows,
// and those of a newer one that the database has.
func (s *Store) MigrateStatus(ctx context.Context) ([]Migration, error) {
	steps, err := embeddedSteps()
	if err != nil {
		return nil, err
	}
	applied, err := s.appliedSteps(ctx)
	if err != nil {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	var list []Migration
	for _, known := range steps.Sorted() {
		at, found := applied[known.Name]
		list = append(list, Migration{Name: known.String(), Applied: found, At: at})
		delete(applied, known.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(applied)) {
		list = append(list, Migration{Name: name, Applied: true, At: applied[name], Foreign: true})
	}
	slices.SortStableFunc(list, func(a, b Migration) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

func (s *Store) appliedSteps(ctx context.Context) (map[string]time.Time, error) {
	applied := map[string]time.Time{}
	var name string
	var at time.Time
	rows, err := s.pool.Query(ctx, `SELECT name, migrated_at FROM bun_migrations`)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&name, &at}, func() error { applied[name] = at; return nil })
	}
	if sqlState(err) == codeUndefinedTable {
		return applied, nil
	}
	return applied, err
}

// migrateAlone changes the schema while nobody else does.
func (s *Store) migrateAlone(ctx context.Context, do func() error) error {
	conn, err := s.connectDirectly(ctx, "payload-tracker migrate")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer closeSoon(ctx, conn) // which unlocks
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1::bigint)`, migrateLock); err != nil {
		return fmt.Errorf("migrate: lock: %w", err)
	}
	if err := do(); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (s *Store) applySteps(ctx context.Context) error {
	migrator, err := s.migrator(`INSERT INTO bun_migrations (name, group_id) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	if err := migrator.Init(ctx); err != nil {
		return err
	}
	steps, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return err
	}
	group := steps.LastGroupID() + 1
	for _, step := range steps.Unapplied() {
		step.GroupID = group
		if err := again(ctx, func() error { return step.Up(ctx, migrator, &step) }); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
		s.logger.InfoContext(ctx, "migration applied", slog.String("name", step.String()))
	}
	return nil
}

// embeddedSteps are the steps that this binary knows.
func embeddedSteps() (*migrate.Migrations, error) {
	steps := migrate.NewMigrations()
	if err := steps.Discover(migrations.FS); err != nil {
		return nil, fmt.Errorf("embedded migrations: %w", err)
	}
	return steps, nil
}

// migrator runs steps. Each is marked in its own transaction, so that none is
// done and not known to be; the mark takes the step's name and group.
func (s *Store) migrator(mark string) (*migrate.Migrator, error) {
	steps, err := embeddedSteps()
	if err != nil {
		return nil, err
	}
	begin := func(ctx context.Context, tx bun.IConn, _ *migrate.Migration) error {
		_, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = ?`, stepLockWait.Milliseconds())
		return err
	}
	end := func(ctx context.Context, tx bun.IConn, step *migrate.Migration) error {
		_, err := tx.ExecContext(ctx, mark, step.Name, step.GroupID)
		return err
	}
	return migrate.NewMigrator(s.db, steps, migrate.BeforeMigration(begin), migrate.AfterMigration(end)), nil
}
