package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload"
)

const (
	lookPatience   = 15 * time.Second // for what a broker knows at once
	letterPatience = 30 * time.Second // for the next letters
)

// DeadLetters is the dead-letter topic as those see it who look after it.
type DeadLetters struct {
	config Config
	client *kgo.Client
	admin  *kadm.Client
}

// OpenDeadLetters uses of config what says where the topic is and how Kafka
// is reached, the decoder, and for Replay the store. It connects to nothing
// yet.
func OpenDeadLetters(config Config) (*DeadLetters, error) {
	config = config.withDefaults()
	if len(config.Brokers) == 0 || config.Topic == "" {
		return nil, errors.New("dead letters: no brokers, or no topic")
	}
	client, err := kgo.NewClient(append(config.replayOpts(), config.KafkaOpts...)...)
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	return &DeadLetters{config: config, client: client, admin: kadm.NewClient(client)}, nil
}

// Close ends the connections.
func (d *DeadLetters) Close() { d.client.Close() }

// Topic is the name of the dead-letter topic.
func (d *DeadLetters) Topic() string { return d.config.DeadLetterTopic }

// DeadLetter is a message that was no event, as it stands in its topic.
type DeadLetter struct {
	LetterPosition
	Time     time.Time      // when the message was sent
	Reason   payload.Reason // "" for a record that no consumer of ours wrote
	Message  string         // what is wrong
	Service  string         // as far as it can be read
	Attempts int            // how often it was sent again before

	Topic         string // where the message stood
	FromPartition int32
	FromOffset    int64

	Truncated bool // only its beginning is kept
	Size      int  // of the message's value, in bytes

	Value  []byte
	record *kgo.Record
	own    []kgo.RecordHeader // the message's headers, without those added to the letter
}

// LetterPosition is where a letter stands in the dead-letter topic.
type LetterPosition struct {
	Partition int32
	Offset    int64
}

func (p LetterPosition) String() string { return fmt.Sprintf("%d:%d", p.Partition, p.Offset) }

// LetterFilter chooses dead letters; all that is given must hold.
type LetterFilter struct {
	Reasons, Services []string
	Since, Until      time.Time // [Since, Until) of when the message was sent
	At                []LetterPosition
}

func (f *LetterFilter) takes(l *DeadLetter) bool {
	return (len(f.Reasons) == 0 || slices.Contains(f.Reasons, string(l.Reason))) &&
		(len(f.Services) == 0 || slices.Contains(f.Services, l.Service)) &&
		(f.Since.IsZero() || !l.Time.Before(f.Since)) &&
		(f.Until.IsZero() || l.Time.Before(f.Until)) &&
		(len(f.At) == 0 || slices.Contains(f.At, l.LetterPosition))
}

// narrow leaves of a partition's [first, last) what can hold chosen letters.
func (f *LetterFilter) narrow(number int32, first, last int64) (int64, int64) {
	if len(f.At) == 0 {
		return first, last
	}
	least, most := last, first
	for _, at := range f.At {
		if at.Partition == number {
			least, most = min(least, at.Offset), max(most, at.Offset+1)
		}
	}
	return max(first, least), min(last, most)
}

// Read hands over the chosen letters that are there now; those of a partition
// come in order.
func (d *DeadLetters) Read(ctx context.Context, filter LetterFilter, each func(*DeadLetter) error) error {
	log, err := d.look(ctx)
	if err != nil {
		return err
	}
	return d.read(ctx, log, filter, each)
}

// look finds where the topic begins and ends: what is written later is not
// read, or a replay would meet the letters it causes itself.
func (d *DeadLetters) look(ctx context.Context) (brokerLog, error) {
	look, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	log, err := lookAtLog(look, d.admin, d.config.DeadLetterTopic)
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return log, fmt.Errorf("the dead-letter topic %s does not exist: a consumer makes it when it starts", d.config.DeadLetterTopic)
	case err != nil && ctx.Err() == nil && look.Err() != nil:
		return log, fmt.Errorf("no answer from Kafka at %s: %w", strings.Join(d.config.Brokers, ", "), err)
	}
	return log, err
}

