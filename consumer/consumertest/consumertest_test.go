package consumertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProduceAndRead(t *testing.T) {
	t.Parallel()
	k := New(t)
	k.Produce(2, "a", "b")
	k.ProduceRecords(
		&kgo.Record{Partition: 0, Key: []byte("key"), Value: []byte("c"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}},
		&kgo.Record{Topic: k.DeadLetterTopic, Value: []byte("dead")},
	)
	records := k.Read(k.Topic, 3)
	var values []string
	for _, record := range records {
		values = append(values, string(record.Value))
	}
	if got := strings.Join(values, ""); got != "cab" {
		t.Errorf("read %s", got)
	}
	if first := records[0]; string(first.Key) != "key" || string(first.Headers[0].Value) != "v" {
		t.Errorf("read %+v", first)
	}
	if got := k.Read(k.DeadLetterTopic, 1); len(got) != 1 || string(got[0].Value) != "dead" {
		t.Errorf("dead letters: %v", got)
	}
	if k.End(2) != 2 || k.End(1) != 0 {
		t.Errorf("ends are %d and %d", k.End(2), k.End(1))
	}
}

func TestReadOfAnEmptyTopic(t *testing.T) {
	t.Parallel()
	k := New(t, func(c *Config) { c.Partitions = 1 })
	if got := k.Read(k.DeadLetterTopic, 0); len(got) != 0 {
		t.Errorf("read %v", got)
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	k := New(t, func(c *Config) { c.Topic, c.Partitions = "mine", 1 })
	address := k.Addr()
	k.Produce(0, "before")
	k.Stop()
	k.Start()
	if k.Addr() != address {
		t.Errorf("was at %s, is at %s", address, k.Addr())
	}
	k.Produce(0, "after")
	if got := k.Read("mine", 2); string(got[0].Value) != "before" || string(got[1].Value) != "after" {
		t.Errorf("read %v", got)
	}
}

func TestTopicsLater(t *testing.T) {
	t.Parallel()
	k := New(t, func(c *Config) { c.Partitions = -1 })
	k.CreateTopic(k.Topic, 1)
	k.Produce(0, "first")
	k.DeleteTopic(k.Topic)
	k.CreateTopic(k.Topic, 1)
	if k.End(0) != 0 {
		t.Errorf("the new topic starts at %d", k.End(0))
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	k := New(t, func(c *Config) { c.Partitions = 1 })
	k.Produce(0, "a", "b")
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Addr()), kgo.ConsumerGroup("group"), kgo.ConsumeTopics(k.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	k.WaitForMembers("group", 1)
	if got := k.Committed("group"); len(got) != 0 {
		t.Errorf("committed %v", got)
	}
	for read := 0; read < 2; {
		read += client.PollFetches(t.Context()).NumRecords()
	}
	if err := client.CommitUncommittedOffsets(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := k.Committed("group"); got[0] != 2 {
		t.Errorf("committed %v", got)
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	calls := 0
	Wait(t, "the third call", func() error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	err := poll(context.Background(), 30*time.Millisecond, func() error { return errors.New("never") })
	if err == nil || !strings.Contains(err.Error(), "after 30ms: never") {
		t.Errorf("says %v", err)
	}
}
