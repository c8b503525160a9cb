package graph

import (
	"cmp"
	"context"
	"slices"

	"github.com/payload-tracker/payload-tracker/store"
)

// TopicConfig says whose taking in is told of.
type TopicConfig struct {
	Group, Name string // the consumer group, and the topic of status events
	// Ends are the offsets after the last records, as the broker tells them.
	Ends func(context.Context) (map[int32]int64, error)
}

// Ingest is how taking in does.
type Ingest struct {
	store.IngestState
	Partitions    []*IngestPartition
	BrokerProblem string
}

// IngestPartition is how far a partition has been taken in.
type IngestPartition struct {
	Topic              string
	Partition          int
	Position, End, Lag *int64 // nil: not known
}

// LastEvent is when each service was last heard of.
func (i *Ingest) LastEvent() []store.LastEvent { return i.LastEvents }

func (q query) Ingest(ctx context.Context) (*Ingest, error) {
	state, err := q.store.IngestState(ctx, q.topic.Group, q.topic.Name)
	if err != nil {
		return nil, err
	}
	i := &Ingest{IngestState: *state}
	ends, err := q.topic.ends(ctx)
	if err != nil {
		i.BrokerProblem = asError(err).Message // the rest is known without the broker
	}
	i.Partitions = q.topic.partitions(state.Partitions, ends)
	return i, nil
}

func (c TopicConfig) ends(ctx context.Context) (map[int32]int64, error) {
	if c.Ends == nil {
		return nil, badRequest("no broker is configured")
	}
	return c.Ends(ctx)
}

// partitions are those that the database knows, and those that the broker
// does.
func (c TopicConfig) partitions(stored []store.PartitionState, ends map[int32]int64) []*IngestPartition {
	partitions := map[int]*IngestPartition{}
	of := func(number int) *IngestPartition {
		if partitions[number] == nil {
			partitions[number] = &IngestPartition{Topic: c.Name, Partition: number}
		}
		return partitions[number]
	}
	for _, s := range stored {
		of(s.Partition).Position = &s.Position
	}
	for number, end := range ends {
		p := of(int(number))
		p.End = &end
		if p.Position != nil {
			lag := max(0, end-*p.Position)
			p.Lag = &lag
		}
	}
	list := make([]*IngestPartition, 0, len(partitions))
	for _, p := range partitions {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *IngestPartition) int { return cmp.Compare(a.Partition, b.Partition) })
	return list
}

type ingestFields struct{ *Resolver }

func (r ingestFields) DeadLetters(ctx context.Context, _ *Ingest) ([]*store.DeadLetterGroup, error) {
	return r.store.DeadLetters(ctx, store.DeadLetterFilter{Now: now(ctx)})
}
