package consumer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// reasonRefused marks an event that the database refused for what it contains.
const reasonRefused payload.Reason = "refused"

// The headers added to a dead letter: those of Kafka Connect where it has one.
const (
	headerCode      = "error.code"
	headerMessage   = "error.message"
	headerTopic     = "__connect.errors.topic"
	headerPartition = "__connect.errors.partition"
	headerOffset    = "__connect.errors.offset"
	headerTruncated = "truncated"
	headerSize      = "size"
	headerSHA256    = "sha256"
)

const (
	keptBytes  = 64 << 10  // of a value or key that the topic refuses for its size
	chunkBytes = 512 << 10 // of dead letters sent at once, so that small ones pass any topic's limit
)

// letter is a record that is no event.
type letter struct {
	record  *kgo.Record
	reason  payload.Reason
	message string
}

// rejected files a record that the decoder refused.
func (c *Consumer) rejected(to *chunk, record *kgo.Record, err error) {
	l := letter{record: record, message: err.Error()}
	if rejection, ok := errors.AsType[*payload.Rejection](err); ok {
		l.reason, l.message = rejection.Reason, rejection.Detail
		to.counts.Add(rejection.Reason, rejection.Service, record.Offset, record.Value)
		if rejection.Reason == payload.ReasonBadRequestID {
			c.metrics.invalidIDs.Inc()
			if c.countOnly[rejection.RequestID] {
				c.metrics.countedOnly.Inc()
				return
			}
		}
	}
	c.metrics.processErrors.Inc()
	to.letters = append(to.letters, l)
}

// sendLetters has the dead letters of stretches acknowledged.
func (s *session) sendLetters(ctx context.Context, live []*stretch) error {
	for _, st := range live {
		if st.sent || len(st.letters) == 0 {
			continue
		}
		if err := s.send(ctx, st.letters); err != nil {
			return err
		}
		st.sent = true
	}
	return nil
}

// send has letters acknowledged in chunks. An error means that some may not
// be: all are sent again then, since a dead letter twice is better than none.
func (s *session) send(ctx context.Context, letters []letter) error {
	for len(letters) > 0 {
		n, size := 0, 0
		for n < len(letters) && (n == 0 || size+recordSize(letters[n].record) <= chunkBytes) {
			size += recordSize(letters[n].record)
			n++
		}
		if err := s.sendChunk(ctx, letters[:n]); err != nil {
			if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
				if s.c.health.set(waitDeadLetters, "the dead-letter topic "+s.c.config.DeadLetterTopic+" cannot be written"+brokerSays(err)) {
					s.c.logger.Error("dead letters cannot be written; trying until they are",
						slog.String("dead_letter_topic", s.c.config.DeadLetterTopic), slog.Any("error", err))
				}
			}
			return err
		}
		for _, l := range letters[:n] {
			s.c.metrics.deadLetters.WithLabelValues(string(l.reason)).Inc()
		}
		letters = letters[n:]
	}
	if s.c.health.clear(waitDeadLetters) {
		s.c.logger.Info("dead letters are written again")
	}
	return nil
}

func recordSize(r *kgo.Record) int {
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Key) + len(h.Value)
	}
	return size
}

// sendChunk sends letters whole, and those the topic refuses for their size
// cut: first the value, then, if that is not it, key and headers too.
func (s *session) sendChunk(ctx context.Context, letters []letter) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	records := make([]*kgo.Record, len(letters))
	for i, l := range letters {
		records[i] = s.c.deadLetter(l)
	}
	results := s.client.ProduceSync(ctx, records...)
	byRecord := map[*kgo.Record]error{}
	for _, r := range results {
		byRecord[r.Record] = r.Err
	}
	for i, record := range records {
		err := byRecord[record]
		for _, cut := range []func(*kgo.Record, *kgo.Record){cutValue, cutRest} {
			if !errors.Is(err, kerr.MessageTooLarge) {
				break
			}
			smaller := s.c.deadLetter(letters[i])
			cut(smaller, letters[i].record)
			err = s.client.ProduceSync(ctx, smaller).FirstErr()
		}
		if err != nil {
			return fmt.Errorf("dead letter of %s/%d at %d: %w", s.c.config.Topic, letters[i].record.Partition, letters[i].record.Offset, err)
		}
	}
	return nil
}

// deadLetter is a record as it goes to the dead-letter topic: byte for byte,
// with what is wrong in headers.
func (c *Consumer) deadLetter(l letter) *kgo.Record {
	r := l.record
	headers := make([]kgo.RecordHeader, 0, len(r.Headers)+8)
	headers = append(headers, r.Headers...)
	return &kgo.Record{
		Topic: c.config.DeadLetterTopic, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp,
		Headers: append(headers,
			header(headerCode, string(l.reason)),
			header(headerMessage, l.message),
			header(headerTopic, r.Topic),
			header(headerPartition, strconv.Itoa(int(r.Partition))),
			header(headerOffset, strconv.FormatInt(r.Offset, 10)),
		),
	}
}

