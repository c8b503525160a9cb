package consumer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

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
