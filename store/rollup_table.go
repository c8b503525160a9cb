package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/rollup"
)

// counters can be added.
type counters[V any] interface {
	*V
	Merge(other V)
	Zero() bool
}

// rollupTable is how counters V under keys K are stored, beside generation
// and series: columns with their types, and slices of values, one a column.
type rollupTable[K comparable, V any, P counters[V]] struct {
	name         string
	keys, counts []string
	compare      func(a, b K) int
	keyValues    func(keys []K) []any
	countValues  func(counts []P) []any
	scan         func(P) []any
}

var stageTable = rollupTable[rollup.StageKey, rollup.Stage, *rollup.Stage]{
	name:    "stage_rollups",
	keys:    []string{"org_id text", "bucket timestamptz", "service text", "source text", "scope smallint"},
	counts:  []string{"received bigint", "succeeded bigint", "failed bigint", "open bigint", "retried bigint", "durations bytea"},
	compare: rollup.StageKey.Compare,
	keyValues: func(keys []rollup.StageKey) []any {
		return []any{
			column(keys, func(k rollup.StageKey) string { return k.Org }), column(keys, func(k rollup.StageKey) time.Time { return k.Bucket.Time() }),
			column(keys, func(k rollup.StageKey) string { return k.Service }), column(keys, func(k rollup.StageKey) string { return k.Source }),
			column(keys, func(k rollup.StageKey) int16 { return int16(k.Scope) }),
		}
	},
	countValues: func(counts []*rollup.Stage) []any {
		return []any{
			column(counts, func(c *rollup.Stage) int64 { return c.Received }), column(counts, func(c *rollup.Stage) int64 { return c.Succeeded }),
			column(counts, func(c *rollup.Stage) int64 { return c.Failed }), column(counts, func(c *rollup.Stage) int64 { return c.Open }),
			column(counts, func(c *rollup.Stage) int64 { return c.Retried }),
			column(counts, func(c *rollup.Stage) []byte { return c.Durations.AppendBinary(nil) }),
		}
	},
	scan: func(c *rollup.Stage) []any {
		return []any{&c.Received, &c.Succeeded, &c.Failed, &c.Open, &c.Retried, packed{&c.Durations}}
	},
}

var handoverTable = rollupTable[rollup.HandoverKey, rollup.Handover, *rollup.Handover]{
	name:    "handover_rollups",
	keys:    []string{"org_id text", "bucket timestamptz", "from_service text", "to_service text"},
	counts:  []string{"payloads bigint", "failed bigint", "waits bytea"},
	compare: rollup.HandoverKey.Compare,
	keyValues: func(keys []rollup.HandoverKey) []any {
		return []any{
			column(keys, func(k rollup.HandoverKey) string { return k.Org }), column(keys, func(k rollup.HandoverKey) time.Time { return k.Bucket.Time() }),
			column(keys, func(k rollup.HandoverKey) string { return k.From }), column(keys, func(k rollup.HandoverKey) string { return k.To }),
		}
	},
	countValues: func(counts []*rollup.Handover) []any {
		return []any{
			column(counts, func(c *rollup.Handover) int64 { return c.Payloads }), column(counts, func(c *rollup.Handover) int64 { return c.Failed }),
			column(counts, func(c *rollup.Handover) []byte { return c.Waits.AppendBinary(nil) }),
		}
	},
	scan: func(c *rollup.Handover) []any { return []any{&c.Payloads, &c.Failed, packed{&c.Waits}} },
}

var failureTable = rollupTable[rollup.FailureKey, rollup.Failure, *rollup.Failure]{
	name:    "failure_rollups",
	keys:    []string{"org_id text", "bucket timestamptz", "service text", "source text", "fingerprint bigint"},
	counts:  []string{"total bigint", "open bigint", "orgs bytea", "first_at timestamptz", "last_at timestamptz", "payload_id bigint", "message text"},
	compare: rollup.FailureKey.Compare,
	keyValues: func(keys []rollup.FailureKey) []any {
		return []any{
			column(keys, func(k rollup.FailureKey) string { return k.Org }), column(keys, func(k rollup.FailureKey) time.Time { return k.Bucket.Time() }),
			column(keys, func(k rollup.FailureKey) string { return k.Service }), column(keys, func(k rollup.FailureKey) string { return k.Source }),
			column(keys, func(k rollup.FailureKey) int64 { return int64(k.Fingerprint) }),
		}
	},
	countValues: func(counts []*rollup.Failure) []any {
		return []any{
			column(counts, func(c *rollup.Failure) int64 { return c.Total }), column(counts, func(c *rollup.Failure) int64 { return c.Open }),
			column(counts, func(c *rollup.Failure) []byte { return c.Orgs.AppendBinary(nil) }),
			column(counts, func(c *rollup.Failure) time.Time { return c.First }), column(counts, func(c *rollup.Failure) time.Time { return c.Last }),
			column(counts, func(c *rollup.Failure) int64 { return c.Payload }), column(counts, func(c *rollup.Failure) string { return c.Message }),
		}
	},
	scan: func(c *rollup.Failure) []any {
		return []any{&c.Total, &c.Open, packed{&c.Orgs}, &c.First, &c.Last, &c.Payload, &c.Message}
	},
}

