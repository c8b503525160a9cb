package rest

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

var payloadFilters = []string{"account", "org_id", "inventory_id", "system_id"}

func payloadParams() []string {
	return slices.Concat(pageParams, payloadFilters, boundsOf("created_at"))
}

var payloadSorts = sorts{
	columns:  []string{"account", "org_id", "inventory_id", "system_id", "created_at"},
	more:     []string{"request_id"}, // the existing front end offers it
	standard: "created_at",
	quick:    []string{"created_at"},
}

// listedPayload is a row of /payloads. The existing tracker's created_at is when it met the payload; callers mean when
// the payload began.
type listedPayload struct {
	ID          int64     `json:"id"`
	RequestID   string    `json:"request_id"`
	Account     string    `json:"account"`
	InventoryID string    `json:"inventory_id"`
	SystemID    string    `json:"system_id"`
	CreatedAt   time.Time `json:"created_at"`
	OrgID       string    `json:"org_id"`
}

var payloadColumns = []string{"id", "request_id", "account", "inventory_id", "system_id", "created_at", "org_id"}

func (p listedPayload) cells() []string {
	return []string{strconv.FormatInt(p.ID, 10), p.RequestID, p.Account, p.InventoryID, p.SystemID, p.CreatedAt.Format(time.RFC3339Nano), p.OrgID}
}

// payloads answers /payloads.
func (h *handler) payloads(w http.ResponseWriter, r *http.Request, query url.Values) error {
	asked, err := h.askedOf(query, payloadSorts)
	if err != nil {
		return err
	}
	filter := store.PayloadFilter{
		Account: equalTo(query, "account"), OrgID: equalTo(query, "org_id"),
		InventoryID: equalTo(query, "inventory_id"), SystemID: equalTo(query, "system_id"),
	}
	if filter.StartedAt, err = windowOf(query, "created_at"); err != nil {
		return err
	}
	asked.columns, asked.filters = payloadColumns, slices.Concat(payloadFilters, []string{"created_at_gte"})
	return h.list(w, r, asked, func(ctx context.Context) (store.Total, rowsOf, error) {
		list, err := h.store.ListPayloads(ctx, filter)
		if err != nil {
			return store.Total{}, nil, err
		}
		return list.Total, func(ctx context.Context, stretch store.Stretch) iter.Seq2[row, error] {
			return func(yield func(row, error) bool) {
				for p, err := range list.Rows(ctx, asked.order, stretch) {
					if err != nil {
						yield(nil, err)
						return
					}
					if !yield(listedPayload{p.ID, p.RequestID.String(), p.Account, p.InventoryID, p.SystemID, p.StartedAt, p.OrgID}, nil) {
						return
					}
				}
			}
		}, nil
	})
}
