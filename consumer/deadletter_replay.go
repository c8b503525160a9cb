package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/store"
)

// headerAttempts counts how often a message was sent again. It stays with
// the message: should it become a dead letter once more, it says so there.
const headerAttempts = "replay.attempts"

// chunkLetters is how many letters are sent at once at most.
const chunkLetters = 1000

// Replay says which letters to send again.
type Replay struct {
	LetterFilter
	Again  bool // also those that were sent again before
	DryRun bool // only say what would be done
}

// Outcome is what a replay did with a letter.
type Outcome string

// What a replay does with a letter.
const (
	OutcomeSent      Outcome = "sent"
	OutcomeBefore    Outcome = "sent by an earlier replay"
	OutcomeTruncated Outcome = "not sent: only its beginning is kept"
	OutcomeForeign   Outcome = "not sent: it is no dead letter of this topic"
	OutcomeTooLarge  Outcome = "not sent: the topic refuses it for its size"
)

// replayOpts make a client that sends each message to the partition it came
// from, so that those with a key stay together.
func (c Config) replayOpts() []kgo.Opt {
	return append(c.brokerOpts(),
		kgo.ProducerBatchMaxBytes(64<<20),
		kgo.ProducerLinger(0),
		kgo.RecordDeliveryTimeout(30*time.Second),
		kgo.RecordPartitioner(kgo.BasicConsistentPartitioner(func(string) func(*kgo.Record, int) int {
			return func(r *kgo.Record, partitions int) int { return int(r.Partition) % partitions }
		})),
	)
}

// Replay sends dead letters to their topic again, byte for byte, with key and
// headers and the count of attempts, and notes in the store which it sent:
// the next replay leaves them out. Of several replays at once all but the
// first fail, a dry run apart. Letters written after its start, those it
// causes among them, are not read. each hears what became of each letter; a
// crash between sending and noting sends some twice, which stores no event
// twice.
func (d *DeadLetters) Replay(ctx context.Context, replay Replay, each func(*DeadLetter, Outcome)) error {
	if d.config.Store == nil {
		return errors.New("replay: no store")
	}
	log, err := d.look(ctx)
	if err != nil {
		return err
	}
	var lock *store.ReplayLock
	if !replay.DryRun {
		if lock, err = d.config.Store.LockReplays(ctx); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		defer lock.Unlock(ctx)
	}
	replayed, err := d.config.Store.Replayed(ctx, d.config.DeadLetterTopic, log.topicID)
	if err != nil {
		return fmt.Errorf("which letters were sent before: %w", err)
	}
	r := &replayer{DeadLetters: d, options: replay, lock: lock, topicID: log.topicID, replayed: replayed, each: each}
	if err := d.read(ctx, log, replay.LetterFilter, func(l *DeadLetter) error { return r.take(ctx, l) }); err != nil {
		return err
	}
	return r.send(ctx)
}

// replayer is one run of Replay.
type replayer struct {
	*DeadLetters
	options  Replay
	lock     *store.ReplayLock // nil in a dry run
	topicID  [16]byte
	replayed store.Replayed
	each     func(*DeadLetter, Outcome)

	chunk []*DeadLetter // to be sent
	size  int
}

// take sends a letter with others of its like, or says why not.
func (r *replayer) take(ctx context.Context, l *DeadLetter) error {
	switch {
	case l.Topic != r.config.Topic:
		r.each(l, OutcomeForeign)
	case l.Truncated:
		r.each(l, OutcomeTruncated)
	case !r.options.Again && r.replayed.Holds(l.Partition, l.Offset):
		r.each(l, OutcomeBefore)
	case r.options.DryRun:
		r.each(l, OutcomeSent)
	default:
		r.chunk, r.size = append(r.chunk, l), r.size+recordSize(l.record)
		if r.size >= chunkBytes || len(r.chunk) >= chunkLetters {
			return r.send(ctx)
		}
	}
	return nil
}

// send has the chunk acknowledged, then notes what was.
func (r *replayer) send(ctx context.Context) error {
	if len(r.chunk) == 0 {
		return nil
	}
	if err := r.lock.Held(ctx); err != nil {
		return err
	}
	outcomes, err := r.produce(ctx)
	sent := map[int32][]int64{}
	for i, l := range r.chunk {
		if outcomes[i] == OutcomeSent {
			sent[l.Partition] = append(sent[l.Partition], l.Offset)
		}
	}
	// What was sent is noted also when the rest was not, or the run was ended.
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookPatience)
	defer cancel()
	for number, offsets := range sent {
		if noteErr := r.config.Store.MarkReplayed(note, r.config.DeadLetterTopic, r.topicID, number, offsets); noteErr != nil {
			err = errors.Join(err, fmt.Errorf("%d letters of partition %d were sent, which could not be noted: %w", len(offsets), number, noteErr))
		}
	}
	for i, l := range r.chunk {
		if outcomes[i] != "" {
			r.each(l, outcomes[i])
		}
	}
	r.chunk, r.size = nil, 0
	return err
}

// produce sends the chunk; an outcome stays "" where it is not known.
func (r *replayer) produce(ctx context.Context) ([]Outcome, error) {
	records, errs := make([]*kgo.Record, len(r.chunk)), map[*kgo.Record]error{}
	for i, l := range r.chunk {
		records[i] = r.message(l)
	}
	for _, result := range r.client.ProduceSync(ctx, records...) {
		errs[result.Record] = result.Err
	}
	outcomes := make([]Outcome, len(r.chunk))
	var failed error
	for i, l := range r.chunk {
		err := errs[records[i]]
		if errors.Is(err, kerr.MessageTooLarge) { // perhaps only with the others
			err = r.client.ProduceSync(ctx, r.message(l)).FirstErr()
		}
		switch {
		case err == nil:
			outcomes[i] = OutcomeSent
		case errors.Is(err, kerr.MessageTooLarge):
			outcomes[i] = OutcomeTooLarge
		default:
			failed = fmt.Errorf("send dead letter %s to %s: %w", l.LetterPosition, r.config.Topic, err)
		}
	}
	return outcomes, failed
}

// message is what the letter was before it became one, and how often it has
// been sent again with this time.
func (r *replayer) message(l *DeadLetter) *kgo.Record {
	headers := slices.DeleteFunc(slices.Clone(l.own), func(h kgo.RecordHeader) bool { return h.Key == headerAttempts })
	return &kgo.Record{
		Topic: r.config.Topic, Partition: l.FromPartition, Key: l.record.Key, Value: l.record.Value,
		Headers: append(headers, header(headerAttempts, strconv.Itoa(l.Attempts+1))),
	}
}

// attempts is how often the message with these headers was sent again.
func attempts(headers []kgo.RecordHeader) int {
	for _, h := range slices.Backward(headers) {
		if n, err := strconv.Atoi(string(h.Value)); h.Key == headerAttempts && err == nil && n > 0 {
			return n
		}
	}
	return 0
}
