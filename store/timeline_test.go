package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestTimelinesAreInTheOrderOfTheDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 21, 40, 3)
	payloads := w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{})
	whole, err := w.Timelines(t.Context(), payloads, store.Page{First: new(100)})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range payloads {
		events := w.timeline(p)
		if got, want := statusKeys(whole[p.ID]).keys, eventKeys(events); !slices.Equal(got, want) {
			t.Fatalf("payload %s: %d events in another order than %d", p.RequestID, len(got), len(want))
		}
		checkSince(t, events, whole[p.ID].Items)
		walkAll(t, eventKeys(events), func(request store.Page) (page, error) {
			pages, err := w.Timelines(t.Context(), []*store.Payload{p}, request)
			if err != nil {
				return page{}, err
			}
			checkSince(t, events, pages[p.ID].Items)
			return statusKeys(pages[p.ID]), nil
		})
	}
}

// timeline is the payload's events sorted by the domain. The hash stands for
// the message where nothing else tells two apart.
func (w *world) timeline(p *store.Payload) []payload.Event {
	events := slices.Clone(w.events[p.RequestID])
	slices.SortFunc(events, func(a, b payload.Event) int {
		sameButMessage := a
		sameButMessage.Message = b.Message
		if payload.Compare(&sameButMessage, &b, &w.rules) == 0 {
			if a.Hash() < b.Hash() {
				return -1
			}
			return 1
		}
		return payload.Compare(&a, &b, &w.rules)
	})
	return events
}

func eventKeys(events []payload.Event) []string {
	var keys []string
	for _, e := range events {
		keys = append(keys, eventKey(e))
	}
	return keys
}

// checkSince compares SincePrevious with the timeline the statuses are of.
func checkSince(t *testing.T, timeline []payload.Event, statuses []*store.Status) {
	t.Helper()
	for _, s := range statuses {
		i := slices.Index(eventKeys(timeline), statusKey(s))
		if i < 0 {
			t.Fatalf("%+v is not in the timeline", s)
		}
		var want *time.Duration
		if i > 0 {
			want = new(timeline[i].Date.Sub(timeline[i-1].Date))
		}
		if show(s.SincePrevious) != show(want) {
			t.Errorf("event %d: %s since the previous one, want %s", i, show(s.SincePrevious), show(want))
		}
	}
}

func show(d *time.Duration) string {
	if d == nil {
		return "nothing"
	}
	return d.String()
}

func TestStageStatusesAreTheStagesPartOfTheTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 22, 30, 2)
	payloads := w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{})
	var keys []store.StageKey
	for _, p := range payloads {
		for _, stage := range p.Journey.Stages() {
			keys = append(keys, store.StageKey{PayloadID: p.ID, Service: stage.Service, Source: stage.Source})
		}
	}
	pages, err := w.StageStatuses(t.Context(), payloads, append(keys, keys[0]), store.Page{First: new(100)})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != len(keys) {
		t.Fatalf("%d stages, want %d", len(pages), len(keys))
	}
	for _, p := range payloads {
		events := w.timeline(p)
		for _, key := range keys {
			if key.PayloadID != p.ID {
				continue
			}
			part := slices.DeleteFunc(slices.Clone(events), func(e payload.Event) bool {
				return e.Service != key.Service || e.Source != key.Source
			})
			if got := statusKeys(pages[key]).keys; !slices.Equal(got, eventKeys(part)) {
				t.Fatalf("%+v: %d events, want %d", key, len(got), len(part))
			}
			checkSince(t, events, pages[key].Items)
			walkAll(t, eventKeys(part), func(request store.Page) (page, error) {
				pages, err := w.StageStatuses(t.Context(), payloads, []store.StageKey{key}, request)
				if err != nil {
					return page{}, err
				}
				checkSince(t, events, pages[key].Items)
				return statusKeys(pages[key]), nil
			})
		}
	}
}

func TestATimelinesCursorIsThatOfOnePayload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 23, 2, 1)
	payloads := w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{})
	pages, err := w.Timelines(t.Context(), payloads, store.Page{First: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	after := store.Page{After: pages[payloads[0].ID].EndCursor}
	if _, err := w.Timelines(t.Context(), payloads[:1], after); err != nil {
		t.Errorf("its own cursor: %v", err)
	}
	_, err = w.Timelines(t.Context(), payloads[1:], after)
	wantBadInput(t, "another payload's cursor", err)
	_, err = w.Timelines(t.Context(), payloads, after)
	wantBadInput(t, "one payload's cursor for two", err)
	_, err = w.Timelines(t.Context(), nil, store.Page{First: new(501)})
	wantBadInput(t, "a page too large for no payload", err)
}

func TestStatusesByMarkFindsEventsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 24, 30, 2)
	payloads := w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{})
	var marks []store.MarkKey
	for _, p := range payloads {
		last := p.Journey.Last()
		marks = append(marks, store.MarkKey{Payload: p, Date: last.Date, Hash: last.Hash},
			store.MarkKey{Payload: p, Date: last.Date, Hash: last.Hash}, store.MarkKey{Payload: p, Date: last.Date, Hash: last.Hash + 1})
	}
	found, err := w.StatusesByMark(t.Context(), marks, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(payloads) {
		t.Errorf("%d statuses, want %d", len(found), len(payloads))
	}
	for i, p := range payloads {
		events := w.timeline(p)
		newest := events[len(events)-1]
		got := found[marks[i*3].ID()]
		if got == nil || statusKey(got) != eventKey(newest) || got.Message != newest.Message || got.TakenInAt.IsZero() {
			t.Fatalf("payload %s: %+v, want %+v", p.RequestID, got, newest)
		}
		checkSince(t, events, []*store.Status{got})
	}
}