func column[R, T any](rows []R, value func(R) T) []T {
	values := make([]T, len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

// packed reads a row of counters from its bytes.
type packed struct{ *rollup.Sparse }

// ScanBytes is how pgx hands bytes over.
func (p packed) ScanBytes(b []byte) error { return p.UnmarshalBinary(b) }

func addRollups(ctx context.Context, tx pgx.Tx, generation int32, series rollup.Series, sum *rollup.Sum) error {
	if err := stageTable.add(ctx, tx, generation, series, sum.Stages); err != nil {
		return err
	}
	if err := handoverTable.add(ctx, tx, generation, series, sum.Handovers); err != nil {
		return err
	}
	return failureTable.add(ctx, tx, generation, series, sum.Failures)
}

// add adds counts to the rows, and deletes those that count nothing any more.
// Nobody else writes them: see foldLock.
func (t *rollupTable[K, V, P]) add(ctx context.Context, tx pgx.Tx, generation int32, series rollup.Series, counts map[K]P) error {
	var keys []K
	for k, c := range counts {
		if !c.Zero() {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, t.compare)
	for chunk := range slices.Chunk(keys, foldRows) {
		values := make([]P, len(chunk))
		for i, k := range chunk {
			values[i] = counts[k]
		}
		if err := t.addChunk(ctx, tx, []any{hot, generation, int16(series)}, chunk, values); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

func (t *rollupTable[K, V, P]) addChunk(ctx context.Context, tx pgx.Tx, args []any, keys []K, counts []P) error {
	stood, err := t.addStored(ctx, tx, append(slices.Clone(args), t.keyValues(keys)...), counts)
	if err != nil {
		return err
	}
	var kept, gone []K
	var values []P
	for i, k := range keys {
		switch {
		case !counts[i].Zero():
			kept, values = append(kept, k), append(values, counts[i])
		case stood[i]:
			gone = append(gone, k)
		}
	}
	if len(kept) > 0 {
		if _, err := tx.Exec(ctx, t.upsert(), slices.Concat(args, t.keyValues(kept), t.countValues(values))...); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		_, err = tx.Exec(ctx, t.remove(), slices.Concat(args, t.keyValues(gone))...)
	}
	return err
}

// addStored adds what the rows hold to counts, and tells which have a row.
func (t *rollupTable[K, V, P]) addStored(ctx context.Context, tx pgx.Tx, args []any, counts []P) ([]bool, error) {
	rows, err := tx.Query(ctx, t.find(), args...)
	if err != nil {
		return nil, err
	}
	stood := make([]bool, len(counts))
	var n int64
	stored := P(new(V))
	_, err = pgx.ForEachRow(rows, append([]any{&n}, t.scan(stored)...), func() error {
		stood[n-1] = true
		counts[n-1].Merge(*stored)
		return nil
	})
	return stood, err
}

// find looks each key up in the index: a plan for the whole of a large table
// would read all of it. $1 is the generation, $2 the series.
func (t *rollupTable[K, V, P]) find() string {
	return `SELECT u.n, ` + names("r.", t.counts) + ` FROM unnest(` + arrays(3, t.keys) + `) WITH ORDINALITY u(` + names("", t.keys) + `, n)
		CROSS JOIN LATERAL (SELECT * FROM ` + t.name + ` r WHERE generation = $1::int4 AND series = $2::int2 AND ` + equal(t.keys) + ` OFFSET 0) r`
}

func (t *rollupTable[K, V, P]) upsert() string {
	keys, counts := names("", t.keys), names("", t.counts)
	return `INSERT INTO ` + t.name + ` (generation, series, ` + keys + `, ` + counts + `)
		SELECT $1::int4, $2::int2, u.* FROM unnest(` + arrays(3, slices.Concat(t.keys, t.counts)) + `) u
		ON CONFLICT (generation, series, ` + keys + `) DO UPDATE SET (` + counts + `) = ROW (` + names("excluded.", t.counts) + `)`
}

func (t *rollupTable[K, V, P]) remove() string {
	return `DELETE FROM ` + t.name + ` r USING unnest(` + arrays(3, t.keys) + `) u(` + names("", t.keys) + `)
		WHERE generation = $1::int4 AND series = $2::int2 AND ` + equal(t.keys)
}

// carry copies the buckets before the horizon from the generation that is read
// into the one that is built.
func (t *rollupTable[K, V, P]) carry(ctx context.Context, tx pgx.Tx, state counting) error {
	rest := `series, ` + names("", t.keys) + `, ` + names("", t.counts)
	_, err := tx.Exec(ctx, `INSERT INTO `+t.name+` (generation, `+rest+`) SELECT $1::int4, `+rest+` FROM `+t.name+`
		WHERE generation = $2::int4 AND bucket < $3::timestamptz`, state.building, state.generation, state.horizon)
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// names of columns "name type".
func names(prefix string, columns []string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		name, _, _ := strings.Cut(c, " ")
		list[i] = prefix + name
	}
	return strings.Join(list, ", ")
}

// arrays are arguments from $n on, one a column.
func arrays(n int, columns []string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		_, kind, _ := strings.Cut(c, " ")
		list[i] = fmt.Sprintf("$%d::%s[]", n+i, kind)
	}
	return strings.Join(list, ", ")
}

func equal(columns []string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		name, _, _ := strings.Cut(c, " ")
		list[i] = "r." + name + " = u." + name
	}
	return strings.Join(list, " AND ")
}
