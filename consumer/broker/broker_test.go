package broker_test

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/payload-tracker/payload-tracker/consumer/broker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, config broker.Config) *broker.Broker {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	b, err := broker.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	return b
}

func client(t *testing.T, b *broker.Broker, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(options, kgo.SeedBrokers(b.Addr()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func produce(t *testing.T, b *broker.Broker, records ...*kgo.Record) {
	t.Helper()
	c := client(t, b, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := c.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// read waits for n records of a topic from its start.
func read(t *testing.T, b *broker.Broker, topic string, n int, options ...kgo.Opt) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := client(t, b, append(options, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	var records []*kgo.Record
	for len(records) < n {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d of %d records: %v", len(records), n, err)
		}
		records = append(records, fetches.Records()...)
	}
	if len(options) > 0 { // in a group
		if err := c.CommitRecords(ctx, records...); err != nil {
			t.Fatal(err)
		}
	}
	return records
}

func TestClientsReachIt(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{Topics: []string{"events", "dead"}, Partitions: 3})
	produce(t, b,
		&kgo.Record{Topic: "events", Partition: 0, Value: []byte("zero")},
		&kgo.Record{Topic: "events", Partition: 2, Key: []byte("k"), Value: []byte("two"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}},
	)
	seen := map[string]int32{}
	for _, record := range read(t, b, "events", 2) {
		seen[string(record.Value)] = record.Partition
	}
	if seen["zero"] != 0 || seen["two"] != 2 {
		t.Errorf("read %v", seen)
	}
	metadata, err := kadm.NewClient(client(t, b)).Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	self := metadata.Brokers[0]
	if got := net.JoinHostPort(self.Host, strconv.Itoa(int(self.Port))); got != b.Addr() {
		t.Errorf("names itself %s, listens on %s", got, b.Addr())
	}
	if n := len(metadata.Topics["dead"].Partitions); n != 3 {
		t.Errorf("%d partitions", n)
	}
	b.Stop()
}

func TestKeepsRecordsAndGroups(t *testing.T) {
	t.Parallel()
	config := broker.Config{Dir: filepath.Join(t.TempDir(), "kafka"), Topics: []string{"events"}, Partitions: 2, Retention: time.Hour}
	first := start(t, config)
	produce(t, first, &kgo.Record{Topic: "events", Partition: 1, Value: []byte("kept")})
	read(t, first, "events", 1, kgo.ConsumerGroup("group"), kgo.DisableAutoCommit())
	id := first.Cluster().TopicInfo("events").TopicID
	if _, err := broker.Start(config); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("second broker on the same folder: %v", err)
	}
	first.Stop()

	second := start(t, config)
	if got := read(t, second, "events", 1); string(got[0].Value) != "kept" || got[0].Partition != 1 || got[0].Offset != 0 {
		t.Errorf("read %+v", got[0])
	}
	if got := second.Cluster().TopicInfo("events").TopicID; got != id {
		t.Errorf("topic id was %x, is %x", id, got)
	}
	offsets, err := kadm.NewClient(client(t, second)).FetchOffsets(t.Context(), "group")
	if err != nil {
		t.Fatal(err)
	}
	if at, _ := offsets.Lookup("events", 1); at.At != 1 {
		t.Errorf("committed %d", at.At)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{Topics: []string{"events"}, Retention: time.Minute})
	produce(t, b, &kgo.Record{Topic: "events", Value: []byte("old"), Timestamp: time.Now().Add(-time.Hour)})
	produce(t, b, &kgo.Record{Topic: "events", Value: []byte("new")})
	b.Cluster().ApplyRetention()
	if got := read(t, b, "events", 1); string(got[0].Value) != "new" || got[0].Offset != 1 {
		t.Errorf("first record is %s at %d", got[0].Value, got[0].Offset)
	}
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{})
	_, port, _ := net.SplitHostPort(b.Addr())
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	_, err = broker.Start(broker.Config{Port: number, Dir: filepath.Join(t.TempDir(), "kafka")})
	if err == nil || !strings.Contains(err.Error(), "port "+port+" for the Kafka broker is taken") {
		t.Errorf("says %v", err)
	}
}
