package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// ViewedTables are the tables that a scope puts a view in front of.
func ViewedTables() []string {
	var tables []string
	for _, v := range views {
		tables = append(tables, v.table)
	}
	return tables
}

// EncodeNotice is the one notice of a batch of few payloads.
func EncodeNotice(events []payload.Event) string {
	var rows []row
	for i := range events {
		rows = append(rows, row{event: &events[i]})
	}
	return noticesOf(rows)[0]
}

// DecodeNotice reads a notice.
func DecodeNotice(text string) (Notice, error) { return decodeNotice(text) }

// Covers tells whether a notice says that the batch has events of a date.
func (n Notice) Covers(date time.Time) bool {
	return slices.ContainsFunc(n.dates, func(s span) bool { return !date.Before(s.from) && date.Before(s.to) })
}

// NoticeOf is a notice of events of one payload.
func NoticeOf(id payload.RequestID, stamp, date time.Time) Notice {
	return Notice{IDs: []payload.RequestID{id}, Stamp: stamp, Events: 1, dates: spansOf([]time.Time{date})}
}

// BatchLock is held by every batch.
const BatchLock = batchLock

// ForgetTables is what time does to the known partitions.
func (s *Store) ForgetTables() { s.tables = newDayTables() }

// Contended tells whether batches have met in a new payload lately.
func (s *Store) Contended() bool { return s.contended() }

// MeetInAPayload has the store go on as after two batches that met in one.
func (s *Store) MeetInAPayload() { s.contendedAt.Store(time.Now().UnixNano()) }

// GrantedTables are the tables that others than their owner have rights on.
func GrantedTables() []string { return slices.Sorted(maps.Keys(rights)) }

// EndFrozenBatches ends what KeepBatchesMoving ends, after another time.
func (s *Store) EndFrozenBatches(ctx context.Context, after time.Duration) (ended int, err error) {
	return s.endFrozenBatches(ctx, after)
}