func (d *DeadLetters) read(ctx context.Context, log brokerLog, filter LetterFilter, each func(*DeadLetter) error) error {
	ends, starts, err := d.stretches(log, &filter)
	if err != nil || len(ends) == 0 {
		return err
	}
	opts := append(d.config.brokerOpts(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{d.config.DeadLetterTopic: starts}),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), // letters deleted meanwhile: those that are left
		kgo.MaxConcurrentFetches(2), kgo.FetchMaxBytes(firstFetchBytes), kgo.FetchMaxPartitionBytes(firstFetchBytes),
		kgo.KeepControlRecords(), // the end may be one
	)
	client, err := kgo.NewClient(append(opts, d.config.KafkaOpts...)...)
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	defer client.Close()
	for len(ends) > 0 {
		poll, cancel := context.WithTimeout(ctx, letterPatience)
		fetches := client.PollRecords(poll, mostPoll)
		cancel()
		if err := d.fetchError(ctx, fetches); err != nil {
			return err
		}
		if err := d.readFetches(client, fetches, ends, &filter, each); err != nil {
			return err
		}
		if fetches.NumRecords() == 0 {
			if err := d.forgetDeleted(ctx, ends); err != nil {
				return err
			}
		}
	}
	return nil
}

// stretches are the end and the start of each partition that can hold
// chosen letters.
func (d *DeadLetters) stretches(log brokerLog, filter *LetterFilter) (ends map[int32]int64, starts map[int32]kgo.Offset, err error) {
	ends, starts = map[int32]int64{}, map[int32]kgo.Offset{}
	for number := range log.last[d.config.DeadLetterTopic] {
		first, last, err := log.ends(d.config.DeadLetterTopic, number)
		if err != nil {
			return nil, nil, err
		}
		if first, last = filter.narrow(number, first, last); first < last {
			ends[number], starts[number] = last, kgo.NewOffset().At(first)
		}
	}
	return ends, starts, nil
}

// fetchError is what keeps letters from being read; the client tries again
// by itself what can be tried again.
func (d *DeadLetters) fetchError(ctx context.Context, fetches kgo.Fetches) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var found error
	fetches.EachError(func(_ string, number int32, err error) {
		if _, cut := errors.AsType[*kgo.ErrDataLoss](err); !cut && !errors.Is(err, context.DeadlineExceeded) {
			found = fmt.Errorf("read dead letters of partition %d: %w", number, err)
		}
	})
	return found
}

// readFetches hands over the letters before ends, and takes out of ends the
// partitions that are read.
func (d *DeadLetters) readFetches(client *kgo.Client, fetches kgo.Fetches, ends map[int32]int64, filter *LetterFilter, each func(*DeadLetter) error) error {
	for r := range fetches.RecordsAll() {
		end, open := ends[r.Partition]
		if !open {
			continue
		}
		if r.Offset+1 >= end {
			delete(ends, r.Partition)
			client.PauseFetchPartitions(map[string][]int32{r.Topic: {r.Partition}})
		}
		if r.Offset >= end || r.Attrs.IsControl() {
			continue
		}
		if l := d.letterOf(r); filter.takes(l) {
			if err := each(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetDeleted takes out of ends the partitions whose letters were deleted
// before they could be read.
func (d *DeadLetters) forgetDeleted(ctx context.Context, ends map[int32]int64) error {
	log, err := d.look(ctx)
	if err != nil {
		return err
	}
	before := len(ends)
	for number, end := range ends {
		if first, _, err := log.ends(d.config.DeadLetterTopic, number); err == nil && first >= end {
			delete(ends, number)
		}
	}
	if len(ends) == before {
		return fmt.Errorf("%s gave no dead letters for %v, and has more", d.config.DeadLetterTopic, letterPatience)
	}
	return nil
}

// letterOf reads a record of the dead-letter topic: the last headers are
// those that the letter was given.
func (d *DeadLetters) letterOf(r *kgo.Record) *DeadLetter {
	l := &DeadLetter{
		LetterPosition: LetterPosition{r.Partition, r.Offset}, Time: r.Timestamp, Size: len(r.Value), Value: r.Value,
		record: r, own: r.Headers,
	}
	for i, h := range slices.Backward(r.Headers) {
		if h.Key == headerCode {
			l.own = r.Headers[:i]
			break
		}
	}
	for _, h := range r.Headers[len(l.own):] {
		text := string(h.Value)
		switch h.Key {
		case headerCode:
			l.Reason = payload.Reason(text)
		case headerMessage:
			l.Message = text
		case headerTopic:
			l.Topic = text
		case headerPartition:
			number, _ := strconv.ParseUint(text, 10, 31)
			l.FromPartition = int32(number)
		case headerOffset:
			l.FromOffset, _ = strconv.ParseInt(text, 10, 64)
		case headerTruncated:
			l.Truncated = true
		case headerSize:
			l.Size, _ = strconv.Atoi(text)
		}
	}
	l.Attempts = attempts(l.own)
	event, err := d.config.Decoder.Decode(r.Value)
	l.Service = event.Service
	if rejection, ok := errors.AsType[*payload.Rejection](err); ok {
		l.Service = rejection.Service
	}
	return l
}
