// Package consumertest gives each test a Kafka-protocol broker of its own, on
// a real socket, with a topic for events and one for dead letters; or such
// topics on a broker that runs elsewhere.
package consumertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/payload-tracker/payload-tracker/consumer/broker"
)

// patience is the longest wait for what must come.
const patience = 30 * time.Second

// Config says which topics there are. Fields left out have the values that
// the service has by default.
type Config struct {
	Topic           string // default platform.payload-status
	DeadLetterTopic string // default platform.payload-status.dlq
	Partitions      int32  // of Topic; default 3; negative: no topics are made
	Brokers         int    // default 1; several cannot be stopped and started
}

// Kafka is a broker that goes away with its test.
type Kafka struct {
	Topic           string
	DeadLetterTopic string

	t       testing.TB
	address string
	broker  *broker.Broker // nil: it runs elsewhere
	start   broker.Config
}

// New starts a broker for the test.
func New(t testing.TB, options ...func(*Config)) *Kafka {
	t.Helper()
	k, config := configure(t, options)
	k.start = broker.Config{Dir: filepath.Join(t.TempDir(), "kafka"), Brokers: config.Brokers, Logger: slog.New(slog.DiscardHandler)}
	k.run()
	k.address = k.broker.Addr()
	_, port, _ := net.SplitHostPort(k.address)
	k.start.Port, _ = strconv.Atoi(port)
	t.Cleanup(func() { k.broker.Stop() })
	k.createTopics(config)
	return k
}

// At uses a broker that runs at this address: faults are up to the test.
func At(t testing.TB, address string, options ...func(*Config)) *Kafka {
	t.Helper()
	k, config := configure(t, options)
	k.address = address
	k.createTopics(config)
	return k
}

func configure(t testing.TB, options []func(*Config)) (*Kafka, Config) {
	config := Config{Topic: "platform.payload-status", DeadLetterTopic: "platform.payload-status.dlq", Partitions: 3}
	for _, option := range options {
		option(&config)
	}
	return &Kafka{Topic: config.Topic, DeadLetterTopic: config.DeadLetterTopic, t: t}, config
}

func (k *Kafka) createTopics(config Config) {
	k.t.Helper()
	if config.Partitions > 0 {
		k.CreateTopic(config.Topic, config.Partitions)
		k.CreateTopic(config.DeadLetterTopic, 1)
	}
}

func (k *Kafka) run() {
	k.t.Helper()
	var err error
	if k.broker, err = broker.Start(k.start); err != nil {
		k.t.Fatal(err)
	}
}

// Addr is the address to give to clients; it stays over Stop and Start.
func (k *Kafka) Addr() string { return k.address }

// Broker is the running broker; its Cluster makes faults.
func (k *Kafka) Broker() *broker.Broker { return k.broker }

// Stop takes the broker away, as an outage would.
func (k *Kafka) Stop() { k.broker.Stop() }

// Start brings the broker back with all it held.
func (k *Kafka) Start() {
	k.t.Helper()
	k.run()
}

// CreateTopic makes a topic.
func (k *Kafka) CreateTopic(topic string, partitions int32) {
	k.t.Helper()
	k.ask("make topic "+topic, func(ctx context.Context, admin *kadm.Client) error {
		_, err := admin.CreateTopic(ctx, partitions, 1, nil, topic)
		return err
	})
}

// DeleteTopic deletes a topic with its records. One made again under the name
// has another id and starts at offset 0.
func (k *Kafka) DeleteTopic(topic string) {
	k.t.Helper()
	if err := k.broker.Cluster().DeleteTopic(topic); err != nil {
		k.t.Fatalf("delete topic %s: %v", topic, err)
	}
}

// Produce appends values to a partition of Topic.
func (k *Kafka) Produce(partition int32, values ...string) {
	k.t.Helper()
	records := make([]*kgo.Record, len(values))
	for i, value := range values {
		records[i] = &kgo.Record{Partition: partition, Value: []byte(value)}
	}
	k.ProduceRecords(records...)
}

// ProduceRecords appends records with their keys and headers to the partitions
// they name, of Topic when they name none, and waits for the acknowledgement.
func (k *Kafka) ProduceRecords(records ...*kgo.Record) {
	k.t.Helper()
	client := k.client(kgo.DefaultProduceTopic(k.Topic), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0))
	defer client.Close()
	ctx, cancel := k.context()
	defer cancel()
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		k.t.Fatalf("produce: %v", err)
	}
}

