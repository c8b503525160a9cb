package store_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// archive is a database of 400 days of which the last ones have events: its
// statements are looked at, and their plans.
type archive struct {
	*store.Store
	t          *testing.T
	statements *storetest.Statements
	conn       *pgx.Conn
	now        time.Time
	open       int // payloads
	planned    int // partitions that plans named
}

// archived has a payload each three minutes, of three events: a third of them
// the large org's, some failed, some silent.
func archived(t *testing.T, payloads int) *archive {
	t.Helper()
	dsn := storetest.DSN(t)
	a := &archive{t: t, conn: storetest.Conn(t, dsn), now: noon.Add(time.Minute)}
	a.Store, a.statements = storetest.CountStatements(t, func(c *store.Config) {
		c.DSN, c.Now = dsn, func() time.Time { return a.now }
	})
	var days []time.Time
	for n := range 400 {
		days = append(days, noon.Truncate(24*time.Hour).AddDate(0, 0, 7-n))
	}
	if err := a.MakeDays(t.Context(), days); err != nil {
		t.Fatal(err)
	}
	var events []payload.Event
	for n := range payloads {
		org := fmt.Sprint("org", n%400)
		switch {
		case n%3 == 0:
			org = "large"
		case n%(payloads/3) == 7:
			org = "tiny"
		}
		word, message := "success", fmt.Sprintf("handed on in %d ms", n)
		switch {
		case n%12 == 1:
			word, message = "error", fmt.Sprintf("host %d is not valid", n)
		case n%100 == 50:
			word, message = "received", ""
			a.open++
		case n%(payloads/4) == 11:
			word = "quarantined"
		}
		for i, step := range []struct{ service, word, message string }{
			{"ingress", "received", ""}, {"ingress", "success", "stored"}, {[]string{"puptoo", "patchman"}[n%2], word, message},
		} {
			e := event(n+1, step.service, step.word, -time.Duration(n)*3*time.Minute+time.Duration(i)*time.Second)
			e.Message, e.OrgID, e.Account = step.message, org, "account of "+org
			e.SystemID = fmt.Sprintf("%032x", 1+n%1_000)
			events = append(events, e)
		}
	}
	f := newFeeder(t, a.Store, 0)
	for chunk := range slices.Chunk(events, 20_000) {
		f.feed(chunk...)
	}
	// What autovacuum does: the table of all days is left out.
	analyze := "VACUUM (ANALYZE) payloads, payload_hosts"
	for at := range payloads*3/(24*60) + 2 {
		analyze += noon.AddDate(0, 0, -at).Format(", payload_statuses_20060102")
	}
	if _, err := a.conn.Exec(t.Context(), analyze); err != nil {
		t.Fatal(err)
	}
	return a
}

// asked is what a question sends to the database, the rules apart.
func (a *archive) asked(question func() error) []string {
	a.t.Helper()
	a.statements.Reset()
	if err := question(); err != nil {
		a.t.Fatal(err)
	}
	return slices.DeleteFunc(a.statements.Inlined(), func(sql string) bool { return strings.HasSuffix(sql, "FROM rules") })
}

// plan is a node of what EXPLAIN says.
type plan struct {
	NodeType    string  `json:"Node Type"`
	Relation    string  `json:"Relation Name"`
	Rows        float64 `json:"Actual Rows"`
	Loops       float64 `json:"Actual Loops"`
	Filtered    float64 `json:"Rows Removed by Filter"`
	Rechecked   float64 `json:"Rows Removed by Index Recheck"`
	HeapFetches float64 `json:"Heap Fetches"`
	Plans       []plan
}

