package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	eventBytes      = 300
	stepsPerPayload = 12
	interleaved     = 2_000
)

// steps is the way of each payload; the last step of the last service comes last.
var steps = [stepsPerPayload]struct{ service, status string }{
	{"ingress", "received"},
	{"ingress", "success"},
	{"puptoo", "received"},
	{"puptoo", "processing"},
	{"puptoo", "success"},
	{"inventory", "received"},
	{"inventory", "success"},
	{"advisor", "received"},
	{"advisor", "success"},
	{"vulnerability", "received"},
	{"vulnerability", "processing"},
	{"vulnerability", "success"},
}

// load writes events to the topic: payloads interleaved, each event to the next partition, without a key, so that
// the events of one payload reach the consumer through all partitions, as they do in production.
type load struct {
	client     *kgo.Client
	topic      string
	partitions int32
	began      time.Time
	produced   int
}

func newLoad(ctx context.Context, brokers, topic string, partitions int32) (*load, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.MaxBufferedRecords(50_000),
	)
	if err != nil {
		return nil, err
	}
	if _, err := kadm.NewClient(client).CreateTopic(ctx, partitions, 1, nil, topic); err != nil {
		client.Close()
		return nil, fmt.Errorf("make topic %s: %w", topic, err)
	}
	return &load{client: client, topic: topic, partitions: partitions, began: time.Now().Add(-20 * time.Minute)}, nil
}

func (l *load) close() { l.client.Close() }

// produce writes the next n events and waits until the broker has them all.
func (l *load) produce(ctx context.Context, n int) error {
	var failed error
	for range n {
		i := l.produced
		l.produced++
		l.client.Produce(ctx, &kgo.Record{Topic: l.topic, Partition: int32(i) % l.partitions, Value: l.event(i)}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	if err := l.client.Flush(ctx); err != nil {
		return err
	}
	return failed
}

// event is the i-th event's JSON, padded to eventBytes.
func (l *load) event(i int) []byte {
	block, within := i/(interleaved*stepsPerPayload), i%(interleaved*stepsPerPayload)
	number, step := block*interleaved+within%interleaved, within/interleaved
	date := l.began.Add(time.Duration(number)*time.Millisecond + time.Duration(step)*1500*time.Millisecond)
	return eventJSON(requestID(number), steps[step].service, steps[step].status, number, date)
}

func eventJSON(id, service, status string, number int, date time.Time) []byte {
	text := fmt.Sprintf(`{"service":%q,"request_id":%q,"account":"%07d","org_id":"%08d","status":%q,"date":%q,"status_msg":"`,
		service, id, number%5_000, number%5_000, status, date.UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
	pad := max(eventBytes-len(text)-2, 0)
	return []byte(text + strings.Repeat("payload went on as planned; ", pad/28+1)[:pad] + `"}`)
}

// requestID is the id of the payload with that number: the same in each run, and spread like real ones.
func requestID(number int) string {
	source := rand.New(rand.NewPCG(uint64(number), 4))
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], source.Uint64())
	binary.BigEndian.PutUint64(id[8:], source.Uint64())
	return hex.EncodeToString(id[:])
}

// one writes a single event of a payload that nobody has seen, and gives the payload's id.
func (l *load) one(ctx context.Context) (string, error) {
	number := 1<<30 + l.produced
	l.produced++
	id := requestID(number)
	record := &kgo.Record{Topic: l.topic, Partition: int32(number) % l.partitions, Value: eventJSON(id, "ingress", "received", number, time.Now())}
	return id, l.client.ProduceSync(ctx, record).FirstErr()
}

// stored is the number of payloads that the load has written whole.
func (l *load) stored() int { return l.produced / (interleaved * stepsPerPayload) * interleaved }
