package store

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ChangeChannel is where the ids of changed payloads are announced: request
// ids parted by blanks, in the transaction that changed them.
const ChangeChannel = "payload_changes"

// noticeIDs is how many request ids one notice holds: PostgreSQL allows fewer
// than 8,000 bytes, an id and its blank take 33.
const noticeIDs = 240

// announce names the payloads of rows on ChangeChannel, a few notices a batch: commits
// that notify wait for each other, so one an event would cost dearly.
func announce(ctx context.Context, tx pgx.Tx, rows []row) error {
	seen := map[int64]bool{}
	var ids []string
	for _, r := range rows {
		if !seen[r.payloadID] {
			seen[r.payloadID] = true
			ids = append(ids, r.event.RequestID.String())
		}
	}
	var notices []string
	for chunk := range slices.Chunk(ids, noticeIDs) {
		notices = append(notices, strings.Join(chunk, " "))
	}
	_, err := tx.Exec(ctx, `SELECT pg_notify($1::text, n) FROM unnest($2::text[]) n`, hot, ChangeChannel, notices)
	return err
}
