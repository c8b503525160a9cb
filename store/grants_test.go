package store_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
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

// newRole makes a user of the database that goes away with the test.
func (y *yard) newRole() (name string) {
	y.t.Helper()
	name = "role_" + strings.ToLower(rand.Text())
	y.exec("CREATE ROLE " + name)
	y.t.Cleanup(func() { // before the database, in which it may
		for _, statement := range []string{"DROP OWNED BY " + name, "DROP ROLE " + name} {
			if _, err := y.conn.Exec(context.WithoutCancel(y.t.Context()), statement); err != nil {
				y.t.Error(err)
			}
		}
	})
	return name
}

// Who may read the table may read each partition by its own name, and do no more with it: those of before, those that
// events make, and those that others are split into.
func TestWhoReadsTheTableReadsItsPartitions(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s, role := y.open(), y.newRole()
	f := newFeeder(t, s, 0)
	f.feed(event(1, "ingress", "received", 0))
	y.exec("GRANT ALL ON payload_statuses_20260304 TO " + role)
	if err := s.Grant(t.Context(), store.Roles{Read: role}); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		var all, read, more int
		y.scan(`SELECT count(*), count(*) FILTER (WHERE has_table_privilege('`+role+`', inhrelid, 'SELECT')),
			count(*) FILTER (WHERE has_table_privilege('`+role+`', inhrelid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
			FROM pg_inherits WHERE inhparent = 'payload_statuses'::regclass`, &all, &read, &more)
		if all < 7 || read != all || more != 0 {
			t.Errorf("%s: of %d partitions it reads %d and may change %d", when, all, read, more)
		}
	}
	check("of before")
	distant := event(1, "ingress", "received", 0)
	distant.Date = noon.AddDate(3, 0, 0)
	f.feed(event(1, "ingress", "received", -40*oneDay), distant)
	check("made for an event")
	y.setClock(distant.Date)
	y.keepDays(s, func() bool { return y.undone(distant.Date.Add(oneDay)) == 0 })
	check("split")
}

// The owner would lose its own rights to itself.
func TestTheOwnerIsGrantedNothing(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	var owner string
	y.scan(`SELECT current_user`, &owner)
	err := y.open().Grant(t.Context(), store.Roles{Ingest: owner})
	if err == nil || !strings.Contains(err.Error(), "DB_INGEST_ROLE") {
		t.Error(err)
	}
	var whole bool
	y.scan(`SELECT count(*) = 0 FROM pg_class, aclexplode(relacl) WHERE oid = 'payloads'::regclass`, &whole)
	if !whole {
		t.Error("its rights were changed")
	}
}

// Many processes migrate at once, and so grant at once.
func TestManyGrantAtOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	role := y.newRole()
	var all sync.WaitGroup
	for range 6 {
		s := storetest.New(t, func(c *store.Config) { c.DSN = strings.TrimSuffix(y.dsn, "&lock_timeout=100") }) // its turn takes as long as it takes
		all.Go(func() {
			for range 3 {
				if err := s.Grant(t.Context(), store.Roles{Read: role}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
