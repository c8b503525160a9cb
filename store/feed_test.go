package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// ear is a store that listens, until the test ends.
type ear struct {
	t       *testing.T
	store   *store.Store
	notices chan store.Notice
}

func listen(t *testing.T, dsn string, options ...func(*store.Config)) *ear {
	t.Helper()
	e := &ear{t: t, notices: make(chan store.Notice, 1000)}
	e.store = storetest.New(t, append(options, func(c *store.Config) { c.DSN = dsn })...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.store.Listen(ctx, func(n store.Notice) { e.notices <- n }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return e
}

// hear waits for a notice of which that holds.
func (e *ear) hear(that func(store.Notice) bool) store.Notice {
	e.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case n := <-e.notices:
			if that(n) {
				return n
			}
		case <-late:
			e.t.Fatal("no such notice")
		}
	}
}

func ofAll(n store.Notice) bool     { return n.All }
func ofChanges(n store.Notice) bool { return !n.All }

func TestNoticesNameTheirBatch(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	e := listen(t, dsn)
	e.hear(ofAll)
	other := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	f := newFeeder(t, other, 0)
	odd := event(2, "ingress", "received", -20*365*24*time.Hour)
	first := []payload.Event{event(1, "ingress", "received", 0), event(1, "ingress", "success", time.Second), odd}
	f.feed(first...)
	n := e.hear(ofChanges)
	if len(n.IDs) != 2 || n.Events != 3 {
		t.Fatalf("%+v", n)
	}
	if keys := takenIn(t, e.store, n); !slices.Equal(keys, []string{eventKey(odd), eventKey(first[0]), eventKey(first[1])}) {
		t.Errorf("taken in: %v", keys)
	}

	// A batch that repeats an event is about its payload, and has one new event.
	second := event(1, "puptoo", "received", 2*time.Second)
	f.feed(first[0], second)
	n = e.hear(ofChanges)
	if keys := takenIn(t, e.store, n); len(n.IDs) != 1 || !slices.Equal(keys, []string{eventKey(second)}) {
		t.Errorf("%+v: %v", n, keys)
	}
	f.feed(first[0])
	if n = e.hear(ofChanges); n.Events != 0 || len(takenIn(t, e.store, n)) != 0 {
		t.Errorf("%+v", n)
	}

	// Ids of more payloads than one notice holds are named in several.
	var many []payload.Event
	for i := range 450 {
		many = append(many, event(1000+i, "ingress", "received", time.Duration(i)*time.Millisecond))
	}
	f.feed(many...)
	var keys []string
	for len(keys) < len(many) {
		keys = append(keys, takenIn(t, e.store, e.hear(ofChanges))...)
	}
	for _, m := range many {
		if !slices.Contains(keys, eventKey(m)) {
			t.Errorf("%s was not announced", m.RequestID)
		}
	}
}

func takenIn(t *testing.T, s *store.Store, n store.Notice) []string {
	t.Helper()
	fresh, err := s.TakenIn(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, f := range fresh {
		if f.OrgID != "700101" || !f.TakenInAt.Equal(n.Stamp) {
			t.Errorf("%+v", f)
		}
		keys = append(keys, statusKey(f.Status))
	}
	return keys
}

// A notice must fit whatever the dates and the number of payloads.
func TestNoticesFit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var events []payload.Event
		for n := range rapid.IntRange(1, 200).Draw(t, "payloads") {
			for range rapid.IntRange(1, 3).Draw(t, "events") {
				e := event(n, "ingress", "received", time.Duration(rapid.Int64Range(-56*365*86400, 170*365*86400).Draw(t, "seconds"))*time.Second)
				e.TakenIn = noon
				events = append(events, e)
			}
		}
		text := store.EncodeNotice(events)
		if len(text) >= 8000 {
			t.Fatalf("%d bytes", len(text))
		}
		n, err := store.DecodeNotice(text)
		if err != nil || n.Events != len(events) || !n.Stamp.Equal(noon) {
			t.Fatalf("%+v, %v", n, err)
		}
		for _, e := range events {
			if !slices.Contains(n.IDs, e.RequestID) || !n.Covers(e.Date) {
				t.Fatalf("%s at %s is missing", e.RequestID, e.Date)
			}
		}
	})
}

