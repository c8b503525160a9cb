package consumer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

const group = "payload_tracker"

func TestMain(m *testing.M) { storetest.Main(m, storetest.NoLeaks()) }

// bundle is a broker, a database, and a way to look into it behind the
// store's back.
type bundle struct {
	*consumertest.Kafka
	t     *testing.T
	dsn   string
	conn  *pgx.Conn
	store *store.Store
}

func setup(t *testing.T, options ...func(*consumertest.Config)) *bundle {
	t.Helper()
	b := &bundle{Kafka: consumertest.New(t, options...), t: t, dsn: storetest.DSN(t)}
	b.conn = storetest.Conn(t, b.dsn)
	b.store = b.open(b.dsn)
	return b
}

func (b *bundle) open(dsn string) *store.Store {
	b.t.Helper()
	s, err := store.Open(b.t.Context(), store.Config{DSN: dsn, MaxConns: 4, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(s.Close)
	return s
}

// running is a consumer that runs until stop, or the end of its test.
type running struct {
	*consumer.Consumer
	t      *testing.T
	cancel context.CancelFunc
	done   chan error
}

func (b *bundle) start(options ...func(*consumer.Config)) *running {
	b.t.Helper()
	config := consumer.Config{
		Brokers: []string{b.Addr()}, Topic: b.Topic, Group: group, Store: b.store,
		Logger: slog.New(slog.NewTextHandler(b.t.Output(), nil)),
	}
	for _, option := range options {
		option(&config)
	}
	c, err := consumer.New(config)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Consumer: c, t: b.t, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- c.Run(ctx) }()
	b.t.Cleanup(r.stop)
	return r
}

// stop ends the consumer and waits for it; the second time it does nothing.
func (r *running) stop() {
	r.cancel()
	select {
	case err, open := <-r.done:
		if open {
			close(r.done)
		}
		if err != nil {
			r.t.Errorf("Run: %v", err)
		}
	case <-time.After(15 * time.Second):
		r.t.Error("Run did not end")
	}
}

// waitReady waits until the consumer takes events in.
func (r *running) waitReady() {
	r.t.Helper()
	consumertest.Wait(r.t, "ready", r.Ready)
}

// waitEmptyGroup waits until the group has no member.
func (b *bundle) waitEmptyGroup() {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	consumertest.Wait(b.t, "the group is empty", func() error {
		groups, err := kadm.NewClient(client).DescribeGroups(b.t.Context(), group)
		if n := len(groups[group].Members); err == nil && n > 0 {
			return fmt.Errorf("%d members", n)
		}
		return err
	})
}

// message is a status event of payload n as a producer writes it.
func message(n, second int, service, status string) string {
	text, err := json.Marshal(map[string]any{
		"request_id": requestID(n).String(), "service": service, "status": status, "org_id": "700101",
		"date": time.Date(2026, 3, 4, 12, 0, second, 0, time.UTC).Format(time.RFC3339),
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func requestID(n int) payload.RequestID {
	id, err := payload.ParseRequestID(fmt.Sprintf("%032x", n))
	if err != nil {
		panic(err)
	}
	return id
}

// messages of n payloads, three each.
func messages(from, n int) []string {
	var texts []string
	for i := from; i < from+n; i++ {
		texts = append(texts, message(i, 0, "ingress", "received"), message(i, 1, "ingress", "success"), message(i, 2, "puptoo", "success"))
	}
	return texts
}

// count is what a query of one number says.
func (b *bundle) count(query string, args ...any) int64 {
	b.t.Helper()
	var n int64
	if err := b.conn.QueryRow(b.t.Context(), query, args...).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bundle) statuses() int64 { return b.count(`SELECT count(*) FROM payload_statuses`) }

func (b *bundle) waitStatuses(want int64) {
	b.t.Helper()
	consumertest.Wait(b.t, "statuses stored", func() error {
		if got := b.statuses(); got != want {
			return fmt.Errorf("%d statuses, want %d", got, want)
		}
		return nil
	})
}

func (b *bundle) position(partition int32) int64 {
	b.t.Helper()
	return b.count(`SELECT coalesce(max(next_offset), -1) FROM positions WHERE "group" = $1 AND topic = $2 AND partition = $3`,
		group, b.Topic, partition)
}

func (b *bundle) waitPosition(partition int32, want int64) {
	b.t.Helper()
	consumertest.Wait(b.t, "position", func() error {
		if got := b.position(partition); got != want {
			return fmt.Errorf("partition %d stands at %d, want %d", partition, got, want)
		}
		return nil
	})
}

func (b *bundle) sentence(n int) string {
	b.t.Helper()
	id := requestID(n)
	p, err := b.store.Payload(b.t.Context(), store.PayloadKey{RequestID: &id})
	if err != nil {
		b.t.Fatal(err)
	}
	if p == nil {
		return "unknown"
	}
	rules, err := b.store.Rules(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return p.Journey.Verdict(&rules, b.store.Now()).Sentence
}

func TestEventsAreStoredOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, messages(1, 20)...)
	b.Produce(1, messages(21, 20)...)
	r := b.start()
	b.waitStatuses(120)
	r.waitReady()
	// The same again, from an unkeyed producer that repeats itself, and new ones.
	b.Produce(2, messages(1, 20)...)
	b.Produce(0, messages(41, 5)...)
	b.waitPosition(2, 60)
	b.waitPosition(0, 75)
	if got := b.statuses(); got != 135 {
		t.Errorf("%d statuses, want 135", got)
	}
	if got := b.sentence(7); !strings.HasPrefix(got, "passed 2 services in 2") {
		t.Errorf("sentence %q", got)
	}
}

func TestALoneEventIsVisibleAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start().waitReady()
	b.Produce(0, message(1, 0, "ingress", "received"))
	b.waitStatuses(1) // makes the day, fills the caches
	var slowest time.Duration
	for i := range 5 {
		time.Sleep(150 * time.Millisecond)
		start := time.Now()
		b.Produce(0, message(1, 1+i, "ingress", "processing"))
		b.waitStatuses(int64(2 + i))
		slowest = max(slowest, time.Since(start))
	}
	t.Logf("slowest %v", slowest)
	if slowest > time.Second { // 0.5 s, and room for a busy machine
		t.Errorf("took %v", slowest)
	}
}

func TestRestartsInABacklog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const each = 800
	for partition := range int32(3) {
		b.Produce(partition, messages(int(partition)*each, each)...)
	}
	for i := range 4 {
		r := b.start(func(c *consumer.Config) { c.MaxRows, c.MaxAge = 500, time.Millisecond })
		want := int64(i+1) * 600
		consumertest.Wait(t, "progress", func() error {
			if got := b.statuses(); got < want {
				return fmt.Errorf("%d statuses", got)
			}
			return nil
		})
		r.stop()
	}
	b.start()
	for partition := range int32(3) {
		b.waitPosition(partition, 3*each)
	}
	if got := b.statuses(); got != 9*each {
		t.Errorf("%d statuses, want %d", got, 9*each)
	}
}

func TestSeveralConsumersShareAndTakeOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const each = 500
	small := func(c *consumer.Config) { c.MaxRows, c.MaxAge = 200, time.Millisecond }
	first := b.start(small)
	first.waitReady()
	for partition := range int32(3) {
		b.Produce(partition, messages(int(partition)*each, each)...)
	}
	second := b.start(small, func(c *consumer.Config) { c.Store = b.open(b.dsn) })
	b.WaitForMembers(group, 2)
	first.stop()
	for partition := range int32(3) {
		b.Produce(partition, messages(10_000+int(partition)*each, each)...)
		b.waitPosition(partition, 6*each)
	}
	second.stop()
	if got := b.statuses(); got != 18*each {
		t.Errorf("%d statuses, want %d", got, 18*each)
	}
}

