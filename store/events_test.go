package store_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// Page by page, both ways, whole and by stage: the same as the database says.
func TestEventsAnswerAsTheDatabaseDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 31, 25, 3)
	for _, p := range w.allPayloads(store.PayloadFilter{}, store.PayloadOrder{}) {
		events, err := w.Events(t.Context(), p)
		if err != nil || events == nil {
			t.Fatalf("%s: %v, %v", p.RequestID, events, err)
		}
		last := p.Journey.Last()
		mark := store.MarkKey{Payload: p, Date: last.Date, Hash: last.Hash}
		marked, err := w.StatusesByMark(t.Context(), []store.MarkKey{mark}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := events.Marked(mark), marked[mark.ID()]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: current is %+v, want %+v", p.RequestID, got, want)
		}
		mark.Hash++
		if got := events.Marked(mark); got != nil {
			t.Errorf("%s: %+v is no event's mark", p.RequestID, got)
		}
		walkAll(t, eventKeys(w.timeline(p)), func(request store.Page) (page, error) {
			got, err := events.Timeline(request)
			want, wantErr := w.Timelines(t.Context(), []*store.Payload{p}, request)
			samePage(t, got, want[p.ID], err, wantErr)
			return statusKeys(got), err
		})
		for _, stage := range p.Journey.Stages() {
			key := store.StageKey{PayloadID: p.ID, Service: stage.Service, Source: stage.Source}
			for _, request := range []store.Page{{First: new(2)}, {Last: new(2)}} {
				got, err := events.Stage(key, request)
				want, wantErr := w.StageStatuses(t.Context(), []*store.Payload{p}, []store.StageKey{key}, request)
				samePage(t, got, want[key], err, wantErr)
			}
		}
	}
}

func samePage(t *testing.T, got, want *store.StatusPage, err, wantErr error) {
	t.Helper()
	if err != nil || wantErr != nil {
		t.Fatal(err, wantErr)
	}
	if len(got.Items) != len(want.Items) || !slices.Equal(got.Cursors, want.Cursors) || !reflect.DeepEqual(got.PageInfo, want.PageInfo) {
		t.Fatalf("%d rows %v %+v, want %d rows %v %+v", len(got.Items), got.Cursors, got.PageInfo, len(want.Items), want.Cursors, want.PageInfo)
	}
	for i := range got.Items {
		if !reflect.DeepEqual(got.Items[i], want.Items[i]) {
			t.Errorf("row %d: %+v, want %+v", i, got.Items[i], want.Items[i])
		}
	}
}

func TestEventsAreOfPayloadsThatHaveFew(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	f := newFeeder(t, s, 0)
	many := func(n, events int) {
		for i := range events {
			f.feed(event(n, "puptoo", "processing", time.Duration(i)*time.Second))
		}
	}
	many(1, 64)
	many(2, 65)
	long, limit := event(3, "puptoo", "error", 0), event(4, "puptoo", "error", 0)
	long.Message, limit.Message = strings.Repeat("é", 4097), strings.Repeat("é", 4096)
	f.feed(long, limit)
	for n, few := range map[int]bool{1: true, 2: false, 3: false, 4: true} {
		id := requestID(n)
		p, err := s.Payload(t.Context(), store.PayloadKey{RequestID: &id})
		if err != nil {
			t.Fatal(err)
		}
		events, err := s.Events(t.Context(), p)
		if err != nil || (events != nil) != few {
			t.Errorf("payload %d: %v, %v, want few: %t", n, events, err, few)
		}
	}
}
