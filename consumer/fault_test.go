package consumer_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// failProduce makes the broker refuse what is written to a topic, as one that
// forbids it, while what it returns is true.
func (b *bundle) failProduce(topic string) *atomic.Bool {
	fail := &atomic.Bool{}
	fail.Store(true)
	cluster := b.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.Produce), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		req := kreq.(*kmsg.ProduceRequest)
		if !fail.Load() {
			return nil, nil, false
		}
		id := cluster.TopicInfo(topic).TopicID
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, rt := range req.Topics {
			if rt.Topic != topic && rt.TopicID != id {
				return nil, nil, false
			}
			st := kmsg.NewProduceResponseTopic()
			st.Topic, st.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				sp := kmsg.NewProduceResponseTopicPartition()
				sp.Partition, sp.ErrorCode = rp.Partition, kerr.TopicAuthorizationFailed.Code
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
	return fail
}

// proxy stands between a store and its database, and can be cut.
type proxy struct {
	t      *testing.T
	target string
	port   string
	mu     sync.Mutex
	listen net.Listener
	conns  map[net.Conn]bool
	wg     sync.WaitGroup
	gate   sync.RWMutex // held while paused
}

// newProxy returns a proxy in front of a DSN's server, and the DSN through it.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, target: u.Host, port: "0", conns: map[net.Conn]bool{}}
	p.open()
	t.Cleanup(p.cut)
	u.Host = p.listen.Addr().String()
	return p, u.String()
}

func (p *proxy) open() {
	p.t.Helper()
	listen, err := net.Listen("tcp", "127.0.0.1:"+p.port)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.listen = listen
	_, p.port, _ = net.SplitHostPort(listen.Addr().String())
	p.mu.Unlock()
	p.wg.Go(func() {
		for {
			conn, err := listen.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.carry(conn) })
		}
	})
}

func (p *proxy) carry(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(paused{p, to}, from)
		_ = to.Close()
		_ = from.Close()
	}
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// paused is a connection that holds back what it is given while its proxy is
// paused.
type paused struct {
	proxy *proxy
	net.Conn
}

func (c paused) Write(b []byte) (int, error) {
	c.proxy.gate.RLock()
	defer c.proxy.gate.RUnlock()
	return c.Conn.Write(b)
}

// pause makes the way to the database silent, and lets it speak again.
func (p *proxy) pause(on bool) {
	if on {
		p.gate.Lock()
	} else {
		p.gate.Unlock()
	}
}

// cut closes the door and every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	_ = p.listen.Close()
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

func TestTheDatabaseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, dsn := newProxy(t, b.dsn)
	r := b.start(func(c *consumer.Config) { c.Store = b.open(dsn) })
	r.waitReady()
	b.Produce(0, messages(1, 10)...)
	b.waitStatuses(30)
	p.cut()
	b.Produce(0, messages(11, 10)...)
	b.Produce(1, messages(21, 10)...)
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "database is away") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	b.WaitForMembers(group, 1)
	if got := b.statuses(); got != 30 {
		t.Errorf("%d statuses, want 30", got)
	}
	p.open()
	b.waitStatuses(90)
	r.waitReady()
	b.waitPosition(0, 60)
	b.waitPosition(1, 30)
}

func TestStopWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, dsn := newProxy(t, b.dsn)
	r := b.start(func(c *consumer.Config) { c.Store = b.open(dsn) })
	r.waitReady()
	p.cut()
	b.Produce(0, messages(1, 10)...)
	consumertest.Wait(t, "not ready", func() error {
		if r.Ready() == nil {
			return fmt.Errorf("is ready")
		}
		return nil
	})
	start := time.Now()
	r.stop()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	b.waitEmptyGroup()
	b.start()
	b.waitStatuses(30)
}

func TestKafkaGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start(func(c *consumer.Config) { c.WatchEvery = 200 * time.Millisecond })
	b.Produce(0, messages(1, 10)...)
	b.waitStatuses(30)
	r.waitReady()
	b.Stop()
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "Kafka does not answer") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	b.Start()
	b.Produce(0, messages(11, 10)...)
	b.waitStatuses(60)
	consumertest.Wait(t, "ready", r.Ready)
}

func TestAMissingTopicIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *consumertest.Config) { c.Partitions = -1 })
	r := b.start(func(c *consumer.Config) { c.WatchEvery = 200 * time.Millisecond })
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "does not exist yet") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	b.CreateTopic(b.Topic, 2)
	b.Produce(1, messages(1, 10)...)
	start := time.Now()
	b.waitStatuses(30)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	r.waitReady()
}

func TestTheDatabasesPositionsWin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, messages(1, 10)...)
	b.Produce(1, messages(11, 10)...)
	b.Produce(2, messages(21, 10)...)
	id := b.Broker().Cluster().TopicInfo(b.Topic).TopicID
	// 0: the database says 12, Kafka 20. 1: Kafka says 15. 2: nobody knows.
	if _, err := b.store.InitPosition(t.Context(), group, b.Topic, id, 0, 12); err != nil {
		t.Fatal(err)
	}
	b.commit(map[int32]int64{0: 20, 1: 15})
	b.start()
	for partition := range int32(3) {
		b.waitPosition(partition, 30)
	}
	if got, want := b.statuses(), int64(18+15+30); got != want {
		t.Errorf("%d statuses, want %d", got, want)
	}
	consumertest.Wait(t, "Kafka is told", func() error {
		if got := b.Committed(group); got[0] != 30 || got[1] != 30 || got[2] != 30 {
			return fmt.Errorf("committed %v", got)
		}
		return nil
	})
}

