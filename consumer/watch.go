package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// watch tells Kafka the positions once a second, and looks at the topics
// every WatchEvery: whether they are there, and how far behind we are.
func (s *session) watch(ctx context.Context) {
	s.look(ctx)
	tell, look := time.NewTicker(time.Second), time.NewTicker(s.c.config.WatchEvery)
	defer tell.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tell.C:
			s.tellKafka(ctx, nil, false)
		case <-look.C:
			s.look(ctx)
		}
	}
}

// tellKafka commits to Kafka what is stored, so that its lag tools show it;
// best effort: the database's positions are what counts. What Kafka did not
// take it is told again the next second. numbers nil means all partitions;
// sync waits for the answer.
func (s *session) tellKafka(ctx context.Context, numbers []int32, sync bool) {
	s.mu.Lock()
	offsets := map[int32]kgo.EpochOffset{}
	note := func(p *partition) {
		if p != nil && p.stored != p.told {
			p.told = p.stored
			offsets[p.number] = kgo.EpochOffset{Epoch: -1, Offset: p.stored}
		}
	}
	if numbers == nil {
		for _, p := range s.parts {
			note(p)
		}
	}
	for _, number := range numbers {
		note(s.parts[number])
	}
	s.mu.Unlock()
	if len(offsets) == 0 {
		return
	}
	commit := s.client.CommitOffsets
	if sync {
		commit = s.client.CommitOffsetsSync
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	commit(ctx, map[string]map[int32]kgo.EpochOffset{s.c.config.Topic: offsets},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) {
				s.c.logger.Debug("Kafka was not told the positions", slog.Any("error", err))
			}
			s.untold(offsets, taken(answer))
		})
}

// taken are the partitions whose position Kafka has taken.
func taken(answer *kmsg.OffsetCommitResponse) map[int32]bool {
	numbers := map[int32]bool{}
	if answer == nil {
		return numbers
	}
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			numbers[p.Partition] = p.ErrorCode == 0
		}
	}
	return numbers
}

// untold notes which positions Kafka has not taken.
func (s *session) untold(offsets map[int32]kgo.EpochOffset, taken map[int32]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for number, offset := range offsets {
		if p := s.parts[number]; p != nil && p.told == offset.Offset && !taken[number] {
			p.told = -1
		}
	}
}

// look asks the broker about both topics.
func (s *session) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, max(s.c.config.WatchEvery, time.Second))
	defer cancel()
	topic, letters := s.c.config.Topic, s.c.config.DeadLetterTopic
	details, err := s.admin.ListTopics(ctx, topic, letters)
	if err != nil {
		if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
			if reason := hindrance(err); s.c.health.set(waitKafka, reason) {
				s.c.logger.Error("Kafka cannot be asked; trying until it can", slog.String("reason", reason), slog.Any("error", err))
			}
		}
		return
	}
	if s.c.health.clear(waitKafka) {
		s.c.logger.Info("Kafka answers again")
	}
	if there := s.lookAtTopic(details[topic]); there {
		s.lookAtLag(ctx)
	}
	s.lookAtRefusals()
	s.lookAtLetters(ctx, details[letters])
}

func (s *session) lookAtTopic(detail kadm.TopicDetail) bool {
	if detail.Err != nil {
		s.c.metrics.topicMissing.Set(1)
		reason := fmt.Sprintf("topic %s does not exist yet", s.c.config.Topic)
		if !errors.Is(detail.Err, kerr.UnknownTopicOrPartition) {
			reason = fmt.Sprintf("topic %s cannot be read: %v", s.c.config.Topic, detail.Err)
		}
		if s.c.health.set(waitTopic, reason) {
			s.c.logger.Warn("waiting for the topic", slog.String("reason", reason))
		}
		return false
	}
	s.c.metrics.topicMissing.Set(0)
	if s.c.health.clear(waitTopic) {
		s.c.logger.Info("the topic is there")
		s.client.ForceMetadataRefresh()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.topicID != [16]byte{} && detail.ID != s.topicID {
		s.end(errTopicMadeAgain) // counted where each position is looked up
		return false
	}
	return true
}

// refusalLasts is how long a refused read counts while nothing is read: it is
// tried again meanwhile.
const refusalLasts = 15 * time.Second

// lookAtRefusals says whether reading was refused lately. A topic that may be
// seen and not be read looks like one where nothing comes.
func (s *session) lookAtRefusals() {
	s.mu.Lock()
	refused := time.Since(s.refusedAt) < refusalLasts
	s.mu.Unlock()
	if refused {
		s.c.health.set(waitRead, "Kafka's user may not read topic "+s.c.config.Topic)
	} else if s.c.health.clear(waitRead) {
		s.c.logger.Info("the topic may be read")
	}
}

// lookAtLag sets the lag of our partitions, and says which records the broker
// deleted before they were read.
func (s *session) lookAtLag(ctx context.Context) {
	log, err := s.lookAtLog(ctx)
	if err != nil {
		s.c.logger.Debug("the lag is not known", slog.Any("error", err))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for number, p := range s.parts {
		first, last, err := log.ends(s.c.config.Topic, number)
		if err != nil {
			continue
		}
		s.c.metrics.lag.WithLabelValues(fmt.Sprint(number)).Set(float64(max(0, last-max(p.stored, first))))
		if p.gap >= 0 && p.gap < first {
			s.c.metrics.positionResets.WithLabelValues(causeDeleted).Inc()
			s.c.logger.Error("the broker deleted records before they were read", slog.Int("partition", int(number)), slog.Int64("position", p.gap), slog.Int64("first", first))
		}
		p.gap = -1
	}
}
