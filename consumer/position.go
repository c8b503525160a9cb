package consumer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/store"
)

// startOffsets is called by the client between an assignment and the first
// fetch, with the offsets that the group committed in Kafka; what it returns
// is fetched. It waits for the database and the broker as long as the
// assignment stands: the client keeps the membership alive meanwhile.
func (s *session) startOffsets(ctx context.Context, committed map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-s.made
	topic := s.c.config.Topic
	if len(committed[topic]) == 0 {
		return committed, nil
	}
	for try := 0; ; try++ {
		err := s.lookUp(ctx, committed[topic])
		if err == nil {
			if s.c.health.clear(waitPositions) {
				s.c.logger.Info("the positions are known")
			}
			return committed, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if s.c.health.set(waitPositions, "the positions of its partitions could not be looked up") {
			s.c.logger.Error("the positions could not be looked up; trying until they are", slog.Any("error", err))
		}
		if !sleep(ctx, backoff(try)) {
			return nil, ctx.Err()
		}
	}
}

// lookUp replaces offsets by those to fetch from, and takes the partitions
// into the session.
func (s *session) lookUp(ctx context.Context, offsets map[int32]kgo.Offset) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c := s.c.config
	log, err := s.lookAtLog(ctx)
	if err != nil {
		return err
	}
	positions, err := c.Store.Positions(ctx, c.Group, c.Topic)
	if err != nil {
		return err
	}
	found := map[int32]*partition{}
	epochs := map[int32]int32{}
	for number, committed := range offsets {
		first, last, err := log.ends(c.Topic, number)
		if err != nil {
			return err
		}
		position, known := positions[number]
		if !known {
			next := committed.EpochOffset().Offset // negative: the group committed none
			if next < 0 && c.Reset == ResetLatest {
				next = last
			} else if next < 0 {
				next = first
			}
			if next, err = c.Store.InitPosition(ctx, c.Group, c.Topic, log.topicID, number, next); err != nil {
				return err
			}
			position = store.Position{Next: next, LeaderEpoch: -1, TopicID: log.topicID}
		}
		found[number], epochs[number] = s.startOf(number, position, log.topicID, first, last)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for number, p := range found {
		offsets[number] = kgo.NewOffset().At(p.read).WithEpoch(epochs[number])
		s.parts[number] = p
		s.drop(number)
	}
	s.topicID = log.topicID
	s.c.metrics.assigned.Set(float64(len(s.parts)))
	return nil
}

// What makes a position no longer match the topic.
const (
	causeMadeAgain = "topic_made_again"
	causeDeleted   = "deleted"
	causeBeyondEnd = "beyond_end"
	causeLogCut    = "log_cut"
	causeBackward  = "backward"
)

var resetCauses = []string{causeMadeAgain, causeDeleted, causeBeyondEnd, causeLogCut, causeBackward}

// startOf says where reading a partition starts: at the database's position,
// where the log still has it. What the log has no more is lost, and said
// aloud; what it has again is read again, since content dedupe takes care.
func (s *session) startOf(number int32, position store.Position, topicID [16]byte, first, last int64) (*partition, int32) {
	p := &partition{
		number: number, topicID: topicID, gap: -1,
		next: position.Next, read: position.Next, stored: position.Next, told: -1,
	}
	var cause, reason string
	switch {
	case position.TopicID != topicID && position.TopicID != [16]byte{} && topicID != [16]byte{}:
		cause, reason = causeMadeAgain, "the topic was made again since the position was stored; reading the new one from its start"
	case position.Next < first:
		cause, reason = causeDeleted, "the broker deleted records before they were read; reading on from its first"
	case position.Next > last && position.LeaderEpoch < 0:
		cause, reason = causeBeyondEnd, "the position is past the end of the log; reading the log from its start"
	default:
		// Past the end with an epoch: the client asks the broker where the
		// log was cut.
		return p, position.LeaderEpoch
	}
	p.read = first
	s.c.metrics.positionResets.WithLabelValues(cause).Inc()
	s.c.logger.Error("the position does not match the topic", slog.String("reason", reason),
		slog.Int("partition", int(number)), slog.Int64("position", position.Next), slog.Int64("first", first), slog.Int64("end", last))
	return p, -1
}

// brokerLog is what the broker says of the topic.
type brokerLog struct {
	topicID     [16]byte
	first, last kadm.ListedOffsets
}

func (s *session) lookAtLog(ctx context.Context) (brokerLog, error) {
	return lookAtLog(ctx, s.admin, s.c.config.Topic)
}

func lookAtLog(ctx context.Context, admin *kadm.Client, topic string) (l brokerLog, err error) {
	details, err := admin.ListTopics(ctx, topic)
	if err != nil {
		return l, fmt.Errorf("ask for topic %s: %w", topic, err)
	}
	if err := details[topic].Err; err != nil {
		return l, fmt.Errorf("topic %s: %w", topic, err)
	}
	l.topicID = details[topic].ID
	if l.first, err = admin.ListStartOffsets(ctx, topic); err != nil {
		return l, fmt.Errorf("first offsets of %s: %w", topic, err)
	}
	if l.last, err = admin.ListEndOffsets(ctx, topic); err != nil {
		return l, fmt.Errorf("last offsets of %s: %w", topic, err)
	}
	return l, nil
}

// ends are a partition's first offset, and the one after its last.
func (l brokerLog) ends(topic string, number int32) (first, last int64, err error) {
	start, ok := l.first.Lookup(topic, number)
	end, okEnd := l.last.Lookup(topic, number)
	switch {
	case !ok || !okEnd:
		return 0, 0, fmt.Errorf("offsets of %s/%d: %w", topic, number, kerr.UnknownTopicOrPartition)
	case start.Err != nil:
		return 0, 0, fmt.Errorf("first offset of %s/%d: %w", topic, number, start.Err)
	case end.Err != nil:
		return 0, 0, fmt.Errorf("last offset of %s/%d: %w", topic, number, end.Err)
	}
	return start.Offset, end.Offset, nil
}

// assigned is called when the group has been joined, also with no partition.
func (s *session) assigned(_ context.Context, _ *kgo.Client, got map[string][]int32) {
	if s.c.health.clear(waitGroup) {
		s.c.logger.Info("joined the group")
	}
	s.c.logger.Info("partitions assigned", slog.Any("partitions", got[s.c.config.Topic]))
}

// revoked gives partitions back. Rows that wait are dropped: the next owner
// reads them. A batch being stored may finish for as long as Hold; then it is
// dropped too, and whether its transaction came through is for the positions
// to say.
func (s *session) revoked(ctx context.Context, _ *kgo.Client, gone map[string][]int32) {
	numbers := gone[s.c.config.Topic]
	if len(numbers) == 0 {
		return
	}
	<-s.made
	s.mu.Lock()
	for _, number := range numbers {
		s.drop(number)
	}
	var flying []*flight
	for _, l := range s.lanes {
		if f := l.flying; f != nil && !f.waiting && f.holds(numbers) {
			flying = append(flying, f)
		}
	}
	s.mu.Unlock()
	held, stop := context.WithTimeout(ctx, s.c.config.Hold)
	defer stop()
	for _, f := range flying {
		select {
		case <-f.done:
		case <-held.Done():
		}
	}
	s.tellKafka(ctx, numbers, true)
	s.forget(numbers)
}

// lost is called when the group has already given the partitions to others.
func (s *session) lost(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	numbers := gone[s.c.config.Topic]
	if len(numbers) == 0 {
		return
	}
	s.c.logger.Warn("the group gave the partitions to others", slog.Any("partitions", numbers))
	s.forget(numbers)
}

func (s *session) forget(numbers []int32) {
	s.c.logger.Info("partitions given back", slog.Any("partitions", numbers))
	s.mu.Lock()
	for _, number := range numbers {
		s.drop(number)
		delete(s.parts, number)
		s.c.metrics.lag.DeleteLabelValues(fmt.Sprint(number))
	}
	for _, l := range s.lanes {
		if f := l.flying; f != nil && f.cancel != nil && f.holds(numbers) {
			f.cancel() // what remains of the batch is tried again without them
		}
	}
	s.c.metrics.assigned.Set(float64(len(s.parts)))
	s.mu.Unlock()
	for _, number := range numbers {
		s.setStuck(number, false, "")
	}
}

func (f *flight) holds(numbers []int32) bool {
	for _, number := range numbers {
		if f.batch.stretches[number] != nil {
			return true
		}
	}
	return false
}
