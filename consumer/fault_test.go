package consumer_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

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

// A batch that is full waits behind the one being stored; when its partitions
// go to others, the reader that waited for room reads on.
func TestAFullBatchThatIsDroppedMakesRoom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, dsn := newProxy(t, b.dsn)
	r := b.start(func(c *consumer.Config) {
		c.Store, c.MaxRows, c.Hold, c.SessionTimeout = b.open(dsn), 10, 100*time.Millisecond, time.Second
	})
	r.waitReady()
	b.Produce(0, messages(1, 1)...)
	b.waitPosition(0, 3)
	p.pause(true)
	b.Produce(0, messages(2, 9)...)
	time.Sleep(200 * time.Millisecond) // a batch is on the way
	b.Produce(0, messages(11, 100)...)
	time.Sleep(200 * time.Millisecond) // and a full one behind it
	lost := b.Broker().Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID})
	if err := lost.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // it gives its partitions back
	p.pause(false)
	b.waitPosition(0, 330)
}

// Lag tools show what Kafka was told last, also when nothing comes any more.
func TestKafkaIsToldAgainWhatItDidNotTake(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.start()
	r.waitReady()
	refused := b.Broker().Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.RebalanceInProgress})
	b.Produce(0, messages(1, 10)...)
	if err := refused.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	consumertest.Wait(t, "Kafka is told", func() error {
		if got := b.Committed(group)[0]; got != 30 {
			return fmt.Errorf("committed %d", got)
		}
		return nil
	})
}

// A consumer that falls silent in mid-transaction holds the positions: the
// database ends its transaction, and whoever owns the partition goes on.
func TestASilentTransactionIsEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dsn, err := url.Parse(b.dsn)
	if err != nil {
		t.Fatal(err)
	}
	tamper := &tamper{release: make(chan struct{})}
	p := newProxyTo(t, dsn.Host, tamper)
	t.Cleanup(func() { close(tamper.release) })
	dsn.Host = p.address()
	b.start(func(c *consumer.Config) {
		c.Store, c.Hold, c.SessionTimeout, c.IngestTimeout = b.open(dsn.String()), 100*time.Millisecond, time.Second, 500*time.Millisecond
	}).waitReady()
	tamper.next.Store(commitHeld)
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	if tamper.cuts.Load() != 1 {
		t.Error("no COMMIT was held")
	}
	if got := b.statuses(); got != 30 {
		t.Errorf("%d statuses, want 30", got)
	}
}
