package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
)

// Scope is what the caller of ctx may follow: for who reads on behalf of many,
// and gives each its own.
func (s *Store) Scope(ctx context.Context) (identity.Scope, error) { return s.scope(ctx) }

// PayloadsByRequestID reads payloads by their ids with one statement; unknown
// ones are left out.
func (s *Store) PayloadsByRequestID(ctx context.Context, ids []payload.RequestID) (map[payload.RequestID]*Payload, error) {
	found := make(map[payload.RequestID]*Payload, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	w := shown()
	w.and("p.request_id IN (?)", bun.List(spellings(ids)))
	var rows []payloadRow
	if err := s.read(Newest(ctx), "payloads by request id", &rows, `SELECT `+payloadColumns+` FROM payloads p WHERE `+w.sql(), w.args...); err != nil {
		return nil, err
	}
	for i := range rows {
		p, err := rows[i].payload()
		if err != nil {
			return nil, err
		}
		found[p.RequestID] = p
	}
	return found, nil
}

func spellings(ids []payload.RequestID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = usualSpelling(id)
	}
	return texts
}

// Fresh is a status that was just taken in, with what its payload is filtered
// by.
type Fresh struct {
	*Status
	OrgID, Account string
}

type freshRow struct {
	statusRead
	OrgID, Account string
}

// TakenIn reads the new events of the batch that n is about, in the order of
// their dates.
func (s *Store) TakenIn(ctx context.Context, n Notice) ([]Fresh, error) {
	if n.Events == 0 {
		return nil, nil
	}
	var w where
	w.and("p.request_id IN (?)", bun.List(spellings(n.IDs)))
	w.and("s.created_at = ?", n.Stamp)
	w.onDays("s.date", n.dates)
	var rows []freshRow
	err := s.read(Newest(ctx), "taken in", &rows, `SELECT s.payload_id, p.request_id, p.org_id, p.account, t.service, t.source, t.status, s.message,
			s.date, s.created_at, s.hash
		FROM payloads p JOIN payload_statuses s ON s.payload_id = p.id JOIN trails t ON t.id = s.trail_id
		WHERE `+w.sql()+` ORDER BY `+statusOrder, w.args...)
	if err != nil {
		return nil, err
	}
	fresh := make([]Fresh, len(rows))
	for i := range rows {
		id, err := payload.ParseRequestID(rows[i].RequestID)
		if err != nil {
			return nil, fmt.Errorf("request id of payload %d: %w", rows[i].PayloadID, err)
		}
		fresh[i] = Fresh{Status: rows[i].status(id), OrgID: rows[i].OrgID, Account: rows[i].Account}
	}
	return fresh, nil
}

// missedPages bounds what is looked for after a break.
const missedPages = 10

// TakenInSince reads the events that were taken in after a moment, oldest
// first, for who may have missed notices. Of more than some thousand it reads
// the newest ones, and says that there are more. What happened long before it
// was taken in is not found.
func (s *Store) TakenInSince(ctx context.Context, since time.Time) (fresh []Fresh, more bool, err error) {
	ctx = Newest(ctx) // what a replica does not have yet would be missed for good
	from := since.Add(-time.Minute)
	size, page := MaxPageSize, Page{}
	page.First = &size
	var statuses []*Status
	for n := 0; ; n++ {
		read, err := s.Statuses(ctx, StatusFilter{Date: &Window{From: &from}}, StatusOrder{}, page)
		if err != nil {
			return nil, false, err
		}
		for _, status := range read.Items {
			if status.TakenInAt.After(since) {
				statuses = append(statuses, status)
			}
		}
		more, page.After = read.HasNextPage, read.EndCursor
		if !more || n == missedPages {
			break
		}
	}
	payloads, err := s.PayloadsByID(ctx, payloadsOfStatuses(statuses), OmitJourneys)
	if err != nil {
		return nil, false, err
	}
	for i := len(statuses) - 1; i >= 0; i-- {
		if p := payloads[statuses[i].PayloadID]; p != nil {
			fresh = append(fresh, Fresh{Status: statuses[i], OrgID: p.OrgID, Account: p.Account})
		}
	}
	return fresh, more, nil
}

func payloadsOfStatuses(statuses []*Status) []int64 {
	var ids []int64
	seen := map[int64]bool{}
	for _, status := range statuses {
		if !seen[status.PayloadID] {
			seen[status.PayloadID] = true
			ids = append(ids, status.PayloadID)
		}
	}
	return ids
}