// explained is the plan of a statement, how long it took to be made, and, when
// it is also run, what it read.
func (a *archive) explained(sql string, run bool) (plan, time.Duration) {
	a.t.Helper()
	text := "EXPLAIN (FORMAT JSON, SUMMARY) "
	if run {
		text = "EXPLAIN (FORMAT JSON, ANALYZE) "
	}
	var answer string
	if err := a.conn.QueryRow(a.t.Context(), text+sql, pgx.QueryExecModeSimpleProtocol).Scan(&answer); err != nil {
		a.t.Fatalf("%v\n%s", err, sql)
	}
	var plans []struct {
		Plan     plan
		Planning float64 `json:"Planning Time"`
	}
	if err := json.Unmarshal([]byte(answer), &plans); err != nil || len(plans) != 1 {
		a.t.Fatal(err, answer)
	}
	return plans[0].Plan, time.Duration(plans[0].Planning * float64(time.Millisecond))
}

// relations of a plan, each once.
func (p plan) relations() []string {
	var names []string
	if p.Relation != "" {
		names = append(names, p.Relation)
	}
	for _, below := range p.Plans {
		names = append(names, below.relations()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// read is how many rows of tables were looked at.
func (p plan) read() int {
	var rows float64
	if p.Relation != "" {
		rows = (p.Rows + p.Filtered + p.Rechecked) * p.Loops
	}
	n := int(rows)
	for _, below := range p.Plans {
		n += below.read()
	}
	return n
}

// pairwise chooses among so many values for each of several settings, such
// that each value meets each value of the other settings at least once.
func pairwise(sizes ...int) [][]int {
	type pair struct{ i, a, j, b int }
	left := map[pair]bool{}
	for i := range sizes {
		for j := i + 1; j < len(sizes); j++ {
			for a := range sizes[i] {
				for b := range sizes[j] {
					left[pair{i, a, j, b}] = true
				}
			}
		}
	}
	met := func(row []int) (pairs []pair) {
		for i := range row {
			for j := i + 1; j < len(row); j++ {
				if p := (pair{i, row[i], j, row[j]}); left[p] {
					pairs = append(pairs, p)
				}
			}
		}
		return pairs
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var rows [][]int
	for len(left) > 0 {
		var best []int
		for range 60 {
			row := make([]int, len(sizes))
			for i, size := range sizes {
				row[i] = rng.IntN(size)
			}
			if best == nil || len(met(row)) > len(met(best)) {
				best = row
			}
		}
		for _, p := range met(best) {
			delete(left, p)
		}
		rows = append(rows, best)
	}
	return rows
}

func TestPairwiseMeetsEveryPair(t *testing.T) {
	t.Parallel()
	rows := pairwise(3, 2, 4, 2)
	for i, sizes := 0, []int{3, 2, 4, 2}; i < len(sizes); i++ {
		for j := range i {
			met := map[[2]int]bool{}
			for _, row := range rows {
				met[[2]int{row[i], row[j]}] = true
			}
			if len(met) != sizes[i]*sizes[j] {
				t.Errorf("settings %d and %d meet %d times", i, j, len(met))
			}
		}
	}
	if len(rows) > 24 {
		t.Errorf("%d rows for 12 pairs at least", len(rows))
	}
}

// TestListsPlanTheAskedDaysOnly: whatever else a filter says, and wherever a
// page begins, no statement names a partition of days that were not asked for.
func TestListsPlanTheAskedDaysOnly(t *testing.T) {
	t.Parallel()
	a := archived(t, 3_000)
	text := func(eq string) *store.Text { return &store.Text{Eq: &eq} }
	not := func(values ...string) *store.Text { return &store.Text{NotIn: values} }
	in := func(values ...string) *store.Text { return &store.Text{In: values} }
	window := func(from, to time.Duration) *store.Window {
		return &store.Window{From: new(a.now.Add(-from)), To: new(a.now.Add(-to))}
	}
	const day = 24 * time.Hour
	windows := []*store.Window{{Since: new(3 * day)}, window(2*day, day), window(5*day+time.Hour, 5*day), window(300*day, 290*day)}

	services := []*store.Text{nil, text("puptoo"), in("puptoo", "ingress"), not("ingress")}
	words := []*store.Text{nil, text("error"), not("success"), text("quarantined")}
	orgs := []*store.Text{nil, text("large"), text("tiny"), not("large"), text("nobody")}
	accounts := []*store.Text{nil, text("account of large"), text("account of org7")}
	ids := []*store.Text{nil, in(requestID(5).String(), requestID(2_000).String()), not(requestID(5).String())}
	directions := []store.OrderDirection{store.Descending, store.Ascending}
	t.Run("statuses", func(t *testing.T) {
		messages := []*store.Text{nil, {Contains: new("not VALID")}, text("stored"), {Contains: new("ä")}}
		for _, c := range pairwise(len(windows), len(services), len(words), len(messages), len(orgs), len(accounts), len(ids), len(directions), 2) {
			filter := store.StatusFilter{
				Date: windows[c[0]], Service: services[c[1]], Status: words[c[2]], Message: messages[c[3]],
				OrgID: orgs[c[4]], Account: accounts[c[5]], RequestID: ids[c[6]],
			}
			order := store.StatusOrder{Direction: directions[c[7]]}
			for name, question := range map[string]func() error{
				"page": func() error {
					page, err := a.Statuses(t.Context(), filter, order, store.Page{First: new(1)})
					if err == nil && page.EndCursor != nil && c[8] == 1 {
						_, err = a.Statuses(t.Context(), filter, order, store.Page{First: new(10), After: page.EndCursor})
					}
					return err
				},
				"total": func() error { _, err := a.StatusesTotal(t.Context(), filter); return err },
			} {
				a.onDays(t, fmt.Sprint(name, c), windows[c[0]], true, question)
			}
		}
	})
	t.Run("payloads", func(t *testing.T) {
		failed, stalled := payload.StateFailed, payload.StateStalled
		verdicts := []*store.VerdictFilter{nil, {Eq: &failed}, {Eq: &stalled}, {NotIn: []payload.State{failed}}}
		failures := []*store.Text{nil, text("puptoo"), {Contains: new("not valid")}}
		hosts := []*store.Text{nil, text(fmt.Sprintf("%032x", 5))}
		for _, c := range pairwise(len(windows), len(services), len(words), len(orgs), len(accounts), len(ids), len(verdicts), len(failures), len(hosts), len(directions)) {
			filter := store.PayloadFilter{
				StartedAt: windows[c[0]], Service: services[c[1]], Status: words[c[2]], OrgID: orgs[c[3]], Account: accounts[c[4]],
				RequestID: ids[c[5]], Verdict: verdicts[c[6]], FailedService: failures[c[7]], SystemID: hosts[c[8]],
			}
			if c[7] == 2 {
				filter.FailedService, filter.FailureMessage = nil, failures[2]
			}
			if c[7] > 0 && c[6] > 1 {
				filter.Verdict = nil // contradicts a failure
			}
			for name, question := range map[string]func() error{
				"page": func() error {
					_, err := a.Payloads(t.Context(), filter, store.PayloadOrder{Direction: directions[c[9]]}, store.Page{})
					return err
				},
				"total": func() error { _, err := a.PayloadsTotal(t.Context(), filter); return err },
			} {
				a.onDays(t, fmt.Sprint(name, c), windows[c[0]], false, question)
			}
		}
	})
	if a.planned < 100 {
		t.Errorf("plans named %d partitions in all", a.planned)
	}
}

// onDays checks that a question's statements name no partition without days of
// the window; an event of a payload that started within one may be later.
func (a *archive) onDays(t *testing.T, name string, w *store.Window, ends bool, question func() error) {
	t.Helper()
	var from, to time.Time
	if w.Since != nil {
		from = a.now.Add(-*w.Since)
	} else {
		from, to = *w.From, *w.To
	}
	for _, sql := range a.asked(question) {
		p, _ := a.explained(strings.TrimPrefix(sql, "EXPLAIN (FORMAT JSON) "), false)
		for _, relation := range p.relations() {
			date, ok := strings.CutPrefix(relation, "payload_statuses_")
			if !ok {
				continue
			}
			a.planned++
			day, err := time.Parse("20060102", date)
			if err != nil {
				t.Fatalf("%s: partition %s", name, relation)
			}
			if day.Before(from.Truncate(24*time.Hour)) || (ends && !to.IsZero() && !day.Before(to)) {
				t.Fatalf("%s: %s is read for %v to %v\n%s", name, relation, from, to, sql)
			}
		}
	}
}

// TestListsReadFewRows: the lists that people ask for are found by indexes,
// on the first page as on a late one.
func TestListsReadFewRows(t *testing.T) {
	t.Parallel()
	const payloads = 12_000
	a := archived(t, payloads)
	text := func(eq string) *store.Text { return &store.Text{Eq: &eq} }
	since := func(d time.Duration) *store.Window { return &store.Window{Since: &d} }
	failed, stalled := payload.StateFailed, payload.StateStalled
	const page = 20
	for name, c := range map[string]struct {
		filter store.PayloadFilter
		order  store.PayloadOrder
		most   int // rows; 0: some for each of the page
	}{
		"all":                 {},
		"large org":           {filter: store.PayloadFilter{OrgID: text("large")}},
		"tiny org":            {filter: store.PayloadFilter{OrgID: text("tiny")}},
		"account":             {filter: store.PayloadFilter{Account: text("account of org7")}},
		"failed":              {filter: store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &failed}}},
		"failed, by failure":  {order: store.PayloadOrder{Field: store.OrderByFailedAt}},
		"stalled":             {filter: store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &stalled}}},
		"stalled, by silence": {filter: store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &stalled}}, order: store.PayloadOrder{Field: store.OrderByQuietSince}, most: a.open + 100},
		"failed service":      {filter: store.PayloadFilter{FailedService: text("patchman")}},
		"unknown service":     {filter: store.PayloadFilter{FailedService: text("nobody")}},
		"rare status":         {filter: store.PayloadFilter{Status: text("quarantined")}},
		"service and status of the last day": {
			filter: store.PayloadFilter{Service: text("patchman"), Status: text("error"), StartedAt: since(24 * time.Hour)}, most: 24*20*3 + 100,
		},
	} {
		for where, after := range map[string]*string{"first page": nil, "late page": a.lateCursor(c.filter, c.order)} {
			statements := a.asked(func() error {
				_, err := a.Payloads(t.Context(), c.filter, c.order, store.Page{First: new(page), After: after})
				return err
			})
			a.readsAtMost(t, "payloads, "+name+", "+where, statements, cmp.Or(c.most, 30*page))
		}
	}
	statements := a.asked(func() error {
		_, err := a.Payload(t.Context(), store.PayloadKey{SystemID: new(fmt.Sprintf("%032x", 5))})
		return err
	})
	a.readsAtMost(t, "newest payload of a host", statements, 2*payloads/1_000+10)
	const statuses = 50
	for name, c := range map[string]struct {
		filter store.StatusFilter
		most   int
	}{
		"latest":             {most: 20 * statuses},
		"latest of service":  {filter: store.StatusFilter{Service: text("puptoo")}, most: 10 * statuses},
		"large org":          {filter: store.StatusFilter{OrgID: text("large")}, most: 11_000},
		"tiny org":           {filter: store.StatusFilter{OrgID: text("tiny")}, most: 200},
		"errors of an hour":  {filter: store.StatusFilter{Service: text("patchman"), Status: text("error"), Date: since(time.Hour)}, most: 200},
		"rare word":          {filter: store.StatusFilter{Status: text("quarantined")}, most: 200},
		"message in a day":   {filter: store.StatusFilter{Service: text("patchman"), Status: text("error"), Message: &store.Text{Contains: new("VALID")}, Date: since(24 * time.Hour)}, most: 500},
		"message, common":    {filter: store.StatusFilter{Message: &store.Text{Contains: new("handed")}}, most: 16 * 3 * statuses * 2},
		"of a payload":       {filter: store.StatusFilter{RequestID: text(requestID(77).String())}, most: 100},
		"latest, long after": {filter: store.StatusFilter{Date: &store.Window{To: new(a.now.AddDate(0, 0, -20))}}, most: 20 * statuses},
	} {
		statements := a.asked(func() error {
			_, err := a.Statuses(t.Context(), c.filter, store.StatusOrder{}, store.Page{First: new(statuses)})
			return err
		})
		a.readsAtMost(t, "statuses, "+name, statements, c.most)
	}
	// The samples of a kind of which a thousand failed, of all and of one
	// organisation.
	if err := a.FoldRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter store.NumbersFilter
		most   int
	}{"of all": {most: 30}, "small org": {filter: store.NumbersFilter{OrgID: text("org13")}, most: 200}} {
		groups, err := a.FailureGroups(t.Context(), *since(30 * 24 * time.Hour), store.FailureFilter{NumbersFilter: c.filter})
		if err != nil || len(groups) != 1 || groups[0].Total < 5 {
			t.Fatalf("%d kinds of failures, %v", len(groups), err)
		}
		statements := a.asked(func() error { _, err := a.FailureSamples(t.Context(), groups); return err })
		a.readsAtMost(t, "samples of a failure, "+name, statements, c.most)
	}
	// How the tracker does, by what it keeps beside the events; how payloads
	// stand, by what is open and what the last hour has.
	for name, c := range map[string]struct {
		question func() error
		most     int
	}{
		"ingest":   {func() error { _, err := a.IngestState(t.Context(), group, topic); return err }, 100},
		"standing": {func() error { _, err := a.Standing(t.Context()); return err }, a.open + 200},
	} {
		a.readsAtMost(t, name, a.asked(c.question), c.most)
	}
}