func (b *bundle) commit(at map[int32]int64) {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	offsets := kadm.Offsets{}
	for partition, offset := range at {
		offsets.AddOffset(b.Topic, partition, offset, -1)
	}
	if _, err := kadm.NewClient(client).CommitOffsets(b.t.Context(), group, offsets); err != nil {
		b.t.Fatal(err)
	}
}

func TestResetToLatest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, messages(1, 10)...)
	r := b.start(func(c *consumer.Config) { c.Reset = consumer.ResetLatest })
	r.waitReady()
	b.waitPosition(0, 30) // stored before the first fetch
	b.Produce(0, messages(11, 1)...)
	b.waitPosition(0, 33)
	if got := b.statuses(); got != 3 {
		t.Errorf("%d statuses, want 3", got)
	}
}

// Another consumer that takes itself for the owner moves the position: what
// we read meanwhile is dropped, and reading goes on where it stands now.
func TestAPositionMovedByAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start()
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	b.Produce(1, messages(101, 1)...)
	b.waitPosition(1, 3)
	other := payload.Event{RequestID: requestID(500), Service: "zombie", Status: "received", Date: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)}
	_, err := b.store.Ingest(t.Context(), store.Batch{Group: group, Parts: []store.Part{{
		Topic: b.Topic, Partition: 0, TopicID: b.Broker().Cluster().TopicInfo(b.Topic).TopicID, From: 30, To: 33, Events: []payload.Event{other},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	b.Produce(0, messages(11, 2)...) // 30 to 35: the zombie stored 30 to 32
	b.waitPosition(0, 36)
	b.Produce(0, messages(21, 2)...)
	b.waitPosition(0, 42)
	if got, want := b.statuses(), int64(30+3+1+3+6); got != want {
		t.Errorf("%d statuses, want %d", got, want)
	}
	r.waitReady()
}

// A position set back makes the consumer read again; the events are repeats.
func TestAPositionSetBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	if _, err := b.conn.Exec(t.Context(), `UPDATE positions SET next_offset = 3 WHERE partition = 0`); err != nil {
		t.Fatal(err)
	}
	b.Produce(0, messages(11, 1)...)
	b.waitPosition(0, 33)
	if got := b.statuses(); got != 33 {
		t.Errorf("%d statuses, want 33", got)
	}
}

func TestPositionsDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	if _, err := b.conn.Exec(t.Context(), `DELETE FROM positions`); err != nil {
		t.Fatal(err)
	}
	b.Produce(0, messages(11, 1)...)
	b.waitPosition(0, 33)
	b.waitStatuses(33)
}

func TestATopicMadeAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start(func(c *consumer.Config) { c.WatchEvery = 200 * time.Millisecond })
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	b.DeleteTopic(b.Topic)
	b.CreateTopic(b.Topic, 3)
	b.Produce(0, messages(11, 12)...)
	b.waitStatuses(66)
	b.waitPosition(0, 36)
	r.waitReady()
	b.Produce(0, messages(31, 1)...)
	b.waitStatuses(69)
}

func TestATopicMadeAgainWhileNobodyReads(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start()
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	r.stop()
	b.DeleteTopic(b.Topic)
	b.CreateTopic(b.Topic, 3)
	b.Produce(0, messages(11, 12)...)
	b.start()
	b.waitStatuses(66)
	b.waitPosition(0, 36)
}

func TestRecordsDeletedBeforeTheyWereRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start()
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	r.stop()
	b.Produce(0, messages(11, 10)...)
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	offsets := kadm.Offsets{}
	offsets.AddOffset(b.Topic, 0, 45, -1)
	if _, err := kadm.NewClient(client).DeleteRecords(t.Context(), offsets); err != nil {
		t.Fatal(err)
	}
	b.start()
	b.waitPosition(0, 60)
	if got := b.statuses(); got != 45 {
		t.Errorf("%d statuses, want 45", got)
	}
}

// A batch that would take more memory than allowed stops its partition, and
// only that, until the limit is raised.
func TestABatchPastTheDecompressionLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, messages(1, 1)...)
	b.Produce(0, strings.Repeat("0", 900_000))
	b.Produce(1, messages(11, 10)...)
	small := func(c *consumer.Config) { c.MaxDecompressed = 500_000 }
	r := b.start(small)
	b.waitPosition(0, 3)
	b.waitPosition(1, 30)
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "partition 0 is stuck at offset 3") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	r.stop()
	b.start()
	b.waitPosition(0, 4)
}

// A consumer that sleeps longer than its session wakes up as a zombie: its
// batch does not get past the positions.
func TestAZombieStoresNothingTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, dsn := newProxy(t, b.dsn)
	b.start(func(c *consumer.Config) { c.Store, c.Hold = b.open(dsn), 100*time.Millisecond }).waitReady()
	p.pause(true)
	b.Produce(0, messages(1, 10)...)
	b.Produce(1, messages(11, 10)...)
	time.Sleep(300 * time.Millisecond) // its batch is on the way
	second := b.start()
	b.WaitForMembers(group, 2)
	p.pause(false)
	b.waitPosition(0, 30)
	b.waitPosition(1, 30)
	second.stop()
	b.Produce(0, messages(21, 10)...)
	b.waitPosition(0, 60)
	if got := b.statuses(); got != 90 {
		t.Errorf("%d statuses, want 90", got)
	}
}
