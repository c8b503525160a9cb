package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5"
)

// insertEvents stores rows, sorted and each once, and returns those that were
// new. COPY is the fast way and fails as a whole on a repeat; then the rows
// go in again one by one over ON CONFLICT, which says what was new.
func insertEvents(ctx context.Context, tx pgx.Tx, rows []row, stamp time.Time) ([]row, error) {
	if _, err := tx.Exec(ctx, `SAVEPOINT events`); err != nil {
		return nil, err
	}
	const copyEvents = `COPY payload_statuses (payload_id, date, hash, created_at, trail_id, message) FROM STDIN BINARY`
	copying := spans{}.begin(ctx, tx.Conn(), copyEvents)
	_, err := tx.Conn().PgConn().CopyFrom(copying, bytes.NewReader(encodeCopy(rows, stamp)), copyEvents)
	spans{}.end(copying, err)
	if err == nil {
		return rows, nil
	}
	if sqlState(err) != codeUniqueViolation {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `ROLLBACK TO SAVEPOINT events`); err != nil {
		return nil, err
	}
	return insertNew(ctx, tx, rows, stamp)
}

func insertNew(ctx context.Context, tx pgx.Tx, rows []row, stamp time.Time) ([]row, error) {
	n := len(rows)
	payloadIDs, dates, hashes := make([]int64, n), make([]time.Time, n), make([]int64, n)
	trailIDs, messages := make([]int32, n), make([]*string, n)
	for i, r := range rows {
		payloadIDs[i], dates[i], hashes[i], trailIDs[i] = r.payloadID, r.event.Date, r.hash, r.trailID
		if r.event.Message != "" {
			messages[i] = &r.event.Message
		}
	}
	inserted, err := tx.Query(ctx, `INSERT INTO payload_statuses (payload_id, date, hash, created_at, trail_id, message)
		SELECT payload_id, date, hash, $6::timestamptz, trail_id, message
		FROM unnest($1::int8[], $2::timestamptz[], $3::int8[], $4::int4[], $5::text[])
			WITH ORDINALITY u(payload_id, date, hash, trail_id, message, position)
		ORDER BY position
		ON CONFLICT (payload_id, date, hash) DO NOTHING
		RETURNING payload_id, date, hash`, hot, payloadIDs, dates, hashes, trailIDs, messages, stamp)
	if err != nil {
		return nil, err
	}
	type key struct {
		payloadID, date, hash int64
	}
	isNew := map[key]bool{}
	var k key
	var date time.Time
	_, err = pgx.ForEachRow(inserted, []any{&k.payloadID, &date, &k.hash}, func() error {
		k.date = date.UnixMicro()
		isNew[k] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	var stored []row
	for _, r := range rows {
		if isNew[key{r.payloadID, r.date, r.hash}] {
			stored = append(stored, r)
		}
	}
	return stored, nil
}

// postgresEpoch is where PostgreSQL's timestamps count from, in microseconds
// after Unix's.
const postgresEpoch = 946_684_800_000_000

// encodeCopy writes rows as PostgreSQL's binary COPY ("COPY", Binary Format):
// a fifth of the CPU of encoding them value by value.
func encodeCopy(rows []row, stamp time.Time) []byte {
	size := 32
	for _, r := range rows {
		size += 64 + len(r.event.Message)
	}
	b := make([]byte, 0, size)
	b = append(b, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	created := stamp.UnixMicro() - postgresEpoch
	int8Field := func(v int64) {
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	for _, r := range rows {
		b = binary.BigEndian.AppendUint16(b, 6)
		int8Field(r.payloadID)
		int8Field(r.date - postgresEpoch)
		int8Field(r.hash)
		int8Field(created)
		b = binary.BigEndian.AppendUint32(b, 4)
		b = binary.BigEndian.AppendUint32(b, uint32(r.trailID))
		if r.event.Message == "" {
			b = binary.BigEndian.AppendUint32(b, 0xffffffff)
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(r.event.Message)))
		b = append(b, r.event.Message...)
	}
	return binary.BigEndian.AppendUint16(b, 0xffff)
}
