package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func (f *feeder) state() *store.IngestState {
	f.t.Helper()
	state, err := f.store.IngestState(f.t.Context(), group, topic)
	if err != nil {
		f.t.Fatal(err)
	}
	return state
}

func TestIngestStateTellsWhatWasHeard(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s := storetest.New(t, func(c *store.Config) { c.DSN, c.Now = dsn, func() time.Time { return noon.Add(time.Hour) } })
	f, other := newFeeder(t, s, 0), newFeeder(t, s, 1)
	if state := f.state(); len(state.Partitions) != 2 || state.OldestEvent != nil || len(state.LastEvents) > 0 {
		t.Errorf("of nothing: %+v", state)
	}
	ahead := event(3, "puptoo", "dancing", 0)
	ahead.Date = noon.Add(1000 * time.Hour)
	first, repeated := event(1, "ingress", "received", 0), event(1, "puptoo", "dancing", 2*time.Second)
	f.feed(first, event(1, "ingress", "processing", time.Second), repeated)
	f.feed(repeated) // counts once
	other.feed(event(2, "puptoo", "dancing", 5*time.Second), event(2, "puptoo", "success", 7*time.Second), ahead)
	state := f.state()
	want := []store.PartitionState{{Partition: 0, Position: 4}, {Partition: 1, Position: 3}}
	if !slices.Equal(state.Partitions, want) {
		t.Errorf("partitions: %+v, want %+v", state.Partitions, want)
	}
	if unknown := []store.UnknownStatus{{Status: "dancing", Service: "puptoo", Count: 3}}; !slices.Equal(state.UnknownStatuses, unknown) {
		t.Errorf("unknown: %+v, want %+v", state.UnknownStatuses, unknown)
	}
	last := []store.LastEvent{{Service: "ingress", Date: noon.Add(time.Second)}, {Service: "puptoo", Date: noon.Add(time.Hour)}}
	if !slices.Equal(state.LastEvents, last) {
		t.Errorf("last: %+v, want %+v", state.LastEvents, last)
	}
	if state.OldestEvent == nil || !state.OldestEvent.Equal(first.Date) {
		t.Errorf("oldest: %v, want %v", state.OldestEvent, first.Date)
	}
	rules := payload.DefaultRules()
	rules.Success = append(rules.Success, "dancing")
	if err := s.ApplyRules(t.Context(), rules, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	if fresh := storetest.New(t, func(c *store.Config) { c.DSN = dsn }); len((&feeder{t: t, store: fresh}).state().UnknownStatuses) > 0 {
		t.Error("a word is unknown that the rules declare")
	}
}

func TestIngestStateTellsHowFastItGoes(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	f := newFeeder(t, storetest.New(t, func(c *store.Config) { c.DSN = dsn }), 0)
	n := 0
	feed := func(events int) {
		var list []payload.Event
		for range events {
			n++
			list = append(list, event(n, "ingress", "received", 0))
		}
		f.feed(list...)
	}
	// older shifts all that is known of positions into the past.
	older := func(by time.Duration) {
		_, err := storetest.Conn(t, dsn).Exec(t.Context(), `UPDATE positions SET updated_at = updated_at - $1::interval,
			sampled_at = sampled_at - $1::interval, before_at = before_at - $1::interval`, by)
		if err != nil {
			t.Fatal(err)
		}
	}
	within := func(what string, low, high float64) {
		t.Helper()
		if rate := f.state().EventsPerSecond; rate < low || rate > high {
			t.Errorf("%s: %v events/s, want %v to %v", what, rate, low, high)
		}
	}
	within("at the beginning", 0, 0)
	older(40 * time.Second)
	feed(400)
	older(40 * time.Second) // 400 events since 80 s, all of them since the sample that was made then
	within("after one batch", 8, 12)
	feed(200)
	within("after two", 12, 16)
	older(50 * time.Second)
	within("a while later", 3, 5)
	older(20 * time.Second)
	within("silence", 0, 0)
}

func TestIngestStateIsOfThePlatform(t *testing.T) {
	t.Parallel()
	n, _ := tenants(t)
	if _, err := n.IngestState(identity.WithScope(t.Context(), identity.Everything()), group, topic); err != nil {
		t.Error(err)
	}
	for what, ctx := range map[string]context.Context{
		string(payload.CodeForbidden):       identity.WithScope(t.Context(), identity.Org("mine")),
		string(payload.CodeUnauthenticated): t.Context(),
	} {
		_, err := n.IngestState(ctx, group, topic)
		if refused, ok := errors.AsType[*payload.Error](err); !ok || string(refused.Code) != what {
			t.Errorf("%v, want %s", err, what)
		}
	}
}

// However much is stored, the same few rows are read.
func TestIngestStateCostsTheSameWhateverIsStored(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	f := newFeeder(t, storetest.New(t, func(c *store.Config) { c.DSN = dsn }), 0)
	heard := func() (rows int) {
		if err := storetest.Conn(t, dsn).QueryRow(t.Context(), `SELECT count(*) FROM heard`).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	var counts []int
	for round := range 2 {
		for batch := range 5 {
			var events []payload.Event
			for i := range 100 {
				events = append(events, event(1000*round+100*batch+i+1, fmt.Sprintf("service-%d", i%7), "received", 0))
			}
			f.feed(events...)
		}
		counts = append(counts, heard())
	}
	if counts[0] != 7 || counts[1] != 7 {
		t.Errorf("%v rows tell what was heard, want 7", counts)
	}
}
