package consumer

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/payload-tracker/payload-tracker/exemplar"
	"github.com/payload-tracker/payload-tracker/store"
)

// write stores a lane's batches until ctx ends; the one under way then has
// StopGrace to finish.
func (s *session) write(ctx context.Context, l *lane) {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(s.c.config.StopGrace, cancel)
	})()
	for {
		f := s.take(ctx, l)
		if f == nil {
			return
		}
		s.store(ctx, hard, f)
		s.mu.Lock()
		l.flying = nil
		s.mu.Unlock()
		close(f.done)
	}
}

// store writes a batch's dead letters and then its rows, and goes on trying
// until it succeeds, no partition of it is left, or ctx ends; hard ends an
// attempt under way.
func (s *session) store(ctx, hard context.Context, f *flight) {
	start, stored := time.Now(), false
	hard, span := s.c.tracer.start(hard, &s.c.config, f.batch)
	defer func() { end(span, stored) }()
	for try := 0; ; try++ {
		live := s.live(f.batch)
		if len(live) == 0 {
			return
		}
		attempt, cancel := context.WithTimeout(hard, s.c.config.IngestTimeout)
		s.setFlight(f, cancel)
		err := s.attempt(attempt, live)
		cancel()
		if err == nil {
			stored = true
			s.c.observeBatch(hard, f.batch, live, start)
			return
		}
		if ctx.Err() != nil {
			s.c.logger.Warn("stopped before a batch was stored; it will be read again", slog.Int("rows", f.batch.rows), slog.Any("error", err))
			return
		}
		s.setFlight(f, nil)
		if !sleep(ctx, backoff(try)) {
			return
		}
	}
}

// setFlight says how to end the attempt under way, or that there is none: a
// rebalance does not wait for a batch that itself waits for the database.
func (s *session) setFlight(f *flight, cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.cancel, f.waiting = cancel, cancel == nil
}

// attempt has dead letters acknowledged, and then stores the rest: with the
// events that the database refuses among the dead letters.
func (s *session) attempt(ctx context.Context, live []*stretch) error {
	if err := s.sendLetters(ctx, live); err != nil {
		return err
	}
	for {
		b := store.Batch{Group: s.c.config.Group, Parts: make([]store.Part, len(live))}
		for i, st := range live {
			b.Parts[i] = st.part
		}
		result, err := s.c.config.Store.Ingest(ctx, b)
		if refusal, ok := errors.AsType[*store.Refusal](err); ok {
			if err := s.sendRefused(ctx, live, refusal.Events); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			s.c.metrics.ingestRetries.Inc()
			s.databaseAway(ctx, live, err)
			return err
		}
		if s.c.health.clear(s.waitFor(live)) {
			s.c.logger.Info("the database takes events again")
		}
		outcome(ctx, result, live)
		s.settle(live, result)
		return nil
	}
}

// waitFor names the wait of a lane for the database: one may be refused while
// the other goes on.
func (s *session) waitFor(live []*stretch) string {
	return waitDatabase + strconv.Itoa(s.lane(live[0].part.Partition).number)
}

func (s *session) databaseAway(ctx context.Context, live []*stretch, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // we ended it ourselves: a rebalance, or the end
	}
	reason := store.Hindrance(err) + "; the batch is tried again until it is stored"
	failed(ctx, reason)
	if s.c.health.set(s.waitFor(live), reason) {
		s.c.logger.ErrorContext(ctx, "a batch could not be stored", slog.String("reason", reason), slog.Any("error", err))
	}
}

// settle notes where the positions stand after a batch.
func (s *session) settle(live []*stretch, result store.Result) {
	m := s.c.metrics
	m.stored.Add(float64(result.Stored))
	m.repeated.Add(float64(result.Repeated))
	m.late.Add(float64(result.Late))
	m.processed.Add(float64(result.Stored + result.Repeated))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range live {
		st.owner.stored = st.part.To
	}
	for _, l := range result.Lost {
		for _, st := range live {
			if st.part.Partition == l.Partition && l.Position != st.part.To {
				s.moved(st, l.Position)
			}
			// A position that stands at To was moved by this very batch: an
			// earlier attempt whose answer was lost.
		}
	}
}

// moved: someone else has moved a partition's position. Whatever was read of
// it is dropped, and reading goes on from that position. Under s.mu.
func (s *session) moved(st *stretch, position int64) {
	s.c.metrics.lostPartitions.Inc()
	s.c.logger.Warn("another consumer moved a position; reading on from there",
		slog.Int("partition", int(st.part.Partition)), slog.Int64("expected", st.part.From), slog.Int64("position", position))
	if s.parts[st.part.Partition] != st.owner {
		return
	}
	if position < 0 {
		// The row was deleted: an assignment looks up where to start.
		delete(s.parts, st.part.Partition)
		s.drop(st.part.Partition)
		s.end(errPositionGone)
		return
	}
	s.parts[st.part.Partition] = &partition{
		number: st.part.Partition, topicID: st.owner.topicID, gap: -1,
		next: position, read: position, stored: position, told: st.owner.told, seek: true,
	}
	s.drop(st.part.Partition)
	if s.wake != nil {
		s.wake()
	}
}

func (c *Consumer) observeBatch(ctx context.Context, b *batch, live []*stretch, start time.Time) {
	rows := 0
	for _, st := range live {
		rows += len(st.part.Events) + len(st.letters)
	}
	c.metrics.batchRows.Observe(float64(rows))
	exemplar.Observe(ctx, c.metrics.batchSeconds, time.Since(start))
	exemplar.Observe(ctx, c.metrics.processSeconds, time.Since(b.since))
}

// backoff is how long to wait before the next attempt: doubling from 100 ms
// to 5 s, with jitter so that many consumers do not come back at once.
func backoff(try int) time.Duration {
	most := min(100*time.Millisecond<<min(try, 6), 5*time.Second)
	return most/2 + rand.N(most/2)
}

// sleep waits; false when ctx ended meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