// lateCursor is after some hundreds of a list's payloads, or of what it has.
func (a *archive) lateCursor(filter store.PayloadFilter, order store.PayloadOrder) *string {
	a.t.Helper()
	var after *string
	for range 2 {
		page, err := a.Payloads(a.t.Context(), filter, order, store.Page{First: new(500), After: after})
		if err != nil {
			a.t.Fatal(err)
		}
		if page.EndCursor == nil {
			return after
		}
		after = page.EndCursor
	}
	return after
}

func (a *archive) readsAtMost(t *testing.T, name string, statements []string, most int) {
	t.Helper()
	n := 0
	for _, sql := range statements {
		p, _ := a.explained(sql, true)
		n += p.read()
	}
	if n > most {
		t.Errorf("%s reads %d rows, want at most %d:\n%s", name, n, most, strings.Join(statements, "\n"))
	}
}

// TestALookupIsPlannedAtOnce: however many days there are, a statement that
// names some of them is planned in a millisecond.
func TestALookupIsPlannedAtOnce(t *testing.T) {
	t.Parallel()
	a := archived(t, 300)
	p, err := a.Payload(t.Context(), store.PayloadKey{RequestID: new(requestID(7))})
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	hour := time.Hour
	for name, question := range map[string]func() error{
		"payload": func() error {
			_, err := a.Payload(t.Context(), store.PayloadKey{RequestID: &p.RequestID})
			return err
		},
		"host": func() error {
			_, err := a.Payload(t.Context(), store.PayloadKey{SystemID: &p.SystemID})
			return err
		},
		"events of one": func() error {
			_, err := a.Events(t.Context(), p)
			return err
		},
		"timeline": func() error {
			_, err := a.Timelines(t.Context(), []*store.Payload{p}, store.Page{Last: new(5)})
			return err
		},
		"statuses of a payload": func() error {
			_, err := a.Statuses(t.Context(), store.StatusFilter{RequestID: &store.Text{Eq: new(p.RequestID.String())}}, store.StatusOrder{}, store.Page{})
			return err
		},
		"errors of an hour": func() error {
			filter := store.StatusFilter{Service: &store.Text{Eq: new("puptoo")}, Date: &store.Window{From: new(a.now.Add(-hour)), To: &a.now}}
			_, err := a.Statuses(t.Context(), filter, store.StatusOrder{}, store.Page{})
			return err
		},
	} {
		for _, sql := range a.asked(question) {
			best := time.Hour
			for range 20 { // the first fills caches, and the machine does other things
				_, took := a.explained(sql, false)
				best = min(best, took)
			}
			if best > time.Millisecond {
				t.Errorf("%s: planned in %v\n%s", name, best, sql)
			}
		}
	}
}
