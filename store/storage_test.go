package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestStorageTellsWhatIsHeld(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return noon } })
	empty, err := s.Storage(t.Context())
	if err != nil || empty.OldestEvent != nil || empty.NewestEvent != nil || empty.Deltas != 0 {
		t.Fatalf("of nothing: %+v, %v", empty, err)
	}
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0), event(1, "puptoo", "success", time.Minute))
	if err := s.MakeDays(t.Context(), []time.Time{day(noon).AddDate(0, 0, 1), day(noon).AddDate(0, 0, 2), day(noon).AddDate(0, 0, 4)}); err != nil {
		t.Fatal(err)
	}
	held, err := s.Storage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if held.OldestEvent == nil || !held.OldestEvent.Equal(noon) || held.NewestEvent == nil || held.NewestEvent.Before(noon) || held.TakenInAt == nil {
		t.Errorf("oldest %v, newest %v, taken in at %v", held.OldestEvent, held.NewestEvent, held.TakenInAt)
	}
	if held.Deltas != 1 || held.DaysAhead != 2 || held.Partitions != empty.Partitions+4 {
		t.Errorf("%d deltas, %d days ahead, %d partitions", held.Deltas, held.DaysAhead, held.Partitions)
	}
	sum := int64(0)
	for _, bytes := range held.Tables {
		sum += bytes
	}
	if held.Tables["payload_statuses"] <= empty.Tables["payload_statuses"] || held.Tables["payloads"] == 0 || sum >= held.Bytes || len(held.Tables) != 8 {
		t.Errorf("%d bytes in all, of these %v", held.Bytes, held.Tables)
	}
	if err := s.FoldRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	if held, err := s.Storage(t.Context()); err != nil || held.Deltas != 0 {
		t.Errorf("folded: %+v, %v", held, err)
	}
	_, err = s.Storage(identity.WithScope(t.Context(), identity.Org("mine")))
	if refused, ok := errors.AsType[*payload.Error](err); !ok || refused.Code != payload.CodeForbidden {
		t.Errorf("asked by a customer: %v", err)
	}
}

func day(at time.Time) time.Time { return at.Truncate(24 * time.Hour) }
