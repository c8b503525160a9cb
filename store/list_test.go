package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// whole is a stretch with every row.
var whole = store.Stretch{Limit: 1_000_000}

// unsure makes a list go the ways of one with too many rows to be counted.
var unsure = store.Total{Value: 10_000}

func collect[Row any](t *testing.T, rows iter.Seq2[*Row, error]) []*Row {
	t.Helper()
	var all []*Row
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// checkStretches compares stretches of a list, read by every way, with all of
// its rows in their order.
func checkStretches[Row any](t *testing.T, what string, want []string, key func(*Row) string, read func(store.Stretch, bool) iter.Seq2[*Row, error]) {
	t.Helper()
	for _, stretch := range []store.Stretch{{0, 10}, {0, 0}, {7, 5}, {len(want) / 2, 40}, {len(want) - 3, 10}, {len(want), 10}, {5 * len(want), 3}, whole} {
		from, to := min(max(stretch.Skip, 0), len(want)), min(max(stretch.Skip, 0)+stretch.Limit, len(want))
		stretch.Skip = max(stretch.Skip, 0)
		for _, counted := range []bool{true, false} {
			var got []string
			for _, row := range collect(t, read(stretch, counted)) {
				got = append(got, key(row))
			}
			if !slices.Equal(got, want[from:to]) {
				at := firstDifference(got, want[from:to])
				t.Fatalf("%s, %+v, counted %v: %d rows, want %d; first difference at %d", what, stretch, counted, len(got), to-from, at)
			}
		}
	}
}

func TestStatusListsAreTheEventsInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 11, 120, 40)
	hour := func(n int) *time.Time { return new(noon.Add(time.Duration(n) * time.Hour)) }
	filters := map[string]store.StatusListFilter{
		"all":      {},
		"service":  {StatusFilter: store.StatusFilter{Service: &store.Text{Eq: new("puptoo")}}},
		"source":   {StatusFilter: store.StatusFilter{Source: &store.Text{Eq: new("vmaas")}}},
		"status":   {StatusFilter: store.StatusFilter{Status: &store.Text{Eq: new("error")}}},
		"message":  {StatusFilter: store.StatusFilter{Message: &store.Text{Eq: new("tag 2")}}},
		"date":     {StatusFilter: store.StatusFilter{Date: &store.Window{From: hour(-900), To: hour(-20)}}},
		"taken in": {TakenInAt: &store.Window{From: hour(1), To: hour(2)}},
		"too late": {TakenInAt: &store.Window{From: hour(2)}},
		"unknown":  {StatusFilter: store.StatusFilter{Service: &store.Text{Eq: new("nobody")}}},
	}
	keys := map[string]func(*store.Status) string{
		"date":       func(*store.Status) string { return "" },
		"created_at": func(s *store.Status) string { return s.TakenInAt.Format(time.RFC3339Nano) },
		"service":    func(s *store.Status) string { return s.Service },
		"source":     func(s *store.Status) string { return s.Source },
		"status":     func(s *store.Status) string { return s.Status },
		"status_msg": func(s *store.Status) string { return s.Message },
		"request_id": func(s *store.Status) string { return s.RequestID.String() },
	}
	for name, filter := range filters {
		list, err := w.ListStatuses(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		all := collect(t, list.Rows(t.Context(), store.ListOrder{Column: "date"}, whole))
		if want := w.matching(filter); !list.Total.Exact || list.Total.Value != len(all) || !slices.Equal(sortedKeys(all), want) {
			t.Errorf("%s: total %+v, %d rows, want %d", name, list.Total, len(all), len(want))
		}
		for column, key := range keys {
			for _, direction := range []store.OrderDirection{store.Ascending, store.Descending} {
				slices.SortFunc(all, func(a, b *store.Status) int {
					return cmp.Or(cmp.Compare(key(a), key(b)), a.Date.Compare(b.Date), cmp.Compare(a.PayloadID, b.PayloadID), cmp.Compare(a.Hash, b.Hash))
				})
				if direction == store.Descending {
					slices.Reverse(all)
				}
				var want []string
				for _, s := range all {
					want = append(want, statusKey(s)+s.Message)
				}
				checkStretches(t, fmt.Sprint(name, " by ", column, " ", direction), want,
					func(s *store.Status) string { return statusKey(s) + s.Message },
					func(stretch store.Stretch, counted bool) iter.Seq2[*store.Status, error] {
						list := *list
						if !counted {
							list.Total = unsure
						}
						return list.Rows(t.Context(), store.ListOrder{Column: column, Direction: direction}, stretch)
					})
			}
		}
	}
}

