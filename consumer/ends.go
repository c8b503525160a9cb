package consumer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload"
)

const (
	endsPatience = time.Second     // for the broker, while somebody waits for the answer
	endsFresh    = 2 * time.Second // so long an answer serves all who ask, an error too
)

// Ends tells how far the topic goes, also where nothing is consumed. It
// connects when it is first asked.
type Ends struct {
	config Config

	mu     sync.Mutex // held while the broker is asked: who comes meanwhile has the same answer
	client *kgo.Client
	asked  time.Time
	ends   map[int32]int64
	err    error
}

// NewEnds uses of config what says where the topic is and how Kafka is
// reached.
func NewEnds(config Config) *Ends { return &Ends{config: config.withDefaults()} }

// Of is the offset after the last record of each partition. While the broker
// is away it fails within a second or so: UNAVAILABLE. So it does where the
// broker knows some of the ends; these it gives beside the error.
func (e *Ends) Of(ctx context.Context) (map[int32]int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Since(e.asked) < endsFresh {
		return e.ends, e.err
	}
	ends, err := e.look(context.WithoutCancel(ctx)) // the answer is not the asker's alone
	if err != nil {
		if e.err == nil {
			e.config.Logger.WarnContext(ctx, "the ends of the topic are not known", slog.String("topic", e.config.Topic), slog.Any("error", err))
		}
		err = payload.Errorf(payload.CodeUnavailable, "how far topic %s goes is not known: %s", e.config.Topic, endsHindrance(err))
	}
	e.ends, e.err, e.asked = ends, err, time.Now()
	return e.ends, e.err
}

func (e *Ends) look(ctx context.Context) (map[int32]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, endsPatience)
	defer cancel()
	if e.client == nil {
		client, err := kgo.NewClient(append(e.config.brokerOpts(), e.config.KafkaOpts...)...)
		if err != nil {
			return nil, err
		}
		e.client = client
	}
	listed, err := kadm.NewClient(e.client).ListEndOffsets(ctx, e.config.Topic)
	if err != nil {
		return nil, err
	}
	ends := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Err == nil {
			ends[o.Partition] = o.Offset
		}
	})
	if err := listed.Error(); err != nil || len(ends) > 0 {
		return ends, err
	}
	return nil, kerr.UnknownTopicOrPartition
}

// endsHindrance says why not all ends are known.
func endsHindrance(err error) string {
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return "the broker has no such topic"
	}
	return hindrance(err)
}

// Close ends the connections.
func (e *Ends) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client != nil {
		e.client.Close()
	}
}
