package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestStatusesPagesGiveEachOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 11, 60, 100) // far enough back for every window
	for name, filter := range map[string]store.StatusFilter{
		"all":      {},
		"words":    {Service: &store.Text{In: []string{"PUPTOO", "ingress"}}, Status: &store.Text{NotIn: []string{"success"}}},
		"message":  {Message: &store.Text{Contains: new("100% FIT_")}},
		"nothing":  {Message: &store.Text{Eq: new("")}},
		"org":      {OrgID: &store.Text{Eq: new("org3")}},
		"requests": {RequestID: &store.Text{In: []string{requestID(3).String(), requestID(4).String(), requestID(999).String()}}, Source: &store.Text{Eq: new("")}},
		"not one":  {RequestID: &store.Text{NotIn: []string{requestID(3).String()}}, Status: &store.Text{Eq: new("error")}},
		"dates":    {Date: &store.Window{From: new(noon.AddDate(0, 0, -60)), To: new(noon.AddDate(0, 0, -3))}},
	} {
		for _, direction := range []store.OrderDirection{store.Ascending, store.Descending} {
			want := w.statusesThat(filter, direction)
			if len(want) == 0 {
				t.Fatalf("%s matches nothing", name)
			}
			t.Run(fmt.Sprint(name, direction), func(t *testing.T) {
				walkAll(t, want, func(request store.Page) (page, error) {
					p, err := w.Statuses(t.Context(), filter, store.StatusOrder{Direction: direction}, request)
					if err != nil {
						return page{}, err
					}
					return statusKeys(p), nil
				})
			})
			total, err := w.StatusesTotal(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			if want := (store.Total{Value: len(want), Exact: true}); total != want {
				t.Errorf("%s: total %+v, want %+v", name, total, want)
			}
		}
	}
}

// statusesThat is what Statuses means, said in Go.
func (w *world) statusesThat(f store.StatusFilter, direction store.OrderDirection) []string {
	type row struct {
		date time.Time
		id   int64
		e    payload.Event
	}
	var rows []row
	for _, p := range w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{}) {
		if !matchText(f.OrgID, p.OrgID) || !matchText(f.RequestID, p.RequestID.String()) {
			continue
		}
		for _, e := range w.events[p.RequestID] {
			low := func(t *store.Text) *store.Text {
				if t == nil || t.In == nil {
					return t
				}
				l := *t
				l.In = slices.Clone(l.In)
				for i := range l.In {
					l.In[i] = strings.ToLower(l.In[i])
				}
				return &l
			}
			ok := matchText(low(f.Service), e.Service) && matchText(f.Source, e.Source) && matchText(f.Status, e.Status) && matchText(f.Message, e.Message)
			if f.Date != nil {
				ok = ok && !e.Date.Before(*f.Date.From) && e.Date.Before(*f.Date.To)
			}
			if ok {
				rows = append(rows, row{e.Date, p.ID, e})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		c := cmp.Or(a.date.Compare(b.date), cmp.Compare(a.id, b.id), cmp.Compare(a.e.Hash(), b.e.Hash()))
		if direction == store.Descending {
			return -c
		}
		return c
	})
	var keys []string
	for _, r := range rows {
		keys = append(keys, eventKey(r.e))
	}
	return keys
}

func eventKey(e payload.Event) string {
	return statusKey(&store.Status{RequestID: e.RequestID, Date: e.Date, Service: e.Service, Source: e.Source, Status: e.Status, Hash: e.Hash()})
}

func TestStatusesAheadOfTheirTimeComeFirst(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	newFeeder(t, s, 0).feed(
		event(1, "ingress", "received", 0),
		event(1, "puptoo", "received", 100*365*24*time.Hour),
	)
	p, err := s.Statuses(t.Context(), store.StatusFilter{}, store.StatusOrder{}, store.Page{First: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Items) != 1 || p.Items[0].Service != "puptoo" || !p.HasNextPage {
		t.Errorf("newest: %+v, next %v", p.Items, p.HasNextPage)
	}
}

func TestStatusesRefusesWhatContradictsItself(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for name, c := range map[string]struct {
		filter store.StatusFilter
		order  store.StatusOrder
		page   store.Page
	}{
		"order":      {order: store.StatusOrder{Field: "LUCK"}},
		"direction":  {order: store.StatusOrder{Direction: "UP"}},
		"page":       {page: store.Page{First: new(1000)}},
		"cursor":     {page: store.Page{After: new("AQ")}},
		"request id": {filter: store.StatusFilter{RequestID: &store.Text{Eq: new("x")}}},
		"window":     {filter: store.StatusFilter{Date: &store.Window{Since: new(time.Hour), To: &noon}}},
		"eq and in":  {filter: store.StatusFilter{Message: &store.Text{Eq: new("a"), In: []string{"b"}}}},
		"NUL":        {filter: store.StatusFilter{Message: &store.Text{Contains: new("\x00")}}},
	} {
		_, err := s.Statuses(t.Context(), c.filter, c.order, c.page)
		wantBadInput(t, name, err)
	}
}

// A page ends after the message that brings it past 8 MiB, in every list.
func TestPagesEndEarlyWhenMessagesAreLarge(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	f := newFeeder(t, s, 0)
	const size, many = 1_000_000, 20
	for i := range many {
		e := event(1, "puptoo", "error", time.Duration(i)*time.Second)
		e.Message = strings.Repeat(fmt.Sprintf("%08d", i), size/8)
		f.feed(e)
	}
	p := payloadOf(t, s, 1)
	for name, read := range map[string]func(store.Page) (*store.StatusPage, error){
		"statuses": func(request store.Page) (*store.StatusPage, error) {
			return s.Statuses(t.Context(), store.StatusFilter{}, store.StatusOrder{Direction: store.Ascending}, request)
		},
		"timeline": func(request store.Page) (*store.StatusPage, error) {
			pages, err := s.Timelines(t.Context(), []*store.Payload{p}, request)
			return pages[p.ID], err
		},
	} {
		for _, back := range []bool{false, true} {
			request := store.Page{First: new(500)}
			if back {
				request = store.Page{Last: new(500)}
			}
			var seen int
			for calls := 1; ; calls++ {
				got, err := read(request)
				if err != nil {
					t.Fatal(err)
				}
				seen += len(got.Items)
				for _, item := range got.Items {
					if len(item.Message) != size {
						t.Fatalf("%s: a message of %d bytes, want %d", name, len(item.Message), size)
					}
				}
				if len(got.Items) > 9 {
					t.Fatalf("%s: a page of %d rows of %d bytes", name, len(got.Items), size)
				}
				if back {
					request.Before = got.StartCursor
				} else {
					request.After = got.EndCursor
				}
				if calls == 3 {
					if got.HasNextPage && !back || got.HasPreviousPage && back || seen != many {
						t.Errorf("%s: %d rows after three pages, want all %d", name, seen, many)
					}
					break
				}
			}
		}
	}
}