// A batch that does not get through holds a rebalance for a while only; then
// the group is served, and the next owner stores the rows.
func TestARebalanceIsNotHeldForLong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start(func(c *consumer.Config) { c.Hold = 300 * time.Millisecond })
	r.waitReady()
	lock, err := b.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `LOCK TABLE payload_statuses IN EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	for partition := range int32(3) {
		b.Produce(partition, messages(int(partition)*10, 10)...)
	}
	time.Sleep(200 * time.Millisecond) // the batch is under way
	b.start(func(c *consumer.Config) { c.Store = b.open(b.dsn) })
	b.WaitForMembers(group, 2)
	if err := lock.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for partition := range int32(3) {
		b.waitPosition(partition, 30)
	}
	if got := b.statuses(); got != 90 {
		t.Errorf("%d statuses, want 90", got)
	}
}

func TestStopEndsInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start()
	r.waitReady()
	b.Produce(0, messages(1, 10)...)
	b.waitStatuses(30)
	start := time.Now()
	r.stop()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if r.Ready() == nil {
		t.Error("a stopped consumer says it is ready")
	}
	if got := b.Committed(group)[0]; got != 30 {
		t.Errorf("Kafka was told %d, want 30", got)
	}
	b.waitEmptyGroup()
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	good := consumer.Config{Brokers: []string{"localhost:9092"}, Topic: "t", Group: "g", Store: s}
	for name, change := range map[string]func(*consumer.Config){
		"no brokers": func(c *consumer.Config) { c.Brokers = nil },
		"no topic":   func(c *consumer.Config) { c.Topic = "" },
		"no group":   func(c *consumer.Config) { c.Group = "" },
		"no store":   func(c *consumer.Config) { c.Store = nil },
		"a loop":     func(c *consumer.Config) { c.DeadLetterTopic = "t" },
		"no reset":   func(c *consumer.Config) { c.Reset = "none" },
	} {
		config := good
		change(&config)
		if _, err := consumer.New(config); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := consumer.New(good); err != nil {
		t.Error(err)
	}
}
