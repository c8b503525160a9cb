package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// world is a database with random payloads whose events are known.
type world struct {
	*store.Store
	t          *testing.T
	statements *storetest.Statements
	rules      payload.Rules
	events     map[payload.RequestID][]payload.Event
}

// during is how many statements f costs, the rules apart: they are read
// again every few seconds, whoever asks.
func (w *world) during(f func()) int {
	w.statements.Reset()
	f()
	return len(slices.DeleteFunc(w.statements.SQL(), func(sql string) bool { return strings.HasSuffix(sql, "FROM rules") }))
}

var (
	worldServices = []string{"ingress", "puptoo", "inventory", "patchman"}
	worldSources  = []string{"", "", "yuptoo", "vmaas"}
	worldWords    = []string{"received", "processing", "success", "error", "failed", "uploaded", "received", "success"}
)

// newWorld stores payloads of up to 12 events within days before noon, many
// at equal dates; the clock stands an hour after noon.
func newWorld(t *testing.T, seed uint64, payloads, days int) *world {
	t.Helper()
	w := &world{t: t, events: map[payload.RequestID][]payload.Event{}}
	w.Store, w.statements = storetest.CountStatements(t, func(c *store.Config) {
		c.Now = func() time.Time { return noon.Add(time.Hour) }
	})
	rng := rand.New(rand.NewPCG(seed, 7))
	var all []payload.Event
	for n := 1; n <= payloads; n++ {
		start := time.Duration(rng.IntN(days*24*4)) * -15 * time.Minute
		for range 1 + rng.IntN(12) {
			service, source := worldServices[rng.IntN(len(worldServices))], worldSources[rng.IntN(len(worldSources))]
			e := event(n, service, worldWords[rng.IntN(len(worldWords))], start+time.Duration(rng.IntN(5))*time.Second)
			e.Source, e.OrgID, e.Account = source, fmt.Sprint("org", n%5), ""
			e.SystemID, e.InventoryID = fmt.Sprintf("%032x", 1+n%7), []string{"", "host-" + fmt.Sprint(n%3)}[rng.IntN(2)]
			e.Message = []string{"", "A 100% fit_", "tag " + fmt.Sprint(rng.IntN(4))}[rng.IntN(3)]
			all = append(all, e)
		}
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	f := newFeeder(t, w.Store, 0)
	for chunk := range slices.Chunk(all, 1000) {
		f.feed(chunk...)
	}
	for _, e := range all {
		known := w.events[e.RequestID]
		if !slices.ContainsFunc(known, func(k payload.Event) bool { return k.Hash() == e.Hash() }) {
			w.events[e.RequestID] = append(known, e)
		}
	}
	var err error
	if w.rules, err = w.Rules(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// allPayloads reads every payload (at most 500) in a given order.
func (w *world) allPayloads(f store.PayloadFilter, o store.PayloadOrder) []*store.Payload {
	w.t.Helper()
	page, err := w.Payloads(w.t.Context(), f, o, store.Page{First: new(store.MaxPageSize)})
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Items
}

func wantBadInput(t *testing.T, what string, err error) {
	t.Helper()
	if e, ok := errors.AsType[*payload.Error](err); !ok || e.Code != payload.CodeBadUserInput {
		t.Errorf("%s: error %v, want BAD_USER_INPUT", what, err)
	}
}

// page is any list's page as a walk sees it.
type page struct {
	keys    []string
	cursors []string
	info    store.PageInfo
}

// walkAll goes through a list in both directions, in pages of several sizes,
// and compares it with the whole.
func walkAll(t *testing.T, want []string, read func(store.Page) (page, error)) {
	t.Helper()
	for _, size := range []int{1, 3, 50} {
		for _, back := range []bool{false, true} {
			if size < 50 && len(want) > 60*size {
				continue // many pages teach nothing new
			}
			got := walkOne(t, read, size, back)
			if !slices.Equal(got, want) {
				t.Errorf("pages of %d, back %v: %d rows, want %d; first difference at %d",
					size, back, len(got), len(want), firstDifference(got, want))
			}
		}
	}
}

func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func walkOne(t *testing.T, read func(store.Page) (page, error), size int, back bool) []string {
	t.Helper()
	var got []string
	request := store.Page{First: &size}
	if back {
		request = store.Page{Last: &size}
	}
	for started := false; ; started = true {
		if len(got) > 2_000 {
			t.Fatal("the walk does not end")
		}
		p, err := read(request)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.keys) > size || len(p.cursors) != len(p.keys) {
			t.Fatalf("a page of %d has %d rows and %d cursors", size, len(p.keys), len(p.cursors))
		}
		more, behind := p.info.HasNextPage, p.info.HasPreviousPage
		if back {
			more, behind = behind, more
			got = append(slices.Clone(p.keys), got...)
		} else {
			got = append(got, p.keys...)
		}
		if behind != started {
			t.Fatalf("a page says %v of what lies behind it, want %v", behind, started)
		}
		if !more {
			return got
		}
		if back {
			request.Before = p.info.StartCursor
		} else {
			request.After = p.info.EndCursor
		}
	}
}

func payloadKeys(p *store.PayloadPage) page {
	result := page{cursors: p.Cursors, info: p.PageInfo}
	for _, item := range p.Items {
		result.keys = append(result.keys, item.RequestID.String())
	}
	return result
}

func statusKey(s *store.Status) string {
	return fmt.Sprint(s.RequestID, s.Date.UnixMicro(), s.Service, s.Source, s.Status, s.Hash)
}

func statusKeys(p *store.StatusPage) page {
	result := page{cursors: p.Cursors, info: p.PageInfo}
	for _, item := range p.Items {
		result.keys = append(result.keys, statusKey(item))
	}
	return result
}
