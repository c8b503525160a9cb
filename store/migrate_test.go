package store_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// shape is every table, column, index and constraint, as text; of the events only the table above their partitions.
func shape(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT format('column %s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
				a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
		UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
			WHERE NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
		UNION ALL SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
		UNION ALL SELECT format('function %s', p.oid::regprocedure) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// Every step can be taken back, and leaves what was there before it.
func TestStepsAreTakenBackOneByOne(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	newFeeder(t, s, 0).feed(event(1, "puptoo", "error", 0))
	conn := storetest.Conn(t, dsn)
	whole := shape(t, conn)
	steps, err := s.MigrateStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range slices.Backward(steps) {
		if taken, err := s.MigrateDown(t.Context()); err != nil || taken != step.Name {
			t.Fatalf("took back %s, want %s: %v", taken, step.Name, err)
		}
	}
	left := slices.DeleteFunc(shape(t, conn), func(line string) bool { return strings.Contains(line, "bun_migration") })
	if len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if _, err := s.MigrateDown(t.Context()); err == nil || !strings.Contains(err.Error(), "no step to take back") {
		t.Error(err)
	}
	fresh := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	if err := fresh.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := shape(t, conn); !slices.Equal(again, whole) {
		t.Errorf("made again it is\n%s\nwant\n%s", strings.Join(again, "\n"), strings.Join(whole, "\n"))
	}
	newFeeder(t, fresh, 1).feed(event(1, "puptoo", "error", 0))
}

// The first rules are those of the settings; later ones are for `rules apply`.
func TestTheFirstRulesAreThoseOfTheSettings(t *testing.T) {
	t.Parallel()
	dsn := storetest.Empty(t)
	for _, to := range []string{"puptoo", "inventory"} {
		rules := payload.DefaultRules()
		rules.Handovers = []payload.Handover{{From: "ingress", To: to}}
		s := storetest.New(t, func(c *store.Config) { c.DSN, c.FirstRules = dsn, &rules })
		if err := s.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		stand, err := s.Rules(t.Context())
		if err != nil || stand.Version != 1 || !slices.Equal(stand.Handovers, []payload.Handover{{From: "ingress", To: "puptoo"}}) {
			t.Errorf("%+v, %v", stand, err)
		}
	}
}

func TestASchemaOfANewerVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	conn := storetest.Conn(t, dsn)
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO bun_migrations (name, group_id) VALUES ('999', 2)`)
	steps, err := s.MigrateStatus(t.Context())
	if last := steps[len(steps)-1]; err != nil || last.Name != "999" || !last.Foreign || !last.Applied {
		t.Errorf("%+v, %v", last, err)
	}
	if _, err := s.MigrateDown(t.Context()); err == nil || !strings.Contains(err.Error(), "999 is of a newer version") {
		t.Error(err)
	}
	if err := s.MigrateUp(t.Context()); err != nil {
		t.Error(err)
	}
	exec(`UPDATE schema_floor SET step = '999'`)
	if err := s.MigrateUp(t.Context()); err == nil || !strings.Contains(err.Error(), "run a newer payload-tracker") {
		t.Error(err)
	}
}

// Of many that start at once one migrates; all find the schema there.
func TestManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	dsn := storetest.Empty(t)
	var all sync.WaitGroup
	for range 6 {
		s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
		all.Go(func() {
			if err := s.MigrateUp(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var steps, names int
	if err := storetest.Conn(t, dsn).QueryRow(t.Context(), `SELECT count(*), count(DISTINCT name) FROM bun_migrations`).Scan(&steps, &names); err != nil || steps != names {
		t.Errorf("%d marks of %d steps: %v", steps, names, err)
	}
}

// A step that cannot have its lock lets others through, and comes when it can.
func TestAStepThatWaitsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	for taken := ""; taken != "060_retention"; { // it changes positions
		var err error
		if taken, err = s.MigrateDown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	reader := storetest.Conn(t, dsn)
	reading, err := reader.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reading.Exec(t.Context(), `SELECT FROM positions`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.MigrateUp(t.Context()) }()
	writer := storetest.Conn(t, dsn)
	for range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if _, err := writer.Exec(ctx, `SELECT FROM positions FOR UPDATE`); err != nil {
			t.Errorf("it waits behind the step: %v", err)
		}
		cancel()
		time.Sleep(time.Second)
	}
	select {
	case err := <-done:
		t.Fatalf("the step did not wait: %v", err)
	default:
	}
	if err := reading.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
