package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// collected keeps what is exported to it.
type collected struct {
	mu  sync.Mutex
	all []payload.RequestID
	err error // what it says instead
}

func (c *collected) take(_ context.Context, payloads []*store.Payload) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	for _, p := range payloads {
		c.all = append(c.all, p.RequestID)
	}
	return nil
}

// check also forgets them.
func (c *collected) check(t *testing.T, what string, numbers ...int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var want []payload.RequestID
	for _, n := range numbers {
		want = append(want, requestID(n))
	}
	slices.SortFunc(c.all, func(a, b payload.RequestID) int { return bytes.Compare(a[:], b[:]) })
	if !slices.Equal(c.all, want) {
		t.Errorf("%s: %d, %.200v; want %d, %.200v", what, len(c.all), fmt.Sprint(c.all), len(want), fmt.Sprint(want))
	}
	c.all = nil
}

func (c *collected) export(t *testing.T, s *store.Store) error {
	t.Helper()
	_, err := s.ExportJourneys(t.Context(), c.take)
	return err
}

func TestEachFinalJourneyIsExportedOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	f := newFeeder(t, s, 0)
	c := &collected{}
	step := func(after time.Duration) {
		t.Helper()
		y.setClock(s.Now().Add(after))
		if err := c.export(t, y.open()); err != nil { // as after a restart
			t.Fatal(err)
		}
	}
	f.feed(event(9, "ingress", "success", -time.Hour))
	step(time.Hour)
	c.check(t, "what was final before")
	now := func(n int, service, status string) payload.Event {
		e := event(n, service, status, 0)
		e.Date = s.Now()
		return e
	}
	f.feed(now(1, "ingress", "success"), now(2, "ingress", "error"), now(3, "ingress", "received"), event(4, "ingress", "success", -time.Hour))
	step(30 * time.Second)
	c.check(t, "before batches may have come")
	f.feed(now(1, "puptoo", "received"))
	step(80 * time.Second)
	c.check(t, "the first time", 2, 4)
	f.feed(now(1, "puptoo", "success"), now(3, "ingress", "success"), now(2, "ingress", "success"))
	step(10 * time.Second)
	c.check(t, "before they are final")
	step(90 * time.Second)
	c.check(t, "when they are", 1, 3)
	step(time.Hour)
	c.check(t, "later")
}

// What the collector did not take comes again; what it took does not.
func TestAJourneyStaysUntilTheCollectorHasIt(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	c := &collected{}
	if err := c.export(t, s); err != nil {
		t.Fatal(err)
	}
	var events []payload.Event
	var all []int
	for n := range 6150 { // more than are looked at, or exported, in one go
		events = append(events, event(n+1, "ingress", "success", time.Second))
		all = append(all, n+1)
	}
	y.setClock(noon.Add(time.Second))
	f := newFeeder(t, s, 0)
	for batch := range slices.Chunk(events, 2500) {
		f.feed(batch...)
		y.setClock(s.Now().Add(time.Second))
	}
	y.setClock(noon.Add(time.Hour))
	c.err = errors.New("away")
	if err := c.export(t, s); !errors.Is(err, c.err) {
		t.Errorf("says %v", err)
	}
	c.err = nil
	calls := 0
	n, err := s.ExportJourneys(t.Context(), func(ctx context.Context, payloads []*store.Payload) error {
		if calls++; calls == 21 {
			return errors.New("away in the middle")
		}
		return c.take(ctx, payloads)
	})
	if err == nil || n != 2000 {
		t.Errorf("%d exported, %v", n, err)
	}
	// Two at once: one does it, or one after the other.
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if err := c.export(t, s); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if err := c.export(t, s); err != nil {
		t.Error(err)
	}
	c.check(t, "all of them once", all...)
}

func TestWhatIsDeletedLeavesNoMark(t *testing.T) {
	t.Parallel()
	y := newYard(t, noon)
	s := y.open()
	c := &collected{}
	if err := c.export(t, s); err != nil {
		t.Fatal(err)
	}
	y.setClock(noon.Add(time.Minute))
	newFeeder(t, s, 0).feed(event(1, "ingress", "success", -11*oneDay), event(2, "ingress", "success", -oneDay))
	y.setClock(noon.Add(oneDay / 4))
	if err := c.export(t, s); err != nil {
		t.Fatal(err)
	}
	c.check(t, "before", 1, 2)
	y.retain(s, tenDays)
	var left string
	y.scan(`SELECT string_agg(payload_id::text, ' ') FROM journey_traces`, &left)
	p := payloadOf(t, s, 2)
	if want := fmt.Sprint(p.ID); left != want {
		t.Errorf("marks of %s are left, want %s", left, want)
	}
	traced, err := s.Traced(t.Context(), []int64{p.ID, p.ID + 1000})
	if err != nil || len(traced) != 1 || !traced[p.ID] {
		t.Errorf("%v, %v", traced, err)
	}
}
