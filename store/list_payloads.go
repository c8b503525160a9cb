package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// ListedPayload is a payload without its journey.
type ListedPayload struct {
	ID                                    int64
	RequestID                             payload.RequestID
	OrgID, Account, InventoryID, SystemID string // "" = unknown
	StartedAt                             time.Time
}

// PayloadList is the payloads that a filter leaves, for those who read by
// offset instead of by cursor.
type PayloadList struct {
	Total Total

	store      *Store
	conditions where
}

// The host ids that are shown of a payload, as they were sent.
const (
	shownInventory = `coalesce(p.inventory_id, p.inventory_key::text, '')`
	shownSystem    = `coalesce(p.system_id, p.system_key::text, '')`
)

// payloadSorts are the columns a PayloadList can be sorted by.
var payloadSorts = map[string]string{
	"created_at":   "", // the date of the first event, which ends every order
	"request_id":   "p.request_id",
	"org_id":       `p.org_id COLLATE "C"`,
	"account":      `p.account COLLATE "C"`,
	"inventory_id": shownInventory + ` COLLATE "C"`,
	"system_id":    shownSystem + ` COLLATE "C"`,
}

// ListPayloads counts the payloads that a filter leaves. Their rows are read
// by Rows; the total tells the quick way to them.
func (s *Store) ListPayloads(ctx context.Context, filter PayloadFilter) (*PayloadList, error) {
	filter = filter.Given()
	if err := filter.check(); err != nil {
		return nil, err
	}
	conditions, err := s.payloadConditions(ctx, &filter, walk{}.now(filter.Now, s.Now))
	if err != nil {
		return nil, err
	}
	total, err := s.payloadsTotal(ctx, conditions)
	return &PayloadList{Total: total, store: s, conditions: conditions}, err
}

// Rows reads a stretch of the list.
func (l *PayloadList) Rows(ctx context.Context, order ListOrder, stretch Stretch) iter.Seq2[*ListedPayload, error] {
	column, known := payloadSorts[order.Column]
	if !known {
		return func(yield func(*ListedPayload, error) bool) {
			yield(nil, bad("payloads have no order %q", order.Column))
		}
	}
	keys := []string{"p.started_at", "p.id"}
	if column != "" {
		keys = slices.Insert(keys, 0, column)
	}
	from := `payloads p WHERE ` + l.conditions.sql()
	if l.Total.Exact {
		// Few match: they are found first and sorted then. An index in the
		// list's order would be walked for rows that may be far along it.
		from = `(SELECT * FROM ` + from + ` OFFSET 0) p`
	}
	return stream(ctx, l.store, "list payloads", `SELECT p.id, p.request_id, p.org_id, p.account, `+shownInventory+`, `+shownSystem+`, p.started_at
		FROM `+from+` ORDER BY `+directed(keys, order.falling())+` OFFSET ? LIMIT ?`,
		append(slices.Clone(l.conditions.args), stretch.Skip, stretch.Limit), scanPayload)
}

func scanPayload(rows *sql.Rows, p *ListedPayload) error {
	var requestID string
	if err := rows.Scan(&p.ID, &requestID, &p.OrgID, &p.Account, &p.InventoryID, &p.SystemID, &p.StartedAt); err != nil {
		return err
	}
	p.StartedAt = p.StartedAt.UTC()
	var err error
	if p.RequestID, err = payload.ParseRequestID(requestID); err != nil {
		return fmt.Errorf("request id of payload %d: %w", p.ID, err)
	}
	return nil
}
