package store_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"iter"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// neighbour is a payload of another customer, as one who knows all about it
// would ask for it.
type neighbour struct {
	*store.Store
	payload *store.Payload
}

const neighbourHost = "44444444-4444-4444-8444-444444444444"

func (n *neighbour) text() *store.Text {
	id := n.payload.RequestID.String()
	return &store.Text{Eq: &id}
}

func (n *neighbour) stage() store.StageKey {
	return store.StageKey{PayloadID: n.payload.ID, Service: "inventory"}
}

// reads ask for what is the neighbour's, and count what they get of it.
var reads = map[string]func(context.Context, *neighbour) (int, error){
	"Payload": func(ctx context.Context, n *neighbour) (int, error) {
		p, err := n.Payload(ctx, store.PayloadKey{RequestID: &n.payload.RequestID})
		if p == nil {
			return 0, err
		}
		return 1, err
	},
	"PayloadsByID": func(ctx context.Context, n *neighbour) (int, error) {
		found, err := n.PayloadsByID(ctx, []int64{n.payload.ID}, 0)
		return len(found), err
	},
	"Payloads": func(ctx context.Context, n *neighbour) (int, error) {
		page, err := n.Payloads(ctx, store.PayloadFilter{RequestID: n.text()}, store.PayloadOrder{}, store.Page{})
		if err != nil {
			return 0, err
		}
		return len(page.Items), nil
	},
	"PayloadsTotal": func(ctx context.Context, n *neighbour) (int, error) {
		total, err := n.PayloadsTotal(ctx, store.PayloadFilter{RequestID: n.text()})
		return total.Value, err
	},
	"Statuses": func(ctx context.Context, n *neighbour) (int, error) {
		org := n.payload.OrgID
		sum := 0
		for _, filter := range []store.StatusFilter{{RequestID: n.text()}, {OrgID: &store.Text{Eq: &org}}} {
			page, err := n.Statuses(ctx, filter, store.StatusOrder{}, store.Page{})
			if err != nil {
				return 0, err
			}
			sum += len(page.Items)
		}
		return sum, nil
	},
	"StatusesTotal": func(ctx context.Context, n *neighbour) (int, error) {
		total, err := n.StatusesTotal(ctx, store.StatusFilter{RequestID: n.text()})
		return total.Value, err
	},
	"Hosts": func(ctx context.Context, n *neighbour) (int, error) {
		pages, err := n.Hosts(ctx, []int64{n.payload.ID}, store.Page{})
		if err != nil {
			return 0, err
		}
		return len(pages[n.payload.ID].Items), nil
	},
	"Kinds": func(ctx context.Context, n *neighbour) (int, error) {
		request, err := n.Kinds(ctx, n.payload.RequestID.String())
		if err != nil {
			return 0, err
		}
		host, err := n.Kinds(ctx, neighbourHost)
		return len(request) + len(host), err
	},
	"FindPayloads": func(ctx context.Context, n *neighbour) (int, error) {
		page, err := n.FindPayloads(ctx, neighbourHost, store.Page{})
		if err != nil {
			return 0, err
		}
		return len(page.Items), nil
	},
	"Traced": func(ctx context.Context, n *neighbour) (int, error) {
		traced, err := n.Traced(ctx, []int64{n.payload.ID})
		return len(traced), err
	},
	"Timelines": func(ctx context.Context, n *neighbour) (int, error) {
		pages, err := n.Timelines(ctx, []*store.Payload{n.payload}, store.Page{})
		if err != nil {
			return 0, err
		}
		return len(pages[n.payload.ID].Items), nil
	},
	"StageStatuses": func(ctx context.Context, n *neighbour) (int, error) {
		pages, err := n.StageStatuses(ctx, []*store.Payload{n.payload}, []store.StageKey{n.stage()}, store.Page{})
		if err != nil {
			return 0, err
		}
		return len(pages[n.stage()].Items), nil
	},
	"StatusesByMark": func(ctx context.Context, n *neighbour) (int, error) {
		last := n.payload.Journey.Last()
		found, err := n.StatusesByMark(ctx, []store.MarkKey{{Payload: n.payload, Date: last.Date, Hash: last.Hash}}, 0)
		return len(found), err
	},
	"Events": func(ctx context.Context, n *neighbour) (int, error) {
		events, err := n.Events(ctx, n.payload)
		if events == nil {
			return 0, err
		}
		return 1, err
	},
	"Track": func(ctx context.Context, n *neighbour) (int, error) {
		_, statuses, err := n.Track(ctx, n.payload.RequestID)
		return len(statuses), err
	},
	"PayloadsByRequestID": func(ctx context.Context, n *neighbour) (int, error) {
		found, err := n.PayloadsByRequestID(ctx, []payload.RequestID{n.payload.RequestID})
		return len(found), err
	},
	"TakenIn": func(ctx context.Context, n *neighbour) (int, error) {
		last := n.payload.Journey.Last()
		fresh, err := n.TakenIn(ctx, store.NoticeOf(n.payload.RequestID, n.payload.TakenInAt, last.Date))
		return len(fresh), err
	},
	"TakenInSince": func(ctx context.Context, n *neighbour) (int, error) {
		fresh, _, err := n.TakenInSince(ctx, n.payload.TakenInAt.Add(-10*time.Minute))
		count := 0
		for _, one := range fresh {
			if one.OrgID == n.payload.OrgID {
				count++
			}
		}
		return count, err
	},
	"ListPayloads": func(ctx context.Context, n *neighbour) (int, error) {
		list, err := n.ListPayloads(ctx, store.PayloadFilter{RequestID: n.text()})
		if err != nil {
			return 0, err
		}
		count, err := listed(list.Rows(ctx, store.ListOrder{Column: "created_at"}, store.Stretch{Limit: 10}))
		return count + list.Total.Value, err
	},
	"ListStatuses": func(ctx context.Context, n *neighbour) (int, error) {
		list, err := n.ListStatuses(ctx, store.StatusListFilter{StatusFilter: store.StatusFilter{RequestID: n.text()}})
		if err != nil {
			return 0, err
		}
		count, err := listed(list.Rows(ctx, store.ListOrder{Column: "date"}, store.Stretch{Limit: 10}))
		return count + list.Total.Value, err
	},
	"Slowest": func(ctx context.Context, n *neighbour) (int, error) {
		own, err := n.Slowest(ctx, store.SlowestFilter{Window: hourAgo, Service: theirService}, store.Page{})
		if err != nil {
			return 0, err
		}
		asked, err := n.Slowest(ctx, store.SlowestFilter{Window: hourAgo, OrgID: n.payload.OrgID}, store.Page{})
		return len(own) + len(asked), err
	},
	"Services": func(ctx context.Context, n *neighbour) (int, error) {
		own, err := n.Services(ctx, hourAgo, store.NumbersFilter{})
		if err != nil {
			return 0, err
		}
		asked, err := n.Services(ctx, hourAgo, store.NumbersFilter{OrgID: eq(n.payload.OrgID)})
		return theirServices(own) + theirServices(asked), err
	},
	"FailureGroups": func(ctx context.Context, n *neighbour) (int, error) {
		own, err := n.FailureGroups(ctx, hourAgo, store.FailureFilter{})
		if err != nil {
			return 0, err
		}
		asked, err := n.FailureGroups(ctx, hourAgo, store.FailureFilter{NumbersFilter: store.NumbersFilter{OrgID: eq(n.payload.OrgID)}})
		count := len(asked)
		for _, g := range own {
			if strings.Contains(g.Sample, theirService) {
				count++
			}
		}
		return count, err
	},
	"FailureSamples": func(ctx context.Context, n *neighbour) (int, error) {
		// The groups are of those who see everything.
		groups, err := n.FailureGroups(identity.WithScope(ctx, identity.Everything()), hourAgo, store.FailureFilter{})
		if err != nil {
			return 0, err
		}
		samples, err := n.FailureSamples(ctx, groups)
		count := 0
		for _, payloads := range samples {
			for _, p := range payloads {
				if p.ID == n.payload.ID {
					count++
				}
			}
		}
		return count, err
	},
	"Flow": func(ctx context.Context, n *neighbour) (int, error) {
		own, err := n.Flow(ctx, hourAgo, store.NumbersFilter{})
		if err != nil {
			return 0, err
		}
		asked, err := n.Flow(ctx, hourAgo, store.NumbersFilter{OrgID: eq(n.payload.OrgID)})
		if err != nil {
			return 0, err
		}
		count := len(asked.Nodes) + len(asked.Edges)
		for _, node := range own.Nodes {
			if node.Service == theirService {
				count++
			}
		}
		return count, nil
	},
}

