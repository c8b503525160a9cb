package consumer_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// heard keeps what a consumer logs, and its metrics.
type heard struct {
	registry *prometheus.Registry
	mu       sync.Mutex
	log      bytes.Buffer
}

func (h *heard) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(line)
}

func (h *heard) errors() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

func hear(h *heard) func(*consumer.Config) {
	h.registry = prometheus.NewPedanticRegistry()
	return func(c *consumer.Config) {
		c.Registerer, c.Logger = h.registry, slog.New(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelError}))
	}
}

// A position that does not fit the topic is never passed over in silence: an
// error in the log, a metric with its cause, and what is there is read.
func TestAPositionThatDoesNotFitTheTopicIsToldAloud(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		// prepare makes a topic with 30 records, and a position that does not fit.
		prepare  func(b *bundle)
		cause    string
		says     string
		statuses int64
	}{
		"the topic was made again": {
			prepare: func(b *bundle) { b.initPosition(20, [16]byte{1}) },
			cause:   "topic_made_again", says: "the topic was made again since the position was stored; reading the new one from its start", statuses: 30,
		},
		"the topic was made again, and is shorter": {
			prepare: func(b *bundle) { b.initPosition(2000, [16]byte{1}) },
			cause:   "topic_made_again", says: "reading the new one from its start", statuses: 30,
		},
		"the records were deleted": {
			prepare: func(b *bundle) {
				b.initPosition(5, b.topicID())
				b.deleteRecords(12)
			},
			cause: "deleted", says: "the broker deleted records before they were read; reading on from its first", statuses: 18,
		},
		"the position is past the end": {
			prepare: func(b *bundle) { b.initPosition(2000, b.topicID()) },
			cause:   "beyond_end", says: "the position is past the end of the log; reading the log from its start", statuses: 30,
		},
		"what the group committed is past the end": {
			prepare: func(b *bundle) { b.commit(map[int32]int64{0: 2000}) },
			cause:   "beyond_end", says: "the position is past the end of the log", statuses: 30,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(c *consumertest.Config) { c.Partitions = 1 })
			b.Produce(0, messages(1, 10)...)
			c.prepare(b)
			var h heard
			r := b.start(hear(&h))
			b.waitPosition(0, 30)
			r.waitReady()
			if got := b.statuses(); got != c.statuses {
				t.Errorf("%d statuses, want %d", got, c.statuses)
			}
			if err := registered(h.registry, "payload_tracker_position_resets_total", 1); err != nil {
				t.Error(err)
			}
			if cause, err := resetCause(h.registry); cause != c.cause {
				t.Errorf("cause %q, want %q: %v", cause, c.cause, err)
			}
			if log := h.errors(); !strings.Contains(log, c.says) || !strings.Contains(log, "first=") || !strings.Contains(log, "end=30") {
				t.Errorf("logs %s", log)
			}
		})
	}
}

func (b *bundle) topicID() [16]byte { return b.Broker().Cluster().TopicInfo(b.Topic).TopicID }

func (b *bundle) initPosition(next int64, topicID [16]byte) {
	b.t.Helper()
	if _, err := b.store.InitPosition(b.t.Context(), group, b.Topic, topicID, 0, next); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) deleteRecords(before int64) {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	offsets := kadm.Offsets{}
	offsets.AddOffset(b.Topic, 0, before, -1)
	if _, err := kadm.NewClient(client).DeleteRecords(b.t.Context(), offsets); err != nil {
		b.t.Fatal(err)
	}
}

func resetCause(registry *prometheus.Registry) (string, error) {
	families, err := registry.Gather()
	if err != nil {
		return "", err
	}
	for _, family := range families {
		if family.GetName() != "payload_tracker_position_resets_total" {
			continue
		}
		for _, metric := range family.GetMetric() { // one a cause, whether it was met or not
			if metric.GetCounter().GetValue() > 0 {
				return metric.GetLabel()[0].GetValue(), nil
			}
		}
	}
	return "", fmt.Errorf("no position was reset")
}

// Where a partition starts is in the database before the first record is
// asked for: a consumer that dies in between starts there again, also when
// more has come.
func TestTheFirstPositionIsStoredBeforeTheFirstFetch(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *consumertest.Config) { c.Partitions = 1 })
	b.Produce(0, messages(1, 10)...)
	conn, fetches := b.conn, atomic.Int64{}
	at := make(chan int64, 1)
	cluster := b.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if fetches.Add(1) == 1 {
			var position int64
			if err := conn.QueryRow(t.Context(), `SELECT coalesce(max(next_offset), -1) FROM positions`).Scan(&position); err != nil {
				position = -2
			}
			at <- position
		}
		return nil, nil, false
	})
	b.start(func(c *consumer.Config) { c.Reset = consumer.ResetLatest })
	if got := <-at; got != 30 {
		t.Errorf("the position is %d when records are asked for, want 30", got)
	}
}

// Kafka's own commits are for those who watch the lag: a broker that refuses
// them stops nothing.
func TestACommitThatKafkaRefusesStopsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	refused := b.Broker().Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.GroupAuthorizationFailed, Count: -1})
	r := b.start()
	b.Produce(0, messages(1, 10)...)
	b.waitPosition(0, 30)
	if err := refused.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.Produce(0, messages(11, 10)...)
	b.waitPosition(0, 60)
	r.waitReady()
	if got := b.Committed(group); len(got) != 0 {
		t.Errorf("committed %v", got)
	}
}
