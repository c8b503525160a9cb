package consumer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

const (
	trialPartitions = 6
	trialPayloads   = 300
	trialChunk      = 400 // events sent while one fault lasts
	trialSession    = 1500 * time.Millisecond
)

// trialClock stands still, so that what depends on when events were taken in
// is the same in every run.
func trialClock() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

type trialConfig struct {
	seed            uint64
	ownServer       bool // a PostgreSQL of its own, which faults may restart
	repeats         bool // producers send some events again
	noDedupe        bool
	noCompareAndSet bool
}

// trial is three consumers that suffer, and what they should have stored.
type trial struct {
	*consumertest.Kafka
	t        *testing.T
	config   trialConfig
	rng      *rand.Rand
	dsn      string
	server   *pgserver.Server // nil: the tests' common one
	producer *kgo.Client
	members  []*member
	numbered int            // events sent, repeats apart
	sent     []string       // what was sent
	dying    sync.WaitGroup // killed consumers
}

func newTrial(t *testing.T, config trialConfig) *trial {
	t.Helper()
	tr := &trial{t: t, config: config, rng: rand.New(rand.NewPCG(config.seed, 0))}
	tr.Kafka = consumertest.New(t, func(c *consumertest.Config) { c.Partitions, c.Brokers = trialPartitions, 3 })
	tr.knowEpochs()
	if config.ownServer {
		tr.startServer()
	} else {
		tr.dsn = storetest.DSN(t)
	}
	tr.exec(`CREATE TABLE disk AS SELECT false AS is_full;
		CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF (SELECT is_full FROM disk) THEN
				RAISE EXCEPTION 'could not extend file: no space left on device' USING ERRCODE = '53100';
			END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER disk_full BEFORE INSERT ON payload_statuses FOR EACH ROW EXECUTE FUNCTION disk_full()`)
	if config.noDedupe {
		// The service has no such switch: here no content is like another.
		tr.exec(`CREATE FUNCTION no_dedupe() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				NEW.hash := (random() * 9e18)::bigint;
				RETURN NEW;
			END $$;
			CREATE TRIGGER no_dedupe BEFORE INSERT ON payload_statuses FOR EACH ROW EXECUTE FUNCTION no_dedupe()`)
	}
	var err error
	tr.producer, err = kgo.NewClient(kgo.SeedBrokers(tr.Addr()), kgo.DefaultProduceTopic(tr.Topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.producer.Close)
	t.Cleanup(tr.dying.Wait)
	for number := range 3 {
		m := &member{trial: tr, number: number}
		m.start()
		tr.members = append(tr.members, m)
	}
	tr.WaitForMembers(group, len(tr.members))
	return tr
}

func (tr *trial) startServer() {
	tr.t.Helper()
	dir := filepath.Join(tr.t.TempDir(), "postgres")
	tr.launch(pgserver.Config{Dir: dir, Fast: true, Logger: slog.New(slog.DiscardHandler)})
	tr.t.Cleanup(func() {
		if err := tr.server.Stop(); err != nil {
			tr.t.Error(err)
		}
		if err := pgserver.Remove(dir); err != nil {
			tr.t.Error(err)
		}
	})
	if err := tr.server.CreateDatabase(tr.t.Context(), "trial"); err != nil {
		tr.t.Fatal(err)
	}
	tr.dsn = tr.server.DSN("trial")
	// A server made for tests forgets in a crash what it has committed last.
	tr.exec(`ALTER DATABASE trial SET synchronous_commit = on`)
	s := tr.open(tr.dsn)
	defer s.Close()
	if err := s.MigrateUp(tr.t.Context()); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *trial) launch(config pgserver.Config) {
	tr.t.Helper()
	var err error
	if tr.server, err = pgserver.Start(tr.t.Context(), config); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *trial) open(dsn string) *store.Store {
	tr.t.Helper()
	s, err := store.Open(tr.t.Context(), store.Config{DSN: dsn, MaxConns: 4, Now: trialClock, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tr.t.Fatal(err)
	}
	return s
}

// suffer sends events while the faults happen, one after the other.
func (tr *trial) suffer(faults ...fault) {
	tr.t.Helper()
	for i, f := range faults {
		own := rand.New(rand.NewPCG(tr.config.seed, uint64(i+1)))
		victim := tr.members[own.IntN(len(tr.members))]
		records := tr.chunk()
		sent := make(chan error, 1)
		go func() { sent <- tr.send(records) }()
		start := time.Now()
		f.happen(tr, victim, own)
		if err := <-sent; err != nil {
			tr.t.Fatalf("send events: %v", err)
		}
		tr.t.Logf("%s: %v", f.name, time.Since(start).Round(time.Millisecond))
		time.Sleep(time.Duration(own.IntN(200)) * time.Millisecond)
	}
}

// send spreads records over a second or so.
func (tr *trial) send(records []*kgo.Record) error {
	for len(records) > 0 {
		n := min(trialChunk/10, len(records))
		if err := tr.producer.ProduceSync(tr.t.Context(), records[:n]...).FirstErr(); err != nil {
			return err
		}
		records = records[n:]
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// chunk makes the next events and, where producers repeat themselves, some of
// the former ones again. No producer sends a key: the events of a payload are
// all over the partitions.
func (tr *trial) chunk() []*kgo.Record {
	tr.t.Helper()
	var records []*kgo.Record
	put := func(text string) {
		records = append(records, &kgo.Record{Partition: int32(tr.rng.IntN(trialPartitions)), Value: []byte(text)})
	}
	for range trialChunk {
		text := tr.event(tr.numbered)
		tr.numbered++
		tr.sent = append(tr.sent, text)
		put(text)
		if tr.config.repeats && tr.rng.IntN(10) == 0 {
			put(again(tr.sent[tr.rng.IntN(len(tr.sent))]))
		}
	}
	return records
}

func eventName(n int) string { return fmt.Sprintf("event %d", n) }

// event is the message numbered n, of some payload, as a producer writes it.
func (tr *trial) event(n int) string {
	pick := func(from ...string) string { return from[tr.rng.IntN(len(from))] }
	number := tr.rng.IntN(trialPayloads)
	date := trialClock().Add(-time.Duration(tr.rng.IntN(3*86400)) * time.Second)
	if tr.rng.IntN(100) == 0 {
		date = date.AddDate(tr.rng.IntN(150)-50, 0, 0)
	}
	fields := map[string]any{
		"request_id": requestID(number).String(), "status_msg": eventName(n), "date": date.Format(time.RFC3339),
		"service": pick("ingress", "puptoo", "inventory", "advisor", "vulnerability"),
		"status":  pick("received", "processing", "success", "success", "error"),
	}
	if tr.rng.IntN(3) > 0 {
		fields["org_id"] = fmt.Sprint(700_000 + number)
	}
	if tr.rng.IntN(3) == 0 {
		fields["source"], fields["account"] = pick("rules", "process"), fmt.Sprint(tr.rng.IntN(3))
	}
	if tr.rng.IntN(4) == 0 {
		fields["inventory_id"] = requestID(1_000_000 + number*10 + tr.rng.IntN(2)).String()
	}
	return encode(fields)
}

// again is an event sent a second time, with an id that the first one had not.
func again(text string) string {
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		panic(err)
	}
	fields["system_id"] = fmt.Sprint("machine of ", fields["request_id"])
	return encode(fields)
}

func encode(fields map[string]any) string {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// finish waits until everything is stored, and ends the consumers in order.
func (tr *trial) finish() {
	tr.t.Helper()
	tr.waitStored()
	for _, m := range tr.members {
		m.stop()
	}
}

func (tr *trial) waitStored() {
	tr.t.Helper()
	tr.waitPositions(tr.dsn, group)
}

func (tr *trial) waitPositions(dsn, group string) {
	tr.t.Helper()
	consumertest.Wait(tr.t, "positions", func() error {
		positions := tr.positions(dsn, group)
		for partition, want := range tr.Ends() {
			if got := positions[partition]; got < want {
				return fmt.Errorf("partition %d stands at %d, want %d", partition, got, want)
			}
		}
		return nil
	})
}

// cleanRun takes the same topic in with one consumer that nothing happens to,
// and returns its database.
func (tr *trial) cleanRun() (dsn string) {
	tr.t.Helper()
	b := &bundle{Kafka: tr.Kafka, t: tr.t, dsn: storetest.DSN(tr.t)}
	b.store = tr.open(b.dsn)
	tr.t.Cleanup(b.store.Close)
	r := b.start(func(c *consumer.Config) { c.Group = "clean" })
	tr.waitPositions(b.dsn, "clean")
	r.stop()
	return b.dsn
}

func (tr *trial) exec(sql string, args ...any) {
	tr.t.Helper()
	conn := tr.connect(tr.dsn)
	defer closeConn(conn)
	if _, err := conn.Exec(tr.t.Context(), sql, args...); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *trial) texts(dsn, query string) []string {
	tr.t.Helper()
	return collect(tr, dsn, query, pgx.RowTo[string])
}

func (tr *trial) positions(dsn, group string) map[int32]int64 {
	tr.t.Helper()
	type position struct {
		Partition int32
		Next      int64
	}
	positions := map[int32]int64{}
	query := `SELECT partition, next_offset FROM positions WHERE "group" = $1`
	for _, p := range collect(tr, dsn, query, pgx.RowToStructByPos[position], group) {
		positions[p.Partition] = p.Next
	}
	return positions
}

func collect[T any](tr *trial, dsn, query string, to pgx.RowToFunc[T], args ...any) []T {
	tr.t.Helper()
	conn := tr.connect(dsn)
	defer closeConn(conn)
	rows, err := conn.Query(tr.t.Context(), query, args...)
	if err != nil {
		tr.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, to)
	if err != nil {
		tr.t.Fatal(err)
	}
	return list
}

// connect makes a connection of its own: faults end those that last.
func (tr *trial) connect(dsn string) *pgx.Conn {
	tr.t.Helper()
	conn, err := pgx.Connect(tr.t.Context(), dsn)
	if err != nil {
		tr.t.Fatal(err)
	}
	return conn
}

func closeConn(conn *pgx.Conn) { _ = conn.Close(context.Background()) }

// cuts is how many COMMITs were cut.
func (tr *trial) cuts() (sum int32) {
	for _, m := range tr.members {
		sum += m.tamper.cuts.Load()
	}
	return sum
}

func (tr *trial) replaced() (sum int32) {
	for _, m := range tr.members {
		sum += m.tamper.replaced.Load()
	}
	return sum
}

// eventually fails the test when a condition does not come true in time.
func (tr *trial) eventually(what string, longest time.Duration, condition func() bool) {
	tr.t.Helper()
	if !within(longest, condition) {
		tr.t.Errorf("not within %v: %s", longest, what)
	}
}

func within(longest time.Duration, condition func() bool) bool {
	for end := time.Now().Add(longest); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// member is a consumer with lines of its own to the brokers and the database.
type member struct {
	*trial
	number  int
	lives   int    // how often it has started
	life    string // its name to the brokers, another each time
	tamper  *tamper
	lines   *lines
	store   *store.Store
	running *running
}

func (m *member) start() {
	m.t.Helper()
	if m.tamper == nil {
		m.tamper = &tamper{}
	}
	if m.config.noCompareAndSet {
		withoutCompareAndSet(m.tamper)
	}
	dsn, err := url.Parse(m.dsn)
	if err != nil {
		m.t.Fatal(err)
	}
	lines := &lines{t: m.t, database: newProxyTo(m.t, dsn.Host, m.tamper), brokers: map[string]*proxy{}}
	dsn.Host = lines.database.address()
	m.lives++
	m.lines, m.store, m.life = lines, m.open(dsn.String()), fmt.Sprintf("member-%d-%d", m.number, m.lives)
	b := &bundle{Kafka: m.Kafka, t: m.t, store: m.store}
	m.running = b.start(func(c *consumer.Config) {
		c.Logger = c.Logger.With(slog.Int("member", m.number))
		c.MaxRows, c.MaxAge = 100, 20*time.Millisecond
		c.SessionTimeout, c.Hold, c.StopGrace = trialSession, 300*time.Millisecond, 500*time.Millisecond
		c.IngestTimeout, c.WatchEvery = 5*time.Second, 500*time.Millisecond
		// kfake waits this long for a consumer that was killed as it joined.
		c.KafkaOpts = []kgo.Opt{kgo.ClientID(m.life), kgo.Dialer(lines.dial), kgo.RebalanceTimeout(3 * time.Second)}
	})
}

func (m *member) stop() {
	m.t.Helper()
	m.running.stop()
	m.store.Close()
}

// kill ends the consumer as the world sees it when its process dies: all at
// once its connections are closed, and it says goodbye to nobody.
func (m *member) kill() {
	m.lines.cut()
	r, s, life := m.running, m.store, m.life
	m.dying.Go(func() {
		r.stop()
		s.Close()
		time.Sleep(trialSession)
		if err := m.Evict(context.WithoutCancel(m.t.Context()), group, life); err != nil {
			m.t.Error(err)
		}
	})
}

// lines are how one consumer reaches the world.
type lines struct {
	t        *testing.T
	database *proxy

	mu      sync.Mutex
	brokers map[string]*proxy // by their address
	gone    bool
}

// dial reaches a broker through a proxy.
func (l *lines) dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return nil, net.ErrClosed
	}
	p := l.brokers[address]
	if p == nil {
		p = newProxyTo(l.t, address, nil)
		l.brokers[address] = p
	}
	return new(net.Dialer).DialContext(ctx, network, p.address())
}

func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = true
	l.database.cut()
	for _, p := range l.brokers {
		p.cut()
	}
}

// silence lets no byte pass for a while; those that wait pass then.
func (l *lines) silence(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.database.pause(true)
	for _, p := range l.brokers {
		p.pause(true)
	}
	time.Sleep(d)
	l.database.pause(false)
	for _, p := range l.brokers {
		p.pause(false)
	}
}
