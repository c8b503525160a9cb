package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// rights are what a role may do with each table. Who reads may SELECT from all
// that have any; a table that is missing here may be touched by its owner alone.
var rights = map[string]string{
	"bun_migrations":         "SELECT",
	"dead_letter_replays":    "SELECT, INSERT, UPDATE",
	"dead_letters":           "SELECT, INSERT, UPDATE, DELETE",
	"heard":                  "SELECT, INSERT, UPDATE",
	"journey_trace_position": "SELECT, INSERT, UPDATE",
	"journey_traces":         "SELECT, INSERT",
	"payload_hosts":          "SELECT, INSERT, UPDATE",
	"payload_statuses":       "SELECT, INSERT",
	"payloads":               "SELECT, INSERT, UPDATE",
	"positions":              "SELECT, INSERT, UPDATE",
	"retention":              "SELECT",
	"retired_partitions":     "SELECT",
	"rollup_deltas":          "SELECT, INSERT, DELETE",
	"rollup_state":           "SELECT, UPDATE",
	"rules":                  "SELECT",
	"schema_floor":           "SELECT",
	"trails":                 "SELECT, INSERT",

	stageTable.name:    "SELECT, INSERT, UPDATE, DELETE",
	handoverTable.name: "SELECT, INSERT, UPDATE, DELETE",
	failureTable.name:  "SELECT, INSERT, UPDATE, DELETE",
}

// Roles are the database's users beside the owner of the tables; "" is none.
type Roles struct {
	Ingest string // takes events in
	Read   string // answers questions
}

// Grant gives the roles what their work needs, and takes away what else they
// were given on our tables. Only the tables' owner may.
func (s *Store) Grant(ctx context.Context, roles Roles) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var schema string
		if err := tx.QueryRow(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
			return err
		}
		for _, statement := range roles.statements(schema) {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	return nil
}

func (r Roles) statements(schema string) []string {
	var all []string
	for _, name := range []string{r.Ingest, r.Read} {
		if name == "" {
			continue
		}
		role := " " + pgx.Identifier{name}.Sanitize()
		all = append(all, "GRANT USAGE ON SCHEMA "+pgx.Identifier{schema}.Sanitize()+" TO"+role)
		for _, table := range slices.Sorted(maps.Keys(rights)) {
			given := "SELECT"
			if name == r.Ingest {
				given = rights[table]
			}
			all = append(all, "REVOKE ALL ON TABLE "+table+" FROM"+role, "GRANT "+given+" ON TABLE "+table+" TO"+role)
		}
		if name == r.Ingest {
			all = append(all, "GRANT USAGE ON SEQUENCE payloads_id_seq TO"+role,
				"GRANT EXECUTE ON FUNCTION make_partition(text, timestamptz, timestamptz) TO"+role)
		}
	}
	return all
}
