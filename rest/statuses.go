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

var statusFilters = []string{"service", "source", "status", "status_msg"}

func statusParams() []string {
	return slices.Concat(pageParams, statusFilters, boundsOf("date"), boundsOf("created_at"))
}

var statusSorts = sorts{
	columns:  []string{"service", "source", "request_id", "status", "status_msg", "date", "created_at"},
	standard: "date",
	quick:    []string{"date", "created_at"},
}

// listedStatus is a row of /statuses. Its id is the payload's, as a text; created_at is when it was taken in.
type listedStatus struct {
	RequestID string    `json:"request_id"`
	Status    string    `json:"status"`
	ID        string    `json:"id"`
	Service   string    `json:"service"`
	Source    string    `json:"source,omitempty"`
	StatusMsg string    `json:"status_msg,omitempty"`
	Date      time.Time `json:"date"`
	CreatedAt time.Time `json:"created_at"`
}

var statusColumns = []string{"request_id", "status", "id", "service", "source", "status_msg", "date", "created_at"}

func (s listedStatus) cells() []string {
	return []string{
		s.RequestID, s.Status, s.ID, s.Service, s.Source, s.StatusMsg, s.Date.Format(time.RFC3339Nano), s.CreatedAt.Format(time.RFC3339Nano),
	}
}

func listed(s *store.Status) listedStatus {
	return listedStatus{
		RequestID: s.RequestID.String(), Status: s.Status, ID: strconv.FormatInt(s.PayloadID, 10),
		Service: s.Service, Source: s.Source, StatusMsg: s.Message, Date: s.Date, CreatedAt: s.TakenInAt,
	}
}

// statuses answers /statuses.
func (h *handler) statuses(w http.ResponseWriter, r *http.Request, query url.Values) error {
	asked, err := h.askedOf(query, statusSorts)
	if err != nil {
		return err
	}
	filter := store.StatusListFilter{StatusFilter: store.StatusFilter{
		Service: equalTo(query, "service"), Source: equalTo(query, "source"),
		Status: equalTo(query, "status"), Message: equalTo(query, "status_msg"),
	}}
	if filter.Date, err = windowOf(query, "date"); err != nil {
		return err
	}
	if filter.TakenInAt, err = windowOf(query, "created_at"); err != nil {
		return err
	}
	asked.columns, asked.filters = statusColumns, slices.Concat(statusFilters, []string{"date_gte", "created_at_gte"})
	return h.list(w, r, asked, func(ctx context.Context) (store.Total, rowsOf, error) {
		list, err := h.store.ListStatuses(ctx, filter)
		if err != nil {
			return store.Total{}, nil, err
		}
		return list.Total, func(ctx context.Context, stretch store.Stretch) iter.Seq2[row, error] {
			return func(yield func(row, error) bool) {
				for s, err := range list.Rows(ctx, asked.order, stretch) {
					if err != nil {
						yield(nil, err)
						return
					}
					if !yield(listed(s), nil) {
						return
					}
				}
			}
		}, nil
	})
}