// However many payloads there are, a list and what hangs on it cost the same
// number of statements.
func TestReadsCostAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 25, 120, 1)
	cost := func(first int) string {
		var payloads, timelines, stages, marks, hosts, byID, statuses, total, find int
		ctx, size := t.Context(), store.Page{First: &first}
		var p *store.PayloadPage
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		var err error
		filter := store.PayloadFilter{Service: &store.Text{Eq: new("puptoo")}}
		payloads = w.during(func() { p, err = w.Payloads(ctx, filter, store.PayloadOrder{}, size); check(err) })
		var ids []int64
		var keys []store.StageKey
		var current []store.MarkKey
		for _, item := range p.Items {
			ids = append(ids, item.ID)
			keys = append(keys, store.StageKey{PayloadID: item.ID, Service: "puptoo"})
			current = append(current, store.MarkKey{Payload: item, Date: item.Journey.Last().Date, Hash: item.Journey.Last().Hash})
		}
		timelines = w.during(func() { _, err = w.Timelines(ctx, p.Items, store.Page{}); check(err) })
		stages = w.during(func() { _, err = w.StageStatuses(ctx, p.Items, keys, store.Page{}); check(err) })
		marks = w.during(func() { _, err = w.StatusesByMark(ctx, current, 0); check(err) })
		hosts = w.during(func() { _, err = w.Hosts(ctx, ids, store.Page{}); check(err) })
		byID = w.during(func() { _, err = w.PayloadsByID(ctx, ids, 0); check(err) })
		statuses = w.during(func() { _, err = w.Statuses(ctx, store.StatusFilter{}, store.StatusOrder{}, size); check(err) })
		total = w.during(func() { _, err = w.PayloadsTotal(ctx, filter); check(err) })
		find = w.during(func() { _, err = w.FindPayloads(ctx, "host-1", size); check(err) })
		return fmt.Sprint(payloads, timelines, stages, marks, hosts, byID, statuses, total, find)
	}
	one, many := cost(1), cost(100)
	if one != many || one != "3 1 1 1 1 1 2 3 1" {
		t.Errorf("one payload costs %s statements, 100 cost %s", one, many)
	}
}

// A page has one message however long it is, and single events are no page:
// what is too much to hold is refused, not cut.
func TestTheMessagesOfAStatementAreBounded(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	f := newFeeder(t, s, 0)
	const many = 70
	for n := range many {
		e := event(n+1, "puptoo", "error", 0)
		e.Message = strings.Repeat("x", 1<<20)
		f.feed(e)
	}
	page, err := s.Payloads(t.Context(), store.PayloadFilter{}, store.PayloadOrder{}, store.Page{First: new(many)})
	if err != nil {
		t.Fatal(err)
	}
	var marks []store.MarkKey
	for _, p := range page.Items {
		last := p.Journey.Last()
		marks = append(marks, store.MarkKey{Payload: p, Date: last.Date, Hash: last.Hash})
	}
	_, err = s.StatusesByMark(t.Context(), marks, 0)
	wantBadInput(t, "70 MiB", err)
	_, err = s.Timelines(t.Context(), page.Items, store.Page{First: new(1)})
	wantBadInput(t, "70 timelines of 1 MiB", err)
	for omit, of := range map[store.Omit]int{0: 60, store.OmitMessages: many} {
		timelines, err := s.Timelines(t.Context(), page.Items[:of], store.Page{First: new(1), Omit: omit})
		if err != nil || len(timelines) != of || (len(timelines[page.Items[of-1].ID].Items[0].Message) == 1<<20) != (omit == 0) {
			t.Errorf("omitting %d: %d of %d timelines, %v", omit, len(timelines), of, err)
		}
		found, err := s.StatusesByMark(t.Context(), marks[:of], omit)
		if err != nil || len(found) != of || (len(found[marks[0].ID()].Message) == 1<<20) != (omit == 0) {
			t.Errorf("omitting %d: %d of %d statuses, %v", omit, len(found), of, err)
		}
	}
}
