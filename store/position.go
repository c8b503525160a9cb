package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Position is how far a partition has been stored.
type Position struct {
	Next        int64    // offset of the first record not stored yet
	LeaderEpoch int32    // epoch of the last record stored; -1 unknown
	TopicID     [16]byte // tells a topic from one made again under its name
}

// Positions of all partitions of a topic that the database knows.
func (s *Store) Positions(ctx context.Context, group, topic string) (map[int32]Position, error) {
	defer s.metrics.observe(ctx, "positions")()
	rows, err := s.pool.Query(ctx, `SELECT partition, next_offset, leader_epoch, topic_id FROM positions
		WHERE "group" = $1::text AND topic = $2::text`, hot, group, topic)
	if err != nil {
		return nil, fmt.Errorf("positions of %s: %w", topic, err)
	}
	positions := map[int32]Position{}
	var partition int32
	var p Position
	_, err = pgx.ForEachRow(rows, []any{&partition, &p.Next, &p.LeaderEpoch, &p.TopicID}, func() error {
		positions[partition] = p
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("positions of %s: %w", topic, err)
	}
	return positions, nil
}

// InitPosition stores where a partition starts, unless it has a position
// already; it returns the one that stands.
func (s *Store) InitPosition(ctx context.Context, group, topic string, topicID [16]byte, partition int32, next int64) (int64, error) {
	_, err := s.pool.Exec(ctx, `INSERT INTO positions ("group", topic, partition, next_offset, sampled_offset, topic_id)
		VALUES ($1::text, $2::text, $3::int4, $4::int8, $4::int8, $5::uuid) ON CONFLICT DO NOTHING`, hot, group, topic, partition, next, topicID)
	if err != nil {
		return 0, fmt.Errorf("first position of %s/%d: %w", topic, partition, err)
	}
	var stands int64
	err = s.pool.QueryRow(ctx, `SELECT next_offset FROM positions WHERE "group" = $1::text AND topic = $2::text AND partition = $3::int4`,
		hot, group, topic, partition).Scan(&stands)
	if err != nil {
		return 0, fmt.Errorf("first position of %s/%d: %w", topic, partition, err)
	}
	return stands, nil
}

// sampleIsOld: then the place becomes a sample of how fast it moves.
const sampleIsOld = `p.sampled_at < now() - interval '30 seconds'`

// movePositions moves each part's position from its From to its To, and says
// which did not stand at From: another consumer has moved them. The rows are
// locked in one order first, so that two consumers never wait in a circle.
func movePositions(ctx context.Context, tx pgx.Tx, group string, parts []Part) ([]Lost, error) {
	topics, partitions := make([]string, len(parts)), make([]int32, len(parts))
	from, to := make([]int64, len(parts)), make([]int64, len(parts))
	epochs, ids := make([]int32, len(parts)), make([][16]byte, len(parts))
	for i, p := range parts {
		topics[i], partitions[i], from[i], to[i], epochs[i], ids[i] = p.Topic, p.Partition, p.From, p.To, p.LeaderEpoch, p.TopicID
	}
	stood, err := lockPositions(ctx, tx, group, topics, partitions)
	if err != nil {
		return nil, err
	}
	moved, err := tx.Query(ctx, `UPDATE positions p SET next_offset = u.after, leader_epoch = u.epoch, topic_id = u.id, updated_at = now(),
			before_at = CASE WHEN `+sampleIsOld+` THEN p.sampled_at ELSE p.before_at END,
			before_offset = CASE WHEN `+sampleIsOld+` THEN p.sampled_offset ELSE p.before_offset END,
			sampled_at = CASE WHEN `+sampleIsOld+` THEN now() ELSE p.sampled_at END,
			sampled_offset = CASE WHEN `+sampleIsOld+` THEN p.next_offset ELSE p.sampled_offset END
		FROM unnest($2::text[], $3::int4[], $4::int8[], $5::int8[], $6::int4[], $7::uuid[]) u(topic, partition, before, after, epoch, id)
		WHERE p."group" = $1::text AND p.topic = u.topic AND p.partition = u.partition AND p.next_offset = u.before
		RETURNING p.topic, p.partition`, hot, group, topics, partitions, from, to, epochs, ids)
	if err != nil {
		return nil, err
	}
	keys, err := pgx.CollectRows(moved, pgx.RowToStructByPos[partKey])
	if err != nil {
		return nil, err
	}
	won := map[partKey]bool{}
	for _, k := range keys {
		won[k] = true
	}
	return lostOf(parts, stood, won), nil
}

type partKey struct {
	Topic     string
	Partition int32
}

func lockPositions(ctx context.Context, tx pgx.Tx, group string, topics []string, partitions []int32) (map[partKey]int64, error) {
	rows, err := tx.Query(ctx, `SELECT p.topic, p.partition, p.next_offset FROM positions p
		JOIN unnest($2::text[], $3::int4[]) u(topic, partition) ON p.topic = u.topic AND p.partition = u.partition
		WHERE p."group" = $1::text ORDER BY p.topic, p.partition FOR UPDATE OF p`, hot, group, topics, partitions)
	if err != nil {
		return nil, err
	}
	stood := map[partKey]int64{}
	var k partKey
	var next int64
	_, err = pgx.ForEachRow(rows, []any{&k.Topic, &k.Partition, &next}, func() error {
		stood[k] = next
		return nil
	})
	return stood, err
}

func lostOf(parts []Part, stood map[partKey]int64, won map[partKey]bool) []Lost {
	var lost []Lost
	for _, p := range parts {
		k := partKey{p.Topic, p.Partition}
		if won[k] {
			continue
		}
		position, known := stood[k]
		if !known {
			position = -1
		}
		lost = append(lost, Lost{Topic: p.Topic, Partition: p.Partition, Position: position})
	}
	return lost
}
