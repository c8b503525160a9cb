package store_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// Whoever makes a table says in store/grants.go what others than its owner may do with it. What they may is held by
// cmd/payload-tracker, where whole processes run as they.
func TestEveryTableIsGrantedOrTheOwners(t *testing.T) {
	t.Parallel()
	owners := []string{"bun_migration_locks"}
	rows, err := storetest.Conn(t, storetest.DSN(t)).Query(t.Context(),
		`SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(tables)
	want := append(store.GrantedTables(), owners...)
	slices.Sort(want)
	if !slices.Equal(tables, want) {
		t.Errorf("there are %q, and rights on %q", tables, want)
	}
}
