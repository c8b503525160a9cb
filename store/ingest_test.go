package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

const group, topic = "payload_tracker", "platform.payload-status"

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// requestID of a number: 1 is …0001.
func requestID(n int) payload.RequestID {
	id, err := payload.ParseRequestID(fmt.Sprintf("%032x", n))
	if err != nil {
		panic(err)
	}
	return id
}

func event(n int, service, status string, after time.Duration) payload.Event {
	return payload.Event{
		RequestID: requestID(n), Service: service, Status: status, Date: noon.Add(after),
		OrgID: "700101", Message: service + " says " + status,
	}
}

// feeder ingests events as the records of one partition.
type feeder struct {
	t         testing.TB
	store     *store.Store
	partition int32
	next      int64
}

func newFeeder(t testing.TB, s *store.Store, partition int32) *feeder {
	t.Helper()
	next, err := s.InitPosition(t.Context(), group, topic, [16]byte{1}, partition, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &feeder{t: t, store: s, partition: partition, next: next}
}

func (f *feeder) feed(events ...payload.Event) store.Result {
	f.t.Helper()
	events = slices.Clone(events) // the batch's own: other feeders may have the same ones
	to := f.next + int64(len(events))
	result, err := f.store.Ingest(context.Background(), store.Batch{Group: group, Parts: []store.Part{{
		Topic: topic, Partition: f.partition, TopicID: [16]byte{1}, From: f.next, To: to, Events: events,
	}}})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(result.Lost) == 0 {
		f.next = to
	}
	return result
}

// Two batches of one process may have the same number for a new payload, and
// the later one meet it before the request id.
func TestANumberThatIsTakenIsNotInsistedOn(t *testing.T) {
	t.Parallel()
	for _, contended := range []bool{false, true} {
		t.Run(fmt.Sprintf("contended %t", contended), func(t *testing.T) {
			t.Parallel()
			dsn := storetest.DSN(t)
			s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
			f := newFeeder(t, s, 0)
			f.feed(event(1, "ingress", "received", 0))
			if contended {
				s.MeetInAPayload()
			}
			other, err := storetest.Conn(t, dsn).Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Exec(t.Context(), `INSERT INTO payloads (id, request_id, created_at) SELECT last_value + 1, $1, now() FROM payloads_id_seq`, [16]byte(requestID(9))); err != nil {
				t.Fatal(err)
			}
			stored := make(chan store.Result, 1)
			go func() {
				defer close(stored) // also when it could not be
				stored <- f.feed(event(2, "ingress", "received", 0), event(3, "ingress", "received", 0))
			}()
			awaitActivity(t, dsn, "wait_event_type = 'Lock'", 1)
			if err := other.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if result := <-stored; result.Stored != 2 {
				t.Errorf("%+v", result)
			}
			for _, n := range []int{2, 3} {
				if payloadOf(t, s, n) == nil {
					t.Errorf("payload %d is not stored", n)
				}
			}
		})
	}
}

func payloadOf(t testing.TB, s *store.Store, n int) *store.Payload {
	t.Helper()
	id := requestID(n)
	p, err := s.Payload(t.Context(), store.PayloadKey{RequestID: &id})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestIngestStoresAndJudges(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	result := newFeeder(t, s, 0).feed(
		event(1, "ingress", "received", 0),
		event(1, "ingress", "success", time.Second),
		event(1, "puptoo", "error", 2*time.Second),
	)
	if result.Stored != 3 || result.Repeated != 0 {
		t.Fatalf("stored %d, repeated %d; want 3, 0", result.Stored, result.Repeated)
	}
	p := payloadOf(t, s, 1)
	if p == nil || p.OrgID != "700101" || !p.StartedAt.Equal(noon) || !p.UpdatedAt.Equal(noon.Add(2*time.Second)) {
		t.Fatalf("payload %+v", p)
	}
	rules, err := s.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Journey.Verdict(&rules, s.Now()).Sentence, "failed in puptoo after 1 service: puptoo says error"; got != want {
		t.Errorf("sentence %q, want %q", got, want)
	}
}

func TestIngestStoresARepeatOnceAndKeepsItsIDs(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	first, again := newFeeder(t, s, 0), newFeeder(t, s, 1)
	first.feed(event(1, "patchman", "success", 0))
	repeat := event(1, "patchman", "success", 0)
	repeat.InventoryID = "1C38EF4E-be66-5d5c-8e2c-0f68744c15fd"
	result := again.feed(repeat, repeat, event(1, "patchman", "received", -time.Second))
	if result.Stored != 1 || result.Repeated != 2 {
		t.Errorf("stored %d, repeated %d; want 1, 2", result.Stored, result.Repeated)
	}
	found, err := s.Payload(t.Context(), store.PayloadKey{InventoryID: new("1c38ef4ebe665d5c8e2c0f68744c15fd")})
	if err != nil {
		t.Fatal(err)
	}
	if found == nil || found.InventoryID != repeat.InventoryID {
		t.Errorf("by its host: %+v", found)
	}
}

func TestIngestLeavesAPartToItsOwner(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	owner := newFeeder(t, s, 0)
	zombie := newFeeder(t, s, 0)
	owner.feed(event(1, "ingress", "received", 0))
	result := zombie.feed(event(2, "ingress", "received", 0))
	want := store.Lost{Topic: topic, Partition: 0, Position: 1}
	if len(result.Lost) != 1 || result.Lost[0] != want || result.Stored != 0 {
		t.Errorf("result %+v, want lost %+v", result, want)
	}
	if p := payloadOf(t, s, 2); p != nil {
		t.Errorf("the zombie's event was stored: %+v", p)
	}
}

func TestIngestTakesAnyDate(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	var events []payload.Event
	for _, year := range []int{1970, 1999, 2023, 2025, 2026, 2027, 2028, 2199} {
		for _, d := range []string{"-01-01T00:00:00Z", "-12-31T23:59:59.999999Z"} {
			e := event(1, "archive", "processing", 0)
			e.Date, _ = time.Parse(time.RFC3339, fmt.Sprint(year)+d)
			events = append(events, e)
		}
	}
	// Several consumers meet the same new days at once.
	var wg sync.WaitGroup
	for partition := range int32(3) {
		f := newFeeder(t, s, partition)
		wg.Go(func() { f.feed(events...) })
	}
	wg.Wait()
	p := payloadOf(t, s, 1)
	if p == nil || p.StartedAt.Year() != 1970 || p.UpdatedAt.Year() != 2199 {
		t.Fatalf("payload %+v", p)
	}
	pages, err := s.Timelines(t.Context(), []*store.Payload{p}, store.Page{First: new(100)})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(pages[p.ID].Items); got != len(events) {
		t.Errorf("%d statuses, want %d", got, len(events))
	}
}

// The same events in another order, in other batches, on other partitions and
// with repeats leave the same journeys.
func TestIngestInAnyOrderLeavesTheSame(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	var events []payload.Event
	for n := range 40 {
		for i, word := range []string{"received", "processing", "error", "success", "received", "success"} {
			e := event(n+1, []string{"ingress", "puptoo", "inventory"}[i/2], word, time.Duration(rng.IntN(5000))*time.Millisecond)
			e.SystemID = fmt.Sprintf("%032x", rng.IntN(3))
			events = append(events, e)
		}
	}
	stamp := noon.Add(time.Hour)
	clock := func(c *store.Config) { c.Now = func() time.Time { return stamp } }
	straight, shuffled := storetest.New(t, clock), storetest.New(t, clock)
	newFeeder(t, straight, 0).feed(events...)
	mixed := append(append([]payload.Event(nil), events...), events[:60]...)
	rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	var wg sync.WaitGroup
	for partition := range 3 {
		f := newFeeder(t, shuffled, int32(partition))
		wg.Go(func() {
			for i := partition * 100; i < partition*100+100; i += 20 {
				f.feed(mixed[i : i+20]...)
			}
		})
	}
	wg.Wait()
	for n := range 40 {
		a, b := payloadOf(t, straight, n+1), payloadOf(t, shuffled, n+1)
		wantBytes, err := a.Journey.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		gotBytes, err := b.Journey.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(gotBytes) != string(wantBytes) {
			t.Errorf("payload %d: journeys differ", n+1)
		}
	}
}

func TestApplyRulesJudgesAgain(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	newFeeder(t, s, 0).feed(event(1, "ingress", "received", 0), event(1, "ingress", "done", time.Second))
	rules := payload.DefaultRules()
	rules.Success = append(rules.Success, "done")
	if err := s.ApplyRules(t.Context(), rules, nil); err != nil {
		t.Fatal(err)
	}
	page, err := s.Payloads(t.Context(), store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: new(payload.StateSucceeded)}}, store.PayloadOrder{}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 1 {
		t.Fatalf("%d payloads have succeeded, want 1", len(page.Items))
	}
	applied, err := s.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if applied.Version != 2 {
		t.Errorf("version %d, want 2", applied.Version)
	}
	if v := page.Items[0].Journey.Verdict(&applied, s.Now()); v.State != payload.StateSucceeded {
		t.Errorf("verdict %+v", v)
	}
}

// Two processes meet the same new payloads at once: who finds a row made
// begins anew, and nothing is lost or kept twice.
func TestProcessesMeetInNewPayloads(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	on := func(c *store.Config) { c.DSN = dsn }
	stores := []*store.Store{storetest.New(t, on), storetest.New(t, on)}
	var feeders []*feeder
	for i, s := range stores {
		feeders = append(feeders, newFeeder(t, s, int32(i)))
	}
	const payloads = 200
	met := false
	rounds := 0
	for ; rounds < 40 && !met; rounds++ {
		var wg sync.WaitGroup
		for i, f := range feeders {
			var events []payload.Event
			for n := range payloads {
				events = append(events, event(rounds*payloads+n+1, []string{"ingress", "puptoo"}[i], "success", time.Duration(i)*time.Second))
			}
			wg.Go(func() { f.feed(events...) })
		}
		wg.Wait()
		met = stores[0].Contended() || stores[1].Contended()
	}
	if !met {
		t.Errorf("no two batches met in %d rounds", rounds)
	}
	for n := range rounds * payloads {
		p := payloadOf(t, stores[0], n+1)
		if p == nil || len(p.Journey.Stages()) != 2 {
			t.Fatalf("payload %d: %+v", n+1, p)
		}
		events, err := stores[0].Events(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if page, err := events.Timeline(store.Page{}); err != nil || len(page.Items) != 2 {
			t.Fatalf("payload %d: %d events, %v", n+1, len(page.Items), err)
		}
	}
}

// A batch that holds its connection never waits for another: with as many
// batches as connections none would go on.
func TestIngestNeedsOneConnection(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	other := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	newFeeder(t, other, 0).feed(event(1, "ingress", "received", 0), event(1, "elsewhere", "success", time.Second))
	s := storetest.New(t, func(c *store.Config) { c.DSN, c.MaxConns = dsn, 1 })
	f := newFeeder(t, s, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.feed(event(1, "puptoo", "received", 2*time.Second), event(2, "puptoo", "error", 0))
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("the batch waits for a second connection")
	}
	if p := payloadOf(t, s, 1); len(p.Journey.Stages()) != 3 {
		t.Errorf("%d stages", len(p.Journey.Stages()))
	}
}
