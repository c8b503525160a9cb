// Package consumer brings status events from Kafka into the store.
//
// Two goroutines share one open batch: the reader polls, decodes and fills
// it; the writer takes it when it is due, has its dead letters acknowledged,
// and stores it with the partitions' positions in one transaction. So the
// next batch is decoded while one is stored, and memory holds two batches at
// most.
//
// The positions in the database are the truth: they move by compare-and-set
// in the transaction that stores the events, so it does not matter who else
// believes to own a partition. Kafka's own commits follow for lag tools.
package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// Consumer takes events in. Make it with New, run it once.
type Consumer struct {
	config    Config
	logger    *slog.Logger
	metrics   *metrics
	tracer    tracer
	health    health
	countOnly map[string]bool
}

// New checks the settings. It connects to nothing yet.
func New(config Config) (*Consumer, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	c := &Consumer{
		config:    config,
		logger:    config.Logger.With(slog.String("topic", config.Topic), slog.String("group", config.Group)),
		metrics:   newMetrics(config.Registerer),
		tracer:    newTracer(config.Traces),
		countOnly: map[string]bool{},
	}
	for _, id := range config.CountOnly {
		c.countOnly[id] = true
	}
	c.health.set(waitGroup, notJoined)
	return c, nil
}

const notJoined = "it has not joined its group yet"

// What ends a session, so that the next one looks up where to start: the
// positions of a topic mean nothing in one made again under its name, and an
// operator may delete positions under a running consumer.
var (
	errTopicMadeAgain = errors.New("the topic was deleted and made again")
	errPositionGone   = errors.New("a position was deleted")
)

// Run consumes until ctx ends, then finishes or abandons its batch, leaves
// the group, and returns nil: within 10 s. Databases, brokers and topics that
// are away are waited for; only settings the Kafka client refuses are errors.
func (c *Consumer) Run(ctx context.Context) error {
	for {
		err := c.runSession(ctx)
		if ctx.Err() != nil {
			c.health.set(waitGroup, "it has stopped")
		}
		if !errors.Is(err, errTopicMadeAgain) && !errors.Is(err, errPositionGone) {
			return err
		}
		c.logger.Error("joining the group anew to look up where to start", slog.Any("cause", err))
	}
}

// session is one membership of the group, from the client's making to its
// end.
type session struct {
	c      *Consumer
	client *kgo.Client
	admin  *kadm.Client
	made   chan struct{}           // closed when client and admin are set: the group joins before
	end    context.CancelCauseFunc // ends the session

	room chan struct{} // an open batch was taken

	mu        sync.Mutex // guards what follows
	parts     map[int32]*partition
	lanes     []*lane            // the slice itself never changes
	wake      context.CancelFunc // ends the poll that waits
	topicID   [16]byte
	stuck     map[int32]bool
	failed    map[int32]string // how a partition could not be read last
	refusedAt time.Time        // when the broker last said that we may not read
}

// flight is a batch on its way into the store.
type flight struct {
	batch   *batch
	done    chan struct{}
	cancel  context.CancelFunc // ends the attempt under way; nil between attempts
	waiting bool               // between attempts
}

func (c *Consumer) runSession(ctx context.Context) error {
	running, end := context.WithCancelCause(ctx)
	defer end(nil)
	c.health.set(waitGroup, notJoined)
	s := &session{
		c: c, end: end, made: make(chan struct{}), room: make(chan struct{}, 1),
		parts: map[int32]*partition{}, stuck: map[int32]bool{}, failed: map[int32]string{},
	}
	for number := range c.config.Lanes {
		s.lanes = append(s.lanes, newLane(number))
	}
	sizer := &fetchSizer{}
	opts := append(c.config.groupOpts(),
		kgo.WithHooks(sizer),
		kgo.AdjustFetchOffsetsFn(s.startOffsets),
		kgo.OnPartitionsAssigned(s.assigned),
		kgo.OnPartitionsRevoked(s.revoked),
		kgo.OnPartitionsLost(s.lost),
	)
	var err error
	if s.client, err = kgo.NewClient(append(opts, c.config.KafkaOpts...)...); err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	s.admin = kadm.NewClient(s.client)
	sizer.use(s.client)
	close(s.made)
	var tasks errgroup.Group
	tasks.Go(func() error { s.read(running); return nil })
	for _, l := range s.lanes {
		tasks.Go(func() error { s.write(running, l); return nil })
	}
	tasks.Go(func() error { s.watch(running); return nil })
	_ = tasks.Wait()
	s.leave(context.WithoutCancel(ctx))
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(running)
}

// leave gives the partitions back at once, so that the others need not wait
// for the session to time out.
func (s *session) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	s.client.AllowRebalance()
	if err := s.client.LeaveGroupContext(ctx); err != nil {
		s.c.logger.Warn("could not leave the group in order", slog.Any("error", err))
	}
	s.client.CloseAllowingRebalance()
	s.c.metrics.assigned.Set(0)
	s.c.health.clearAll()
}
