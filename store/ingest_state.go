package store

import (
	"context"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// IngestState is how taking in does. It is read from what is kept beside the
// events: its cost depends on partitions and on what services say, not on how
// much is stored.
type IngestState struct {
	Partitions      []PartitionState
	EventsPerSecond float64 // taken in over the last half minute or so
	OldestEvent     *time.Time
	LateEvents      int64 // that came when their day was given up: counted, not stored
	LastEvents      []LastEvent
	UnknownStatuses []UnknownStatus
}

// PartitionState is how far a partition has been stored.
type PartitionState struct {
	Partition int
	Position  int64 // offset of the first record not stored yet
}

// LastEvent is when a service was last heard of.
type LastEvent struct {
	Service string
	Date    time.Time // of the newest event; one ahead of its time counts as taken in then
}

// UnknownStatus is a word that neither the rules nor the platform declare.
type UnknownStatus struct {
	Status, Service string
	Count           int64 // events
}

// mostHeard bounds the services, and the words, that are listed.
const mostHeard = 500

// IngestState tells how taking in from a topic does. It is of the whole
// platform: only who sees everything may ask.
func (s *Store) IngestState(ctx context.Context, group, topic string) (*IngestState, error) {
	if err := s.needEverything(ctx, "how taking in does"); err != nil {
		return nil, err
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	state := new(IngestState)
	if err := s.readPositions(ctx, state, group, topic); err != nil {
		return nil, err
	}
	if err := s.readHeard(ctx, state, &rules); err != nil {
		return nil, err
	}
	var oldest []struct{ At *time.Time }
	if err := s.read(Newest(ctx), "oldest event", &oldest, `SELECT min(started_at) AS at FROM payloads`); err != nil {
		return nil, err
	}
	if at := oldest[0].At; at != nil {
		utc := at.UTC()
		state.OldestEvent = &utc
	}
	return state, nil
}

func (s *Store) needEverything(ctx context.Context, what string) error {
	scope, err := s.scope(ctx)
	if err != nil {
		return err
	}
	if _, bound := scope.Bound(); bound {
		return payload.Errorf(payload.CodeForbidden, "%s is for those who see all organisations", what)
	}
	return nil
}

// readPositions reads where the partitions stand and how fast they move: from
// the newest of their earlier places that is half a minute old. What has not
// moved for a minute stands still.
func (s *Store) readPositions(ctx context.Context, state *IngestState, group, topic string) error {
	var rows []struct {
		Partition int
		Position  int64
		Rate      float64
		Late      int64
	}
	err := s.read(Newest(ctx), "positions", &rows, `SELECT p.partition, p.next_offset AS position, CASE
			WHEN p.updated_at < now() - interval '1 minute' THEN 0
			WHEN p.before_at IS NULL OR `+sampleIsOld+`
				THEN greatest(p.next_offset - p.sampled_offset, 0) / greatest(extract(epoch FROM now() - p.sampled_at), 1)
			ELSE greatest(p.next_offset - p.before_offset, 0) / greatest(extract(epoch FROM now() - p.before_at), 1)
		END::float8 AS rate, p.late_events AS late FROM positions p WHERE p."group" = ? AND p.topic = ? ORDER BY p.partition`, group, topic)
	for _, r := range rows {
		state.Partitions = append(state.Partitions, PartitionState{r.Partition, r.Position})
		state.EventsPerSecond += r.Rate
		state.LateEvents += r.Late
	}
	return err
}

func (s *Store) readHeard(ctx context.Context, state *IngestState, rules *payload.Rules) error {
	var rows []struct {
		Service, Status string
		Count           int64
		Last            time.Time
	}
	err := s.read(Newest(ctx), "heard", &rows, `SELECT t.service, t.status, sum(h.count)::bigint AS count, max(h.last_date) AS last
		FROM heard h JOIN trails t ON t.id = h.trail_id GROUP BY t.service, t.status
		ORDER BY t.service COLLATE "C", count DESC, t.status COLLATE "C"`)
	for _, r := range rows {
		last := len(state.LastEvents) - 1
		switch {
		case last >= 0 && state.LastEvents[last].Service == r.Service:
			if of := &state.LastEvents[last]; r.Last.After(of.Date) {
				of.Date = r.Last.UTC()
			}
		case last+1 < mostHeard:
			state.LastEvents = append(state.LastEvents, LastEvent{r.Service, r.Last.UTC()})
		}
		if !rules.Declared(r.Status) && len(state.UnknownStatuses) < mostHeard {
			state.UnknownStatuses = append(state.UnknownStatuses, UnknownStatus{r.Status, r.Service, r.Count})
		}
	}
	return err
}