// theirService is one that only the neighbour's payload comes to.
const theirService = "theirs"

var hourAgo = since(time.Hour)

func theirServices(services []*store.ServiceNumbers) int {
	count := 0
	for _, s := range services {
		if s.Name == theirService {
			count++
		}
	}
	return count
}

// listed counts the rows of a list.
func listed[Row any](rows iter.Seq2[*Row, error]) (count int, err error) {
	for _, err = range rows {
		if err == nil {
			count++
		}
	}
	return count, err
}

// noReads are the methods that show nothing of any customer, and why.
var noReads = map[string]string{
	"Scope":          "reads nothing",
	"Listen":         "whose the changed payloads are is asked when they are read",
	"Replayed":       "which offsets of a topic were sent again",
	"MarkReplayed":   "writes",
	"LockReplays":    "no statement of any table",
	"DeadLetters":    "for those who see everything: the views of its tables are empty",
	"Standing":       "for those who see everything: others are refused",
	"IngestState":    "for those who see everything: others are refused",
	"Storage":        "for those who see everything: others are refused",
	"RetentionState": "for those who see everything: others are refused",
	"Ready":          "whether the database answers",
	"Condition":      "whether the database answers",
	"Schema":         "which steps of the schema there are",
	"Migrating":      "whether the schema changes",
	"Rules":          "the rules are everybody's",
	"ApplyRules":     "a tool's, over all payloads; shows nothing",

	"FoldRollups":       "writes",
	"KeepRollupsFolded": "writes",
	"RebuildRollups":    "writes",

	"Ingest":            "writes",
	"Positions":         "how far topics are stored",
	"InitPosition":      "how far topics are stored",
	"KeepDaysAhead":     "makes partitions",
	"KeepBatchesMoving": "ends what hangs",
	"EndFrozenBatches":  "ends what hangs",
	"MeetInAPayload":    "reads nothing",
	"WatchReplica":      "how far the replica is",
	"MakeDays":          "makes partitions",
	"KeepRetention":     "deletes",
	"Retain":            "deletes",
	"ExportJourneys":    "a consumer's, of all payloads: to the collector",
	"MigrateUp":         "the schema",
	"Grant":             "the schema",
	"MigrateDown":       "the schema",
	"MigrateStatus":     "the schema",
}

