package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// clock is a store's clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// junk is a record that is no event, of service.
func junk(reason payload.Reason, service string) func(offset int64, counts *store.LetterCounts) {
	return func(offset int64, counts *store.LetterCounts) {
		counts.Add(reason, service, offset, fmt.Appendf(nil, "%s at %d", service, offset))
	}
}

// feedJunk ingests records that are no events, and says whether they were.
func (f *feeder) feedJunk(records ...func(int64, *store.LetterCounts)) bool {
	f.t.Helper()
	part := store.Part{Topic: topic, Partition: f.partition, TopicID: [16]byte{1}, From: f.next, To: f.next + int64(len(records))}
	for i, add := range records {
		add(f.next+int64(i), &part.Letters)
	}
	result, err := f.store.Ingest(context.Background(), store.Batch{Group: group, Parts: []store.Part{part}})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(result.Lost) > 0 {
		return false
	}
	f.next = part.To
	return true
}

// letters is a listing in short: reason service count.
func letters(t *testing.T, s *store.Store, filter store.DeadLetterFilter) string {
	t.Helper()
	groups, err := s.DeadLetters(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, g := range groups {
		lines = append(lines, fmt.Sprintf("%s %s %d", g.Reason, g.Service, g.Count))
	}
	return strings.Join(lines, ", ")
}

func TestDeadLettersAreCountedWithTheirPosition(t *testing.T) {
	t.Parallel()
	now := &clock{now: noon}
	s := storetest.New(t, func(c *store.Config) { c.Now = now.read })
	owner, zombie, other := newFeeder(t, s, 0), newFeeder(t, s, 0), newFeeder(t, s, 1)
	owner.feedJunk(junk("bad_date", "puptoo"), junk("not_json", ""), junk("bad_date", "puptoo"))
	if zombie.feedJunk(junk("bad_date", "puptoo")) {
		t.Error("a zombie moved a position with dead letters alone")
	}
	now.move(90 * time.Minute)
	other.feedJunk(junk("bad_date", "puptoo"), junk("bad_date", "advisor"))
	positions, err := s.Positions(t.Context(), group, topic)
	if err != nil {
		t.Fatal(err)
	}
	if positions[0].Next != 3 || positions[1].Next != 2 {
		t.Errorf("positions %+v", positions)
	}
	groups, err := s.DeadLetters(t.Context(), store.DeadLetterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	want := store.DeadLetterGroup{
		Reason: "bad_date", Service: "puptoo", Count: 3, FirstAt: noon, LastAt: noon.Add(90 * time.Minute),
		Sample: "puptoo at 0", SampleTopic: topic, SamplePartition: 1, SampleOffset: 0,
	}
	if len(groups) != 3 || *groups[0] != want {
		t.Errorf("%d groups, the first %+v", len(groups), groups[0])
	}
	if got := letters(t, s, store.DeadLetterFilter{}); got != "bad_date puptoo 3, bad_date advisor 1, not_json  1" {
		t.Errorf("all: %s", got)
	}
}

func TestDeadLettersFiltered(t *testing.T) {
	t.Parallel()
	now := &clock{now: noon}
	s := storetest.New(t, func(c *store.Config) { c.Now = now.read })
	f := newFeeder(t, s, 0)
	f.feedJunk(junk("bad_date", "puptoo"), junk("not_json", ""))
	now.move(3 * time.Hour)
	f.feedJunk(junk("bad_date", "advisor"), junk("bad_date", "puptoo"))
	hour, before := time.Hour, noon.Add(time.Hour)
	for _, c := range []struct {
		name   string
		filter store.DeadLetterFilter
		want   string
	}{
		{"reason", store.DeadLetterFilter{Reason: &store.Text{Eq: new("BAD_DATE")}}, "bad_date puptoo 2, bad_date advisor 1"},
		{"service", store.DeadLetterFilter{Service: &store.Text{In: []string{"", "advisor"}}}, "bad_date advisor 1, not_json  1"},
		{"the last hour", store.DeadLetterFilter{TakenIn: &store.Window{Since: &hour}}, "bad_date advisor 1, bad_date puptoo 1"},
		{"before", store.DeadLetterFilter{TakenIn: &store.Window{To: &before}}, "bad_date puptoo 1, not_json  1"},
		{"since one of the same hour", store.DeadLetterFilter{TakenIn: &store.Window{From: &before}, Reason: &store.Text{Eq: new("not_json")}}, ""},
	} {
		if got := letters(t, s, c.filter); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if groups, err := s.DeadLetters(identity.WithScope(t.Context(), identity.Org("700101")), store.DeadLetterFilter{}); err != nil || len(groups) > 0 {
		t.Errorf("a tenant sees %d groups, %v", len(groups), err)
	}
	for _, wrong := range []store.DeadLetterFilter{
		{Service: &store.Text{Eq: new("a\x00")}},
		{Reason: &store.Text{Eq: new("\xff")}},
		{TakenIn: &store.Window{Since: &hour, To: &before}},
	} {
		_, err := s.DeadLetters(t.Context(), wrong)
		if e, ok := errors.AsType[*payload.Error](err); !ok || e.Code != payload.CodeBadUserInput {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

func TestDeadLettersOfManyServicesStayFew(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return noon } })
	f := newFeeder(t, s, 0)
	for batch := range 3 {
		var records []func(int64, *store.LetterCounts)
		for i := range 50 {
			records = append(records, junk("bad_date", fmt.Sprintf("made-up-%d-%d", batch, i)), junk("bad_date", "puptoo"))
		}
		f.feedJunk(records...)
	}
	groups, err := s.DeadLetters(t.Context(), store.DeadLetterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, g := range groups {
		sum += g.Count
	}
	if len(groups) != 65 || sum != 300 || groups[0].Count != 150 || groups[1].Service != "" || groups[1].Count != 87 {
		t.Errorf("%d groups of %d, the first %+v, %+v", len(groups), sum, groups[0], groups[1])
	}
}

func TestDeadLetterSamplesAreShortAndText(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	f := newFeeder(t, s, 0)
	values := map[string][]byte{
		"binary":    []byte("\xff\x00ab\x80"),
		"tombstone": nil,
		"long":      bytes.Repeat([]byte("é"), 1_000_000), // is cut within no character
		"odd":       append([]byte("x"), bytes.Repeat([]byte("é"), 1000)...),
	}
	want := map[string]string{
		"binary": "\uFFFD\uFFFDab\uFFFD", "tombstone": "",
		"long": strings.Repeat("é", 512), "odd": "x" + strings.Repeat("é", 511),
	}
	for service, value := range values {
		f.feedJunk(func(offset int64, counts *store.LetterCounts) { counts.Add("not_json", service, offset, value) })
	}
	groups, err := s.DeadLetters(t.Context(), store.DeadLetterFilter{})
	if err != nil || len(groups) != len(values) {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	for _, g := range groups {
		if g.Sample != want[g.Service] {
			t.Errorf("%s: %q", g.Service, g.Sample)
		}
	}
}

// Consumers of several partitions count the same reasons at once.
func TestDeadLettersCountedSideBySide(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	var wg sync.WaitGroup
	for partition := range int32(4) {
		f := newFeeder(t, s, partition)
		wg.Go(func() {
			for range 25 {
				f.feedJunk(junk("bad_date", "puptoo"), junk("bad_date", "advisor"), junk("not_json", ""))
			}
		})
	}
	wg.Wait()
	if got := letters(t, s, store.DeadLetterFilter{}); got != "bad_date advisor 100, bad_date puptoo 100, not_json  100" {
		t.Errorf("counted %s", got)
	}
}

func TestOldCountsOfDeadLettersAreDeleted(t *testing.T) {
	t.Parallel()
	now := &clock{now: noon}
	s := storetest.New(t, func(c *store.Config) { c.Now = now.read })
	f := newFeeder(t, s, 0)
	f.feedJunk(junk("bad_date", "puptoo"))
	now.move(89 * 24 * time.Hour)
	f.feedJunk(junk("bad_date", "advisor"))
	if got := letters(t, s, store.DeadLetterFilter{}); got != "bad_date advisor 1, bad_date puptoo 1" {
		t.Errorf("after 89 days: %s", got)
	}
	now.move(2 * 24 * time.Hour)
	f.feedJunk(junk("bad_date", "advisor"))
	if got := letters(t, s, store.DeadLetterFilter{}); got != "bad_date advisor 2" {
		t.Errorf("after 91 days: %s", got)
	}
}

func TestReplayedLettersAreRanges(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	first, second := [16]byte{1}, [16]byte{2}
	for _, offsets := range [][]int64{{0, 1, 2}, {7}, {3, 9}} {
		if err := s.MarkReplayed(t.Context(), "dlq", first, 0, offsets); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.MarkReplayed(t.Context(), "dlq", first, 4, []int64{5}); err != nil {
		t.Fatal(err)
	}
	replayed, err := s.Replayed(t.Context(), "dlq", first)
	if err != nil {
		t.Fatal(err)
	}
	for partition, want := range map[int32]string{0: "0123 7 9", 4: "5", 1: ""} {
		var got strings.Builder
		for offset := range int64(12) {
			if replayed.Holds(partition, offset) {
				fmt.Fprint(&got, offset)
			} else if s := got.String(); s != "" && !strings.HasSuffix(s, " ") {
				got.WriteString(" ")
			}
		}
		if strings.TrimSpace(got.String()) != want {
			t.Errorf("partition %d: %q, want %q", partition, got.String(), want)
		}
	}
	if again, err := s.Replayed(t.Context(), "dlq", second); err != nil || again.Holds(0, 0) {
		t.Errorf("the topic made again: %v, %v", again, err)
	}
}
