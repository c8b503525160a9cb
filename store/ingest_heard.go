package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// countHeard counts the new events of a batch by what they say, and keeps the
// newest date of each. They count under one of the partitions they came from:
// only who holds its position writes its rows, so batches never wait for each
// other here.
func countHeard(ctx context.Context, tx pgx.Tx, batch Batch, stored []row, stamp time.Time) error {
	if len(stored) == 0 {
		return nil
	}
	type heard struct{ count, last int64 }
	trails := map[int32]heard{}
	for i := range stored {
		h := trails[stored[i].trailID]
		h.count++
		h.last = max(h.last, min(stored[i].date, stamp.UnixMicro()))
		trails[stored[i].trailID] = h
	}
	under := batch.Parts[stored[0].part]
	ids := slices.Sorted(maps.Keys(trails))
	counts, dates := make([]int64, len(ids)), make([]time.Time, len(ids))
	for i, id := range ids {
		counts[i], dates[i] = trails[id].count, time.UnixMicro(trails[id].last)
	}
	_, err := tx.Exec(ctx, `INSERT INTO heard AS h ("group", topic, partition, trail_id, count, last_date)
		SELECT $1::text, $2::text, $3::int4, u.* FROM unnest($4::int4[], $5::int8[], $6::timestamptz[]) u
		ON CONFLICT ("group", topic, partition, trail_id)
		DO UPDATE SET count = h.count + excluded.count, last_date = greatest(h.last_date, excluded.last_date)`,
		hot, batch.Group, under.Topic, under.Partition, ids, counts, dates)
	if err != nil {
		return fmt.Errorf("what was heard: %w", err)
	}
	return nil
}
