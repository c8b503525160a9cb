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

// names of the roles that there are.
func (r Roles) names() []string {
	return slices.DeleteFunc([]string{r.Ingest, r.Read}, func(name string) bool { return name == "" })
}

// Grant gives the roles what their work needs, and takes away what else they
// were given on our tables. Only the tables' owner may. Safe to call from many
// processes at once: the database itself refuses two that grant the same.
func (s *Store) Grant(ctx context.Context, roles Roles) error {
	if len(roles.names()) == 0 {
		return nil
	}
	return s.migrateAlone(ctx, func() error {
		err := s.grantTables(ctx, roles)
		for _, name := range roles.names() {
			if err == nil {
				err = s.grantPartitions(ctx, pgx.Identifier{name}.Sanitize())
			}
		}
		if err != nil {
			return fmt.Errorf("grant: %w", err)
		}
		return nil
	})
}

func (s *Store) grantTables(ctx context.Context, roles Roles) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var schema, owner string
		err := tx.QueryRow(ctx, `SELECT current_schema(), pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'payload_statuses'::regclass`).Scan(&schema, &owner)
		if err != nil {
			return err
		}
		if slices.Contains(roles.names(), owner) { // it would lose its own rights
			return fmt.Errorf("%s owns the tables and may do everything: DB_INGEST_ROLE and DB_READ_ROLE name other users, or none", owner)
		}
		for _, statement := range roles.statements(schema) {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}

// grantPartitions lets a role read the partitions by their own names, and do
// no more with them. Those to come are shared by who makes them
// (share_partition).
func (s *Store) grantPartitions(ctx context.Context, role string) error {
	rows, err := s.pool.Query(ctx, `SELECT c.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'payload_statuses'::regclass AND ARRAY['SELECT'] IS DISTINCT FROM
			(SELECT array_agg(privilege_type) FROM aclexplode(c.relacl) WHERE grantee = $1::text::regrole)`, role)
	if err != nil {
		return err
	}
	partitions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range partitions {
		statements := "REVOKE ALL ON TABLE " + name + " FROM " + role + "; GRANT SELECT ON TABLE " + name + " TO " + role
		_, err := s.pool.Exec(ctx, statements, pgx.QueryExecModeSimpleProtocol)
		if err != nil && sqlState(err) != codeUndefinedTable { // it was too old, and is gone
			return fmt.Errorf("%s: %w", statements, err)
		}
	}
	return nil
}

func (r Roles) statements(schema string) []string {
	var all []string
	for _, name := range r.names() {
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
