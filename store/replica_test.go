package store_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

// pair is a database, a hot standby that follows it, and a store on both.
type pair struct {
	t                *testing.T
	primary, standby *pgserver.Server
	store            *store.Store
	registry         *prometheus.Registry
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, registry: prometheus.NewRegistry()}
	var err error
	if p.primary, err = pgserver.Start(t.Context(), pgserver.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.primary.Stop() })
	if err := p.primary.CreateDatabase(t.Context(), "tracker"); err != nil {
		t.Fatal(err)
	}
	if p.standby, err = p.primary.Standby(t.Context()); err != nil {
		if errors.Is(err, pgserver.ErrNoBaseBackup) {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.standby.Stop() })
	p.store, err = store.Open(t.Context(), store.Config{
		DSN: p.primary.DSN("tracker"), ReadDSN: p.standby.DSN("tracker"), ReadMaxLag: 3 * time.Second, Registerer: p.registry,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.store.Close)
	if err := p.store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.store.WatchReplica(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

// waitUp waits until the replica is read from, or not.
func (p *pair) waitUp(up float64) {
	p.t.Helper()
	var is float64
	for range 300 {
		families, err := p.registry.Gather()
		if err != nil {
			p.t.Fatal(err)
		}
		for _, family := range families {
			if family.GetName() == "payload_tracker_replica_up" {
				is = family.GetMetric()[0].GetGauge().GetValue()
			}
		}
		if is == up {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("up is %v, want %v", is, up)
}

// listed is how many payloads a list has.
func (p *pair) listed(ctx context.Context) int {
	p.t.Helper()
	page, err := p.store.Payloads(ctx, store.PayloadFilter{}, store.PayloadOrder{}, store.Page{})
	if err != nil {
		p.t.Fatal(err)
	}
	return len(page.Items)
}

func (p *pair) exec(server *pgserver.Server, sql string) {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), server.DSN("tracker"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(p.t.Context())
	if _, err := conn.Exec(p.t.Context(), sql); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) waitListed(want int) {
	p.t.Helper()
	for range 200 {
		if p.listed(p.t.Context()) == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("%d payloads are listed, want %d", p.listed(p.t.Context()), want)
}

// Lists come from the standby while it is near, and from the database when it
// falls behind or goes away; one payload is never older than it was.
func TestListsComeFromTheReplicaWhileItIsNear(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	f := newFeeder(t, p.store, 0)
	f.feed(event(1, "ingress", "received", 0))
	p.waitUp(1)
	p.waitListed(1)

	p.exec(p.standby, "SELECT pg_wal_replay_pause()")
	f.feed(event(2, "ingress", "received", 0), event(1, "puptoo", "received", time.Second))
	if got := p.listed(t.Context()); got != 1 {
		t.Errorf("%d payloads are listed: not by the standby, which has 1", got)
	}
	if got := p.listed(store.Newest(t.Context())); got != 2 {
		t.Errorf("%d payloads are listed, want the newest 2", got)
	}
	id := requestID(1)
	one := payloadOf(t, p.store, 1)
	events, err := p.store.Events(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	page, err := events.Timeline(store.Page{})
	_, tracked, trackErr := p.store.Track(t.Context(), id)
	live, liveErr := p.store.PayloadsByRequestID(t.Context(), []payload.RequestID{id})
	missed, _, missedErr := p.store.TakenInSince(t.Context(), noon.Add(-time.Hour))
	if err := errors.Join(err, trackErr, liveErr, missedErr); err != nil {
		t.Fatal(err)
	}
	if len(missed) != 3 {
		t.Errorf("%d statuses were missed, want all 3: who follows them is not told of the others again", len(missed))
	}
	if len(page.Items) != 2 || len(tracked) != 2 || len(live[id].Journey.Stages()) != 2 {
		t.Errorf("one payload has %d, %d statuses, %d stages: not the newest", len(page.Items), len(tracked), len(live[id].Journey.Stages()))
	}

	p.waitUp(0) // three seconds behind
	if got := p.listed(t.Context()); got != 2 {
		t.Errorf("%d payloads are listed, want the database's 2", got)
	}
	p.exec(p.standby, "SELECT pg_wal_replay_resume()")
	p.waitUp(1)

	// A list that is being streamed when the standby goes breaks off; the next
	// comes from the database, before anyone has noticed.
	if err := p.standby.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := p.listed(t.Context()); got != 2 {
		t.Errorf("%d payloads are listed, want the database's 2", got)
	}
	list, err := p.store.ListPayloads(t.Context(), store.PayloadFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if rows := collect(t, list.Rows(t.Context(), store.ListOrder{Column: "created_at"}, store.Stretch{Limit: 10})); len(rows) != 2 {
		t.Errorf("%d rows of a list, want 2", len(rows))
	}
	p.waitUp(0)
}

// A standby that was promoted is another database from then on.
func TestAPromotedReplicaIsLeft(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	newFeeder(t, p.store, 0).feed(event(1, "ingress", "received", 0))
	p.waitUp(1)
	p.waitListed(1)
	p.exec(p.standby, "SELECT pg_promote()")
	p.waitUp(0)
	p.exec(p.standby, "DELETE FROM payloads")
	if got := p.listed(t.Context()); got != 1 {
		t.Errorf("%d payloads are listed, want the database's 1", got)
	}
}

// While the database is away its standby answers what it has.
func TestAReplicaAnswersWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	newFeeder(t, p.store, 0).feed(event(1, "ingress", "received", 0))
	p.waitUp(1)
	p.waitListed(1)
	if err := p.primary.Stop(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * time.Second) // longer than it may be behind
	if got := p.listed(t.Context()); got != 1 {
		t.Errorf("%d payloads are listed, want 1", got)
	}
}

// A process whose way to the database leads to a standby, as a name does for a while after a failover, learns it where it
// listens; it does not stay with the connections it has there.
func TestAStandbyIsNoDatabaseToStayWith(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.waitUp(1)
	p.waitListed(0)
	address, err := url.Parse(p.standby.DSN("tracker"))
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("application_name", "led")
	address.RawQuery = query.Encode()
	led, err := store.Open(t.Context(), store.Config{DSN: address.String(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(led.Close)
	if _, err := led.Positions(t.Context(), group, topic); err != nil {
		t.Fatal(err)
	}
	connected := func() (n int) {
		conn, err := pgx.Connect(t.Context(), p.standby.DSN("tracker"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
		err = conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'led' AND query LIKE '%positions%'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := connected(); n != 1 {
		t.Fatalf("%d connections, want 1", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- led.Listen(ctx, func(store.Notice) {}) }()
	for range 100 {
		if connected() == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := connected(); n != 0 {
		t.Errorf("%d connections are kept", n)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