func tenants(t *testing.T) (*neighbour, string) {
	t.Helper()
	dsn := storetest.DSN(t)
	open := func(options ...func(*store.Config)) *store.Store {
		return storetest.New(t, append(options, func(c *store.Config) { c.DSN, c.Now = dsn, func() time.Time { return noon } })...)
	}
	f := newFeeder(t, open(), 0)
	for n, org := range map[int]string{1: "mine", 2: "theirs"} {
		events := []payload.Event{event(n, "ingress", "received", 0), event(n, "inventory", "error", time.Second)}
		for i := range events {
			events[i].OrgID, events[i].Date = org, noon.Add(time.Duration(i-100)*time.Second)
		}
		if org == "theirs" {
			events[0].InventoryID = neighbourHost
			events = append(events, events[0])
			events[2].Service, events[1].Message = theirService, theirService+" says so"
		}
		f.feed(events...)
	}
	if err := f.store.FoldRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	theirs := payloadOf(t, f.store, 2)
	if _, err := storetest.Conn(t, dsn).Exec(t.Context(), `INSERT INTO journey_traces SELECT id FROM payloads`); err != nil {
		t.Fatal(err)
	}
	return &neighbour{Store: open(func(c *store.Config) { c.Tenants = true }), payload: theirs}, dsn
}