// Read waits until a topic holds n records and returns all of them, by
// partition and offset.
func (k *Kafka) Read(topic string, n int) []*kgo.Record {
	k.t.Helper()
	client := k.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	ctx, cancel := k.context()
	defer cancel()
	var records []*kgo.Record
	for len(records) < n || int64(len(records)) < k.held(topic) {
		fetches := client.PollFetches(ctx)
		records = append(records, fetches.Records()...)
		if err := ctx.Err(); err != nil {
			k.t.Fatalf("%s holds %d records after %v, not %d", topic, len(records), patience, n)
		}
	}
	slices.SortFunc(records, func(a, b *kgo.Record) int {
		if a.Partition != b.Partition {
			return int(a.Partition - b.Partition)
		}
		return int(a.Offset - b.Offset)
	})
	return records
}

// held is the number of records in a topic.
func (k *Kafka) held(topic string) (sum int64) {
	k.t.Helper()
	k.ask("records of "+topic, func(ctx context.Context, admin *kadm.Client) error {
		first, err := admin.ListStartOffsets(ctx, topic)
		if err != nil {
			return err
		}
		last, err := admin.ListEndOffsets(ctx, topic)
		last.Each(func(o kadm.ListedOffset) {
			start, _ := first.Lookup(topic, o.Partition)
			sum += o.Offset - start.Offset
		})
		return errors.Join(err, first.Error(), last.Error())
	})
	return sum
}

// End is the offset that the next record of a partition of Topic gets.
func (k *Kafka) End(partition int32) int64 {
	k.t.Helper()
	end, known := k.Ends()[partition]
	if !known {
		k.t.Fatalf("%s has no partition %d", k.Topic, partition)
	}
	return end
}

// Ends are the offsets that the next records of Topic get, by partition.
func (k *Kafka) Ends() map[int32]int64 {
	k.t.Helper()
	ends := map[int32]int64{}
	k.ask("ends of "+k.Topic, func(ctx context.Context, admin *kadm.Client) error {
		last, err := admin.ListEndOffsets(ctx, k.Topic)
		last.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
		return errors.Join(err, last.Error())
	})
	return ends
}

// Committed is what a group has committed for Topic, by partition.
func (k *Kafka) Committed(group string) map[int32]int64 {
	k.t.Helper()
	committed := map[int32]int64{}
	k.ask("offsets of group "+group, func(ctx context.Context, admin *kadm.Client) error {
		offsets, err := admin.FetchOffsets(ctx, group)
		for partition, offset := range offsets[k.Topic] {
			committed[partition] = offset.At
		}
		return err
	})
	return committed
}

// WaitForMembers waits until a group is stable with n members.
func (k *Kafka) WaitForMembers(group string, n int) {
	k.t.Helper()
	Wait(k.t, "group "+group, func() (err error) {
		k.ask("describe group "+group, func(ctx context.Context, admin *kadm.Client) error {
			groups, asked := admin.DescribeGroups(ctx, group)
			if g := groups[group]; g.State != "Stable" || len(g.Members) != n {
				err = fmt.Errorf("%s with %d members, want %d", g.State, len(g.Members), n)
			}
			return asked
		})
		return err
	})
}

// Evict takes the members of a dead client out of a group. Kafka ends their
// sessions by itself; ours keeps one for ever whose answer to its join found no
// connection any more.
func (k *Kafka) Evict(ctx context.Context, group, clientID string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := k.client()
	defer client.Close()
	groups, err := kadm.NewClient(client).DescribeGroups(ctx, group)
	if err != nil {
		return fmt.Errorf("describe group %s: %w", group, err)
	}
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = group
	for _, m := range groups[group].Members {
		if m.ClientID == clientID {
			member := kmsg.NewLeaveGroupRequestMember()
			member.MemberID = m.MemberID
			leave.Members = append(leave.Members, member)
		}
	}
	if len(leave.Members) == 0 {
		return nil
	}
	if _, err := leave.RequestWith(ctx, client); err != nil {
		return fmt.Errorf("evict %s from group %s: %w", clientID, group, err)
	}
	return nil
}

// ask asks the broker, and fails the test when it does not answer.
func (k *Kafka) ask(what string, question func(context.Context, *kadm.Client) error) {
	k.t.Helper()
	client := k.client()
	defer client.Close()
	ctx, cancel := k.context()
	defer cancel()
	if err := question(ctx, kadm.NewClient(client)); err != nil {
		k.t.Fatalf("%s: %v", what, err)
	}
}

func (k *Kafka) client(options ...kgo.Opt) *kgo.Client {
	k.t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(k.Addr()))...)
	if err != nil {
		k.t.Fatal(err)
	}
	return client
}

func (k *Kafka) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(k.t.Context(), patience)
}

// Wait asks until the condition gives no error, and fails the test with the
// last one after half a minute. It is for what other processes and goroutines
// do; what says when it is done needs no Wait.
func Wait(t testing.TB, what string, condition func() error) {
	t.Helper()
	if err := poll(t.Context(), patience, condition); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func poll(ctx context.Context, longest time.Duration, condition func() error) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("after %v: %w", longest, err)
		}
	}
}
