package store

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// ChangeChannel is where the ids of changed payloads are announced: request
// ids parted by blanks, in the transaction that changed them.
const ChangeChannel = "payload_changes"

// noticeIDs is how many request ids one notice holds: PostgreSQL allows fewer
// than 8,000 bytes, an id and its blank take 33.
const noticeIDs = 240

// queueNotice announces the payloads of rows, a few notices a batch: commits
// that notify wait for each other, so one an event would cost dearly.
func queueNotice(batch *pgx.Batch, rows []row) {
	seen := map[int64]bool{}
	var ids []string
	for _, r := range rows {
		if !seen[r.payloadID] {
			seen[r.payloadID] = true
			ids = append(ids, r.event.RequestID.String())
		}
	}
	for len(ids) > 0 {
		n := min(noticeIDs, len(ids))
		batch.Queue(`SELECT pg_notify($1::text, $2::text)`, ChangeChannel, strings.Join(ids[:n], " "))
		ids = ids[n:]
	}
}