func TestEveryReadIsInScope(t *testing.T) {
	t.Parallel()
	n, _ := tenants(t)
	for name, read := range reads {
		for scope, sees := range map[identity.Scope]bool{
			identity.Everything(): true, identity.Org("theirs"): true,
			identity.Org("mine"): false, identity.Org("their%"): false,
		} {
			count, err := read(identity.WithScope(t.Context(), scope), n)
			if err != nil || (count > 0) != sees {
				t.Errorf("%s in %+v gives %d, %v", name, scope, count, err)
			}
		}
		for what, ctx := range map[string]context.Context{
			"without a scope": t.Context(), "of no organisation": identity.WithScope(t.Context(), identity.Org("")),
			"in the zero scope": identity.WithScope(t.Context(), identity.Scope{}),
		} {
			_, err := read(ctx, n)
			if refused, ok := errors.AsType[*payload.Error](err); !ok || refused.Code != payload.CodeUnauthenticated {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
}

// Whoever adds a method to the store says here which of the two it is.
func TestEveryMethodIsAReadInScopeOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	contexts := reflect.TypeFor[context.Context]()
	kind := reflect.TypeFor[*store.Store]()
	for i := range kind.NumMethod() {
		method := kind.Method(i)
		if method.Type.NumIn() < 2 || !method.Type.In(1).Implements(contexts) {
			continue
		}
		if (reads[method.Name] != nil) == (noReads[method.Name] != "") {
			t.Errorf("%s: is it a read? Then add it to reads, else to noReads", method.Name)
		}
	}
	for name := range maps.Keys(reads) {
		if _, ok := kind.MethodByName(name); !ok {
			t.Errorf("there is no %s any more", name)
		}
	}
}

// Reads go through (*Store).read, which puts the scope in front of them. What
// reaches for the connections itself is named here, with the reason.
var unscoped = map[string]string{
	"stream":                   "puts the scope in front",
	"(*Store).trackedPayload":  "gives nobody a payload that the scope does not see",
	"(*Store).statusesIn":      "of a payload that was found in scope",
	"(*Store).dayTable":        "what the partitions are called",
	"(*Store).Replayed":        "which offsets of a topic were sent again",
	"(*Store).MarkReplayed":    "writes",
	"(*Store).read":            "puts the scope in front",
	"(*Store).reading":         "for read and stream, which put the scope in front",
	"(*Store).look":            "how far the replica is",
	"(*replica).close":         "no statement",
	"(*Store).Storage":         "what the partitions are called; others than those who see everything are refused",
	"(*Store).Close":           "no statement",
	"(*Store).Listen":          "no statement",
	"(*Store).Schema":          "which steps of the schema there are",
	"(*Store).Migrating":       "whether the schema changes",
	"(*Store).Rules":           "the rules are everybody's",
	"(*Store).writeFirstRules": "the rules are everybody's",
	"(*Store).replaceRules":    "the rules are everybody's",
	"(*Store).ApplyRules":      "a tool's, over all payloads",
	"(*Store).judgeAgain":      "a tool's, over all payloads",
	"(*Store).betweenBatches":  "writes",
	"(*Store).Positions":       "how far topics are stored",
	"(*Store).InitPosition":    "how far topics are stored",
	"(*Store).position":        "how far topics are stored",
	"(*Store).MigrateUp":       "the schema",
	"(*Store).grantTables":     "the schema",
	"(*Store).grantPartitions": "the schema",
	"(*Store).MigrateStatus":   "the schema",
	"(*Store).migrator":        "the schema",
}

// unscopedFiles write, or keep partitions: they show nothing to anybody.
var unscopedFiles = []string{"ingest", "partition", "migrate", "rollup_fold", "rollup_rebuild", "retention"}

func TestOnlyReadReachesTheDatabase(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range names {
		writes := slices.ContainsFunc(unscopedFiles, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if writes || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			owner := function.Name.Name
			if function.Recv != nil {
				owner = "(" + types.ExprString(function.Recv.List[0].Type) + ")." + owner
			}
			ast.Inspect(function, func(node ast.Node) bool {
				selector, ok := node.(*ast.SelectorExpr)
				if !ok || (selector.Sel.Name != "pool" && selector.Sel.Name != "db") {
					return true
				}
				seen++
				if unscoped[owner] == "" {
					t.Errorf("%s: %s reaches for s.%s: use read, or say in unscoped why not", name, owner, selector.Sel.Name)
				}
				return true
			})
		}
	}
	if seen < 5 {
		t.Errorf("only %d uses were found", seen)
	}
}

// everybodys are the tables that hold nothing of a customer, and those that
// only who sees everything may read.
var everybodys = []string{"trails", "positions", "rules", "rollup_state", "retention", "retired_partitions", "journey_trace_position", "schema_floor", "migrations", "migration_locks"}

func TestEveryTableHasAViewOrIsEverybodys(t *testing.T) {
	t.Parallel()
	_, dsn := tenants(t)
	rows, err := storetest.Conn(t, dsn).Query(t.Context(),
		`SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND NOT relispartition AND relnamespace = current_schema()::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	viewed := store.ViewedTables()
	count := 0
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		count++
		ours := strings.TrimPrefix(table, "bun_")
		if slices.Contains(viewed, table) == slices.Contains(everybodys, ours) {
			t.Errorf("%s: is it customers' data? Then store/scope.go needs a view of it", table)
		}
	}
	if count < 6 {
		t.Errorf("only %d tables", count)
	}
}

// Beyond what is counted a total is sampled or planned: in scope, too.
func TestATotalIsEstimatedInScope(t *testing.T) {
	t.Parallel()
	n, dsn := tenants(t)
	if _, err := storetest.Conn(t, dsn).Exec(t.Context(), `INSERT INTO payloads (request_id, org_id, started_at, updated_at, created_at, journey)
		SELECT gen_random_uuid(), CASE WHEN g % 4 = 0 THEN 'mine' ELSE 'theirs' END, now(), now(), now(), '' FROM generate_series(1, 60000) g`); err != nil {
		t.Fatal(err)
	}
	for scope, want := range map[identity.Scope]int{identity.Everything(): 60_002, identity.Org("mine"): 15_001, identity.Org("theirs"): 45_001} {
		total, err := n.PayloadsTotal(identity.WithScope(t.Context(), scope), store.PayloadFilter{})
		if err != nil || total.Exact || total.Value < want*8/10 || total.Value > want*12/10 {
			t.Errorf("%+v: %+v, %v, want %d", scope, total, err, want)
		}
	}
}
