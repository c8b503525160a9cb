package main

import (
	"bytes"
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

// load writes events to the topic, payloads interleaved. Keyed, the events of one payload go to one partition; else
// each goes to the next, and a payload reaches the consumer through all partitions, as it does in production.
type load struct {
	keyed      bool
	failing    bool // one payload in eight fails
	client     *kgo.Client
	topic      string
	partitions int32
	began      time.Time
	produced   int
	singles    int
}

func newLoad(ctx context.Context, brokers, topic string, partitions int32, keyed bool) (*load, error) {
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
	return &load{keyed: keyed, client: client, topic: topic, partitions: partitions, began: time.Now().Add(-20 * time.Minute)}, nil
}

func (l *load) close() { l.client.Close() }

// produce writes the next n events and waits until the broker has them all.
func (l *load) produce(ctx context.Context, n int) error {
	var failed error
	for range n {
		i := l.produced
		l.produced++
		l.client.Produce(ctx, l.record(i), func(_ *kgo.Record, err error) {
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

// record is the i-th event, padded to eventBytes.
func (l *load) record(i int) *kgo.Record {
	block, within := i/(interleaved*stepsPerPayload), i%(interleaved*stepsPerPayload)
	number, step := block*interleaved+within%interleaved, within/interleaved
	date := l.began.Add(time.Duration(number)*time.Millisecond + time.Duration(step)*1500*time.Millisecond)
	id := requestID(number)
	s, message := steps[step], went
	if l.failing {
		s.status, message = fate(number, step)
	}
	record := &kgo.Record{Topic: l.topic, Partition: int32(i) % l.partitions, Value: eventJSON(id, s.service, s.status, message, number, date)}
	if l.keyed {
		record.Key, record.Partition = []byte(id), int32(number)%l.partitions
	}
	return record
}

const went = "payload went on as planned; "

// fate is what a step of a payload says where one in eight fails: each in one of the services, for one of some reasons.
func fate(number, step int) (status, message string) {
	ends := [...]int{4, 6, 8, 10}
	if end := ends[number/8%len(ends)]; number%8 == 0 && step == end {
		reasons := [...]string{
			"OperationalError: connection to server at 10.0.%d.7, port 5432 timed out; ", "host validation failed: fqdn node-%d.example.net is too long; ",
			"unexpected status 502 from upstream after %d ms; ", "KeyError: 'installed_rpms' in archive of %d bytes; ",
		}
		return "error", fmt.Sprintf(reasons[number/32%len(reasons)], number)
	}
	return steps[step].status, went
}

// eventJSON is an event that names everything a service can know of a payload; the message fills it up.
func eventJSON(id, service, status, message string, number int, date time.Time) []byte {
	text := fmt.Sprintf(`{"service":%q,"request_id":%q,"account":"%07d","org_id":"%08d","inventory_id":%q,"system_id":%q,"status":%q,"date":%q,"status_msg":"`,
		service, id, number%500, number%500, dashed(requestID(-number-1)), dashed(requestID(-number-1_000_000_000)), status,
		date.UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
	pad := max(eventBytes-len(text)-2, 0)
	return []byte(text + strings.Repeat(message, pad/len(message)+1)[:pad] + `"}`)
}

// requestID is the id of the payload with that number: the same in each run, and spread like real ones.
func requestID(number int) string {
	source := rand.New(rand.NewPCG(uint64(number), 4))
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], source.Uint64())
	binary.BigEndian.PutUint64(id[8:], source.Uint64())
	return hex.EncodeToString(id[:])
}

// produceLarge writes n events of about size bytes, whose messages do not compress well.
func (l *load) produceLarge(ctx context.Context, n, size int) error {
	source := rand.New(rand.NewPCG(7, 8))
	text := make([]byte, size-eventBytes)
	var failed error
	for i := range n {
		for k := range text {
			text[k] = byte('!' + source.IntN(90))
			if text[k] == '"' || text[k] == '\\' {
				text[k] = ' '
			}
		}
		value := bytes.Replace(eventJSON(requestID(i), "puptoo", "error", went, i, l.began), []byte(`"status_msg":"`), append([]byte(`"status_msg":"`), text...), 1)
		l.client.Produce(ctx, &kgo.Record{Topic: l.topic, Partition: int32(i) % l.partitions, Value: value}, func(_ *kgo.Record, err error) {
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

// steady writes events of new payloads at a rate until ctx ends.
func (l *load) steady(ctx context.Context, perSecond int) {
	const ticks = 50
	ticker := time.NewTicker(time.Second / ticks)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for range perSecond / ticks {
				i := l.produced
				l.produced++
				record := l.record(i)
				l.client.Produce(ctx, record, nil)
			}
		}
	}
}

func dashed(id string) string {
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}

// one writes a single event of a payload that nobody has seen, and gives the payload's id.
func (l *load) one(ctx context.Context) (string, error) {
	l.singles++
	number := 1<<30 + l.singles
	id := requestID(number)
	record := &kgo.Record{Topic: l.topic, Partition: int32(number % int(l.partitions)), Value: eventJSON(id, "ingress", "received", went, number, time.Now())}
	return id, l.client.ProduceSync(ctx, record).FirstErr()
}

// stored is the number of payloads that the load has written whole.
func (l *load) stored() int { return l.produced / (interleaved * stepsPerPayload) * interleaved }