// matching are the events a filter of the test leaves, by their keys.
func (w *world) matching(f store.StatusListFilter) []string {
	is := func(t *store.Text, value string) bool { return t == nil || *t.Eq == value }
	in := func(b *store.Window, at time.Time) bool {
		return b == nil || ((b.From == nil || !at.Before(*b.From)) && (b.To == nil || at.Before(*b.To)))
	}
	var keys []string
	for _, events := range w.events {
		for _, e := range events {
			if is(f.Service, e.Service) && is(f.Source, e.Source) && is(f.Status, e.Status) && is(f.Message, e.Message) &&
				in(f.Date, e.Date) && in(f.TakenInAt, noon.Add(time.Hour)) {
				keys = append(keys, eventKey(e))
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func sortedKeys(statuses []*store.Status) []string {
	var keys []string
	for _, s := range statuses {
		keys = append(keys, statusKey(s))
	}
	slices.Sort(keys)
	return keys
}

func TestPayloadListsAreThePayloadsInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 12, 300, 20)
	keys := map[string]func(*store.ListedPayload) string{
		"created_at":   func(*store.ListedPayload) string { return "" },
		"account":      func(p *store.ListedPayload) string { return p.Account },
		"org_id":       func(p *store.ListedPayload) string { return p.OrgID },
		"inventory_id": func(p *store.ListedPayload) string { return p.InventoryID },
		"system_id":    func(p *store.ListedPayload) string { return p.SystemID },
		"request_id":   func(p *store.ListedPayload) string { return p.RequestID.String() },
	}
	from := noon.Add(-200 * time.Hour)
	for name, filter := range map[string]store.PayloadFilter{
		"all":       {},
		"org":       {OrgID: &store.Text{Eq: new("org3")}},
		"host":      {InventoryID: &store.Text{Eq: new("host-1")}},
		"started":   {StartedAt: &store.Window{From: &from}},
		"no such":   {Account: &store.Text{Eq: new("nobody's")}},
		"two bound": {OrgID: &store.Text{Eq: new("org1")}, StartedAt: &store.Window{To: &from}},
	} {
		list, err := w.ListPayloads(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		all := collect(t, list.Rows(t.Context(), store.ListOrder{Column: "created_at"}, whole))
		var got, want []string
		for _, p := range all {
			got = append(got, fmt.Sprint(p.RequestID, p.OrgID, p.Account, p.InventoryID, p.SystemID, p.StartedAt))
		}
		for _, p := range w.allPayloads(filter, store.PayloadOrder{}) {
			want = append(want, fmt.Sprint(p.RequestID, p.OrgID, p.Account, p.InventoryID, p.SystemID, p.StartedAt))
		}
		if !slices.Equal(got, want) || list.Total != (store.Total{Value: len(want), Exact: true}) {
			t.Errorf("%s: %d rows, total %+v, want the %d of the other list", name, len(got), list.Total, len(want))
		}
		for column, key := range keys {
			for _, direction := range []store.OrderDirection{store.Ascending, store.Descending} {
				slices.SortFunc(all, func(a, b *store.ListedPayload) int {
					return cmp.Or(cmp.Compare(key(a), key(b)), a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
				})
				if direction == store.Descending {
					slices.Reverse(all)
				}
				var want []string
				for _, p := range all {
					want = append(want, p.RequestID.String())
				}
				checkStretches(t, fmt.Sprint(name, " by ", column, " ", direction), want,
					func(p *store.ListedPayload) string { return p.RequestID.String() },
					func(stretch store.Stretch, counted bool) iter.Seq2[*store.ListedPayload, error] {
						list := *list
						if !counted {
							list.Total = unsure
						}
						return list.Rows(t.Context(), store.ListOrder{Column: column, Direction: direction}, stretch)
					})
			}
		}
	}
}

func TestListsRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0))
	statuses, err := s.ListStatuses(t.Context(), store.StatusListFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range statuses.Rows(t.Context(), store.ListOrder{Column: "hash"}, whole) {
		wantBadInput(t, "statuses", err)
	}
	payloads, err := s.ListPayloads(t.Context(), store.PayloadFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range payloads.Rows(t.Context(), store.ListOrder{Column: "journey"}, whole) {
		wantBadInput(t, "payloads", err)
	}
	_, err = s.ListStatuses(t.Context(), store.StatusListFilter{TakenInAt: &store.Window{Since: new(-time.Hour)}})
	wantBadInput(t, "a window", err)
	_, err = s.ListPayloads(t.Context(), store.PayloadFilter{OrgID: &store.Text{Eq: new("\x00")}})
	wantBadInput(t, "an org", err)
}

func TestListEndsItsStatementWithTheLoop(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	var events []payload.Event
	for n := range 5_000 {
		e := event(n, "puptoo", "received", time.Duration(n)*time.Second)
		e.Message = strings.Repeat("x", 4_000)
		events = append(events, e)
	}
	newFeeder(t, s, 0).feed(events...)
	list, err := s.ListStatuses(t.Context(), store.StatusListFilter{})
	if err != nil {
		t.Fatal(err)
	}
	// Its one connection serves the next question at once: 20 MB that nobody wants are not read.
	for _, err := range list.Rows(t.Context(), store.ListOrder{Column: "date"}, whole) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A caller that goes away ends it too.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range list.Rows(ctx, store.ListOrder{Column: "date"}, whole) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled read ended with %v", last)
	}
	conn := storetest.Conn(t, dsn)
	var active int
	for range 100 {
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`).Scan(&active); err != nil {
			t.Fatal(err)
		}
		if active == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d statements still run", active)
}