func header(key, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: key, Value: []byte(value)}
}

func cutValue(dead, original *kgo.Record) {
	sum := sha256.Sum256(original.Value)
	dead.Value = original.Value[:min(len(original.Value), keptBytes)]
	dead.Headers = append(dead.Headers,
		header(headerTruncated, "true"),
		header(headerSize, strconv.Itoa(len(original.Value))),
		header(headerSHA256, hex.EncodeToString(sum[:])),
	)
}

// cutRest also leaves the producer's headers out and cuts the key.
func cutRest(dead, original *kgo.Record) {
	cutValue(dead, original)
	dead.Key = dead.Key[:min(len(dead.Key), keptBytes)]
	dead.Headers = dead.Headers[len(original.Headers):]
}

// sendRefused makes dead letters of the events that the database refused,
// and takes them out of their stretches: the batch is stored without them.
// Their records are read again by their offsets, since to keep every record
// of a batch for this would double its memory.
func (s *session) sendRefused(ctx context.Context, live []*stretch, refused []store.Refused) error {
	slices.SortFunc(refused, func(a, b store.Refused) int { return b.Index - a.Index }) // so that indexes stay right
	for _, r := range refused {
		st := live[r.Part]
		number, offset := st.part.Partition, st.offsets[r.Index]
		attrs := []any{slog.Int("partition", int(number)), slog.Int64("offset", offset), slog.String("request_id", r.Event.RequestID.String())}
		s.c.logger.Error("the database refuses an event", append(attrs, slog.String("service", r.Event.Service), slog.Any("error", r.Err))...)
		record, err := s.recordAt(ctx, number, offset)
		if err == nil {
			err = s.send(ctx, []letter{{record: record, reason: reasonRefused, message: r.Err.Error()}})
		} else if errors.Is(err, errRecordGone) {
			s.c.logger.Error("a refused event is counted only: the broker has deleted its record", attrs...)
			record, err = &kgo.Record{}, nil
		}
		if err != nil {
			return fmt.Errorf("refused event of %s/%d at %d: %w", s.c.config.Topic, number, offset, err)
		}
		s.c.metrics.processErrors.Inc()
		st.part.Letters.Add(reasonRefused, r.Event.Service, offset, record.Value)
		st.part.Events = slices.Delete(st.part.Events, r.Index, r.Index+1)
		st.offsets = slices.Delete(st.offsets, r.Index, r.Index+1)
	}
	return nil
}

var errRecordGone = errors.New("the broker has deleted the record")

// recordAt reads one record.
func (s *session) recordAt(ctx context.Context, number int32, offset int64) (*kgo.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	opts := append(s.c.config.brokerOpts(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{s.c.config.Topic: {number: kgo.NewOffset().At(offset)}}),
		kgo.FetchMaxPartitionBytes(1<<20))
	client, err := kgo.NewClient(append(opts, s.c.config.KafkaOpts...)...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	fetches := client.PollRecords(ctx, 1)
	if err := fetches.Err(); err != nil {
		return nil, err
	}
	for record := range fetches.RecordsAll() {
		if record.Offset == offset {
			return &kgo.Record{
				Topic: record.Topic, Partition: record.Partition, Offset: record.Offset, Timestamp: record.Timestamp,
				Key: bytes.Clone(record.Key), Value: bytes.Clone(record.Value), Headers: record.Headers,
			}, nil
		}
	}
	return nil, errRecordGone
}

// lookAtLetters makes the dead-letter topic where it is missing. It takes
// what the source topic takes, and room for the headers.
func (s *session) lookAtLetters(ctx context.Context, detail kadm.TopicDetail) {
	name := s.c.config.DeadLetterTopic
	err := detail.Err
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		_, err = s.admin.CreateTopic(ctx, -1, -1, s.letterSettings(ctx), name)
		if errors.Is(err, kerr.TopicAlreadyExists) {
			err = nil
		}
		if err == nil {
			s.c.logger.Info("made the dead-letter topic", slog.String("dead_letter_topic", name))
			s.client.ForceMetadataRefresh()
		}
	}
	if err == nil {
		s.c.health.clear(waitLetterTopic)
		return
	}
	if s.c.health.set(waitLetterTopic, fmt.Sprintf("the dead-letter topic %s does not exist and could not be made%s", name, brokerSays(err))) {
		s.c.logger.Error("the dead-letter topic is missing and could not be made; trying on", slog.String("dead_letter_topic", name), slog.Any("error", err))
	}
}

func (s *session) letterSettings(ctx context.Context) map[string]*string {
	configs, err := s.admin.DescribeTopicConfigs(ctx, s.c.config.Topic)
	if err != nil {
		return nil
	}
	for _, resource := range configs {
		for _, config := range resource.Configs {
			if config.Key != "max.message.bytes" {
				continue
			}
			if limit, err := strconv.Atoi(config.MaybeValue()); err == nil {
				return map[string]*string{config.Key: new(strconv.Itoa(limit + 64<<10))}
			}
		}
	}
	return nil
}
