package consumer

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// read polls until ctx ends. A rebalance is blocked only from a poll to the
// end of its records' decoding: so records in hand belong to the partitions
// as they are assigned.
func (s *session) read(ctx context.Context) {
	var poll pollSizer
	for vain := 0; s.awaitRoom(ctx); {
		fetches := s.client.PollRecords(s.pollContext(ctx), poll.size())
		moved := s.seek()
		failed := s.readErrors(fetches)
		records, bytes := 0, 0
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			for _, r := range p.Records {
				records, bytes = records+1, bytes+len(r.Value)
			}
			if p.Topic == s.c.config.Topic && !moved[p.Partition] && len(p.Records) > 0 {
				s.readRecords(p.Partition, p.Records)
			}
		})
		s.client.AllowRebalance()
		poll.learn(records, bytes)
		// A broker that refuses does so at once, and would again.
		switch {
		case !failed:
			vain = 0
		case records > 0:
			sleep(ctx, backoff(0))
		default:
			sleep(ctx, backoff(vain))
			vain++
		}
	}
}

// pollContext ends with ctx, and when a partition must be read from elsewhere.
func (s *session) pollContext(ctx context.Context) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake != nil {
		s.wake()
	}
	ctx, s.wake = context.WithCancel(ctx)
	for _, p := range s.parts {
		if p.seek {
			s.wake()
		}
	}
	return ctx
}

// seek moves fetching to where partitions must be read from, and says which
// moved: what a poll has just brought of them is from before.
func (s *session) seek() map[int32]bool {
	s.mu.Lock()
	moved := map[int32]bool{}
	offsets := map[int32]kgo.EpochOffset{}
	for number, p := range s.parts {
		if p.seek {
			p.seek, moved[number] = false, true
			offsets[number] = kgo.EpochOffset{Epoch: -1, Offset: p.read}
		}
	}
	s.mu.Unlock()
	if len(offsets) > 0 {
		s.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{s.c.config.Topic: offsets})
	}
	return moved
}

func (s *session) readRecords(number int32, records []*kgo.Record) {
	s.mu.Lock()
	owner := s.parts[number]
	if owner == nil {
		s.mu.Unlock()
		return
	}
	read := owner.read
	if records[0].Offset > read {
		owner.gap = read
	}
	delete(s.failed, number)
	s.refusedAt = time.Time{}
	unstuck := s.stuck[number]
	s.mu.Unlock()
	if unstuck {
		s.setStuck(number, false, "")
	}
	c, backward := s.decode(owner, read, records)
	s.add(c)
	if backward && c.rows == 0 {
		// Nothing told us that the log was cut: ask for what we expect, and
		// the broker says what became of it.
		s.mu.Lock()
		owner.seek = s.parts[number] == owner
		s.mu.Unlock()
		s.c.metrics.positionResets.WithLabelValues(causeBackward).Inc()
		s.c.logger.Error("Kafka sent records from before the position", slog.Int("partition", int(number)), slog.Int64("offset", records[0].Offset), slog.Int64("position", read))
	}
}

// readErrors reads every error of a poll, since some are said only once, and
// tells whether there was one.
func (s *session) readErrors(fetches kgo.Fetches) (failed bool) {
	fetches.EachError(func(_ string, number int32, err error) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, kgo.ErrClientClosed) {
			return
		}
		failed = true
		s.c.metrics.consumeErrors.Inc()
		if loss, ok := errors.AsType[*kgo.ErrDataLoss](err); ok {
			s.logCut(loss)
			return
		}
		if errors.Is(err, kerr.TopicAuthorizationFailed) {
			s.mu.Lock()
			s.refusedAt = time.Now()
			s.mu.Unlock()
		}
		if tooLarge, ok := errors.AsType[*kgo.ErrDecompressTooLarge](err); ok {
			s.setStuck(number, true, "partition "+strconv.Itoa(int(number))+" is stuck at offset "+strconv.FormatInt(tooLarge.Offset, 10)+
				": that batch decompresses past the limit; raise the limit")
		}
		if session, ok := errors.AsType[*kgo.ErrGroupSession](err); ok {
			s.c.health.set(waitGroup, "it cannot join its group: "+session.Err.Error())
		}
		if s.isNews(number, err) {
			s.c.logger.Error("could not read from Kafka", slog.Int("partition", int(number)), slog.Any("error", err))
		}
	})
	return failed
}

// isNews tells whether an error of a partition is another than the one before,
// if nothing was read of it since.
func (s *session) isNews(number int32, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.failed[number]
	s.failed[number] = err.Error()
	return before != s.failed[number]
}

// logCut: the broker lost what it had acknowledged, and the client has gone
// back to where the log was cut. The records that stand there now are read;
// content dedupe takes care of those that were stored before.
func (s *session) logCut(loss *kgo.ErrDataLoss) {
	s.c.metrics.positionResets.WithLabelValues(causeLogCut).Inc()
	s.c.logger.Error("the broker lost records; reading on from where its log was cut", slog.Int("partition", int(loss.Partition)),
		slog.Int64("position", loss.ConsumedTo), slog.Int64("offset", loss.ResetTo))
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.parts[loss.Partition]; p != nil {
		p.read = loss.ResetTo
	}
}

func (s *session) setStuck(number int32, stuck bool, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stuck {
		s.stuck[number] = true
		s.c.health.set(waitPartition+strconv.Itoa(int(number)), reason)
	} else {
		delete(s.stuck, number)
		s.c.health.clear(waitPartition + strconv.Itoa(int(number)))
	}
	s.c.metrics.stuckPartitions.Set(float64(len(s.stuck)))
}
