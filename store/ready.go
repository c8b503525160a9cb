package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// readyPatience is how long the database may take to say how it is.
const readyPatience = 2 * time.Second

// Ready is nil when the database answers and has a schema that this binary
// works on, else a *payload.Error UNAVAILABLE whose message says why.
func (s *Store) Ready(ctx context.Context) error {
	database, schema := s.Condition(ctx)
	return cmp.Or(database, schema)
}

// Condition says apart what is wrong with the database and with its schema,
// each a *payload.Error UNAVAILABLE or nil.
func (s *Store) Condition(ctx context.Context) (database, schema error) {
	fit, err := s.Schema(ctx)
	if err != nil {
		return err, nil
	}
	return nil, fit.Err()
}

// SchemaFit is how the database's schema and this binary go together.
type SchemaFit struct {
	Applied []string // steps, by number
	Missing []string // steps this binary knows that were not applied
	Latest  string   // the last step this binary knows
	Floor   string   // the number of a step that a binary must know to work on the schema; "" when this one does
}

// Empty tells that there is no schema yet.
func (f *SchemaFit) Empty() bool { return len(f.Applied) == 0 }

// Err is nil when this binary works on the schema, else a *payload.Error
// UNAVAILABLE that says in one line what to run.
func (f *SchemaFit) Err() error {
	switch {
	case f.Empty():
		return payload.Errorf(payload.CodeUnavailable, "the database has no schema yet: run payload-tracker migrate up")
	case len(f.Missing) > 0:
		return payload.Errorf(payload.CodeUnavailable, "the database's schema is too old for this version, %s is missing: run payload-tracker migrate up", f.Missing[0])
	case f.Floor != "":
		return payload.Errorf(payload.CodeUnavailable,
			"the database's schema is too new for this version, which ends with %s, and needs one that knows step %s: run a newer payload-tracker", f.Latest, f.Floor)
	}
	return nil
}

// Schema reads which steps of the schema were applied. Its error is a
// *payload.Error UNAVAILABLE: the database does not answer.
func (s *Store) Schema(ctx context.Context) (*SchemaFit, error) {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	steps, err := embeddedSteps()
	if err != nil {
		return nil, err
	}
	known := steps.Sorted()
	fit := &SchemaFit{Latest: known[len(known)-1].String()}
	err = s.health.QueryRow(ctx, `SELECT coalesce(array_agg(name::text ORDER BY name), '{}') FROM bun_migrations`).Scan(&fit.Applied)
	if err != nil && sqlState(err) != codeUndefinedTable {
		return nil, payload.Errorf(payload.CodeUnavailable, "the database does not answer: %s", reason(err))
	}
	foreign := len(fit.Applied)
	for _, step := range known {
		if slices.Contains(fit.Applied, step.Name) {
			foreign--
			continue
		}
		fit.Missing = append(fit.Missing, step.String())
	}
	if foreign == 0 || len(fit.Missing) > 0 {
		return fit, nil
	}
	var floor string
	if err := s.health.QueryRow(ctx, `SELECT step FROM schema_floor`).Scan(&floor); err != nil {
		return nil, payload.Errorf(payload.CodeUnavailable, "the database does not answer: %s", reason(err))
	}
	if floor > known[len(known)-1].Name {
		fit.Floor = floor
	}
	return fit, nil
}

// Migrating tells whether the schema is being brought up to date just now.
func (s *Store) Migrating(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	var idle bool
	err := s.health.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock_shared($1::bigint)`, int64(migrateLock)).Scan(&idle)
	return err == nil && !idle
}
