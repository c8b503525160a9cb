package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Replayed is which letters of a dead-letter topic were sent again.
type Replayed map[int32][]offsetRange

// offsetRange is [from, to).
type offsetRange struct{ from, to int64 }

// Holds tells whether a letter was sent again.
func (r Replayed) Holds(partition int32, offset int64) bool {
	_, found := slices.BinarySearchFunc(r[partition], offset, func(r offsetRange, offset int64) int {
		switch {
		case offset < r.from:
			return 1
		case offset >= r.to:
			return -1
		}
		return 0
	})
	return found
}

// ReplayLock is held by the one process that sends dead letters again: two
// would both send what neither has noted yet.
type ReplayLock struct{ conn *pgx.Conn }

// LockReplays takes the lock, and fails when another process has it.
func (s *Store) LockReplays(ctx context.Context) (*ReplayLock, error) {
	conn, err := s.connectDirectly(ctx, "payload-tracker replay")
	if err != nil {
		return nil, err
	}
	mine := false
	if err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1::bigint)`, int64(replayLock)).Scan(&mine); err == nil && !mine {
		err = errors.New("another process sends dead letters again just now: wait until it has ended")
	}
	if err != nil {
		closeSoon(ctx, conn)
		return nil, translate("lock replays", err)
	}
	return &ReplayLock{conn}, nil
}

// Held is nil while the lock is: it is lost with its connection.
func (l *ReplayLock) Held(ctx context.Context) error {
	if err := l.conn.Ping(ctx); err != nil {
		return fmt.Errorf("the database has let go of the lock on replays: begin again: %w", err)
	}
	return nil
}

// Unlock gives it back.
func (l *ReplayLock) Unlock(ctx context.Context) { closeSoon(ctx, l.conn) }

// Replayed reads which letters of a dead-letter topic were sent again.
func (s *Store) Replayed(ctx context.Context, topic string, topicID [16]byte) (Replayed, error) {
	defer s.metrics.observe(ctx, "replayed_dead_letters")()
	rows, err := s.pool.Query(ctx, `SELECT partition, lower(r), upper(r) FROM dead_letter_replays, unnest(replayed) r
		WHERE topic = $1::text AND topic_id = $2::uuid ORDER BY partition, lower(r)`, hot, topic, topicID)
	if err != nil {
		return nil, translate("replayed dead letters", err)
	}
	replayed := Replayed{}
	var partition int32
	var r offsetRange
	_, err = pgx.ForEachRow(rows, []any{&partition, &r.from, &r.to}, func() error {
		replayed[partition] = append(replayed[partition], r)
		return nil
	})
	return replayed, translate("replayed dead letters", err)
}

// MarkReplayed notes that letters of one partition were sent again.
func (s *Store) MarkReplayed(ctx context.Context, topic string, topicID [16]byte, partition int32, offsets []int64) error {
	defer s.metrics.observe(ctx, "mark_replayed")()
	_, err := s.pool.Exec(ctx, `INSERT INTO dead_letter_replays AS d (topic, topic_id, partition, replayed)
		SELECT $1::text, $2::uuid, $3::int4, range_agg(int8range(o, o + 1)) FROM unnest($4::int8[]) o
		ON CONFLICT (topic, topic_id, partition) DO UPDATE SET replayed = d.replayed + excluded.replayed`,
		hot, topic, topicID, partition, offsets)
	return translate("mark dead letters as replayed", err)
}