func TestListenSaysWhatWasMissed(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	e := listen(t, dsn)
	e.hear(ofAll)
	f := newFeeder(t, storetest.New(t, func(c *store.Config) { c.DSN = dsn }), 0)
	before := event(1, "ingress", "received", time.Since(noon))
	f.feed(before)
	e.hear(ofChanges)

	admin := storetest.Conn(t, dsn)
	_, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'payload-tracker listen'`)
	if err != nil {
		t.Fatal(err)
	}
	during := event(2, "ingress", "received", time.Since(noon))
	f.feed(during)
	n := e.hear(ofAll)
	fresh, more, err := e.store.TakenInSince(t.Context(), n.Since)
	if err != nil || more {
		t.Fatal(more, err)
	}
	if !slices.ContainsFunc(fresh, func(s store.Fresh) bool { return statusKey(s.Status) == eventKey(during) }) {
		t.Errorf("%d statuses since %s, without the missed one", len(fresh), n.Since)
	}

	// And it listens again.
	f.feed(event(3, "ingress", "received", 0))
	e.hear(func(n store.Notice) bool { return slices.Contains(n.IDs, requestID(3)) })
}

// silence is a way to the database that lets bytes through until it is closed:
// then the connections stay, and nothing comes.
type silence struct {
	net.Conn
	quiet *sync.RWMutex
}

func (s silence) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.quiet.RLock() // held back, not cut
	defer s.quiet.RUnlock()
	return n, err
}

func TestListenNoticesAConnectionThatFellSilent(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	target := address.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var quiet sync.RWMutex
	var work sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	work.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			mu.Lock()
			open = append(open, client, server)
			mu.Unlock()
			work.Go(func() { pipe(server, client) })
			work.Go(func() { pipe(client, silence{server, &quiet}) })
		}
	})
	silent := false
	speak := func() {
		if silent {
			silent = false
			quiet.Unlock()
		}
	}
	t.Cleanup(func() {
		speak()
		_ = listener.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	address.Host = listener.Addr().String()
	e := listen(t, dsn, func(c *store.Config) { c.ListenDSN, c.ListenPing = address.String(), 200*time.Millisecond })
	e.hear(ofAll)

	quiet.Lock()
	silent = true
	newFeeder(t, storetest.New(t, func(c *store.Config) { c.DSN = dsn }), 0).feed(event(1, "ingress", "received", 0))
	e.hear(ofAll) // while it cannot listen, it says that anything may have changed
	speak()
	e.hear(ofAll)
}

func pipe(to, from net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err == nil {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

func TestNewRulesAreAnnounced(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	e := listen(t, dsn)
	e.hear(ofAll)
	rules := payload.DefaultRules()
	rules.Settle = time.Hour
	if err := e.store.ApplyRules(t.Context(), rules, nil); err != nil {
		t.Fatal(err)
	}
	e.hear(ofAll)
}

// Matcher must say what Statuses says.
func TestMatcherIsTheFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, 40, 3)
	fresh := w.fresh()
	now := noon.Add(time.Hour)
	word := func(values ...string) *rapid.Generator[*store.Text] {
		return rapid.Custom(func(t *rapid.T) *store.Text {
			value, values := rapid.SampledFrom(values), rapid.SliceOfN(rapid.SampledFrom(values), 0, 3)
			switch rapid.IntRange(0, 6).Draw(t, "kind") {
			case 0:
				return &store.Text{Eq: new(value.Draw(t, "eq"))}
			case 1:
				return &store.Text{In: values.Draw(t, "in")}
			case 2:
				return &store.Text{NotIn: values.Draw(t, "notIn")}
			case 3:
				in := values.Draw(t, "in")
				apart := func(value string) bool {
					return slices.ContainsFunc(in, func(word string) bool { return strings.EqualFold(word, value) })
				}
				return &store.Text{In: in, NotIn: slices.DeleteFunc(values.Draw(t, "notIn"), apart)}
			}
			return nil
		})
	}
	window := rapid.Custom(func(t *rapid.T) *store.Window {
		hours := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 80).Draw(t, name)) * time.Hour
		}
		switch rapid.IntRange(0, 3).Draw(t, "window") {
		case 0:
			return &store.Window{Since: new(hours("since"))}
		case 1:
			return &store.Window{From: new(now.Add(-hours("from")))}
		case 2:
			to := hours("to")
			return &store.Window{From: new(now.Add(-to - hours("more"))), To: new(now.Add(-to))}
		}
		return nil
	})
	ids := word(requestID(1).String(), requestID(2).String(), "00000000-0000-0000-0000-000000000003", requestID(999).String())
	matched := 0
	rapid.Check(t, func(t *rapid.T) {
		filter := store.StatusFilter{
			Service: word("ingress", "PUPTOO", "inventory", "no").Draw(t, "service"),
			Source:  word("", "yuptoo", "VMaaS").Draw(t, "source"),
			Status:  word("received", "Error", "success").Draw(t, "status"),
			Message: word("", "A 100% fit_", "tag 1").Draw(t, "message"),
			OrgID:   word("org1", "org2", "").Draw(t, "org"),
			Account: word("", "x").Draw(t, "account"), RequestID: ids.Draw(t, "ids"), Date: window.Draw(t, "date"), Now: now,
		}
		if rapid.Bool().Draw(t, "contains") {
			filter.Message = &store.Text{Contains: new(rapid.SampledFrom([]string{"", "FIT_", "0%", "tag"}).Draw(t, "part"))}
		}
		want := map[string]bool{}
		size, page := 500, store.Page{}
		page.First = &size
		for more := true; more; {
			p, err := w.Statuses(context.Background(), filter, store.StatusOrder{}, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range p.Items {
				want[statusKey(s)] = true
			}
			more, page.After = p.HasNextPage, p.EndCursor
		}
		matcher, err := filter.Matcher()
		if err != nil {
			t.Fatal(err)
		}
		for i := range fresh {
			key := statusKey(fresh[i].Status)
			if got := matcher.Matches(&fresh[i], now); got != want[key] {
				t.Fatalf("%s (%q of %s) matches: %v", key, fresh[i].Message, fresh[i].OrgID, got)
			}
		}
		matched += len(want)
	})
	if matched == 0 {
		t.Error("no filter matched anything")
	}
	if _, err := (&store.StatusFilter{RequestID: &store.Text{Eq: new("x")}}).Matcher(); err == nil {
		t.Error("a filter that lists refuse has a matcher")
	}
}

// fresh is every status of the world.
func (w *world) fresh() []store.Fresh {
	w.t.Helper()
	var all []store.Fresh
	for _, p := range w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{}) {
		for _, e := range w.events[p.RequestID] {
			all = append(all, store.Fresh{OrgID: p.OrgID, Account: p.Account, Status: &store.Status{
				PayloadID: p.ID, RequestID: e.RequestID, Service: e.Service, Source: e.Source, Status: e.Status,
				Message: e.Message, Date: e.Date, Hash: e.Hash(),
			}})
		}
	}
	return all
}

// A database that is away is said to be once, however often it is tried.
func TestListenSaysOnceThatItCannot(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := storetest.New(t, func(c *store.Config) {
		c.ListenDSN, c.Logger = "postgres://127.0.0.1:1/nowhere", slog.New(slog.NewTextHandler(&log, nil))
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	tries := 0
	if err := s.Listen(ctx, func(store.Notice) { tries++ }); err != nil { // it announces each break
		t.Fatal(err)
	}
	if said := strings.Count(log.String(), "cannot listen for changes"); said != 1 || tries < 3 || !strings.Contains(log.String(), "nobody listens there") {
		t.Errorf("said %d times in %d tries: %s", said, tries, log.String())
	}
}
