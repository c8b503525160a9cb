package rest

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// track is the answer about one payload.
type track struct {
	Data     []statusRow       `json:"data"`
	Duration map[string]string `json:"duration"`
	Verdict  *verdict          `json:"verdict,omitempty"`
}

// statusRow is one status of a payload. Empty fields are left out, but for created_at, which the existing service
// sends always: as the zero time where the verbosity leaves it out.
type statusRow struct {
	ID          int64     `json:"id,omitempty"`
	Service     string    `json:"service,omitempty"`
	Source      string    `json:"source,omitempty"`
	Account     string    `json:"account,omitempty"`
	OrgID       string    `json:"org_id,omitempty"`
	RequestID   string    `json:"request_id,omitempty"`
	InventoryID string    `json:"inventory_id,omitempty"`
	SystemID    string    `json:"system_id,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	Status      string    `json:"status,omitempty"`
	StatusMsg   string    `json:"status_msg,omitempty"`
	Date        time.Time `json:"date"`
}

// payload answers /payloads/{request_id}: the statuses of one payload and how long it took where.
func (h *handler) payload(w http.ResponseWriter, r *http.Request, query url.Values) error {
	order, err := trackOrder(query)
	if err != nil {
		return err
	}
	sent := r.PathValue("request_id")
	found, statuses, err := h.statusesOf(r.Context(), sent)
	if err != nil {
		return err
	}
	if len(statuses) == 0 {
		return payload.Errorf(payload.CodeNotFound, "payload with id: %s not found", sent)
	}
	answer := track{Duration: durations(statuses)}
	if query.Get("verdict") == "true" {
		rules, err := h.store.Rules(r.Context())
		if err != nil {
			return err
		}
		answer.Verdict = verdictOf(found.Journey.Verdict(&rules, h.config.Now()), statuses)
	}
	order.sort(statuses)
	verbosity := query.Get("verbosity")
	for _, s := range statuses {
		answer.Data = append(answer.Data, trackRow(found, s, verbosity))
	}
	writeTagged(w, r, answer)
	return nil
}

// statusesOf reads a payload and all of its statuses, oldest first; none when it is unknown.
func (h *handler) statusesOf(ctx context.Context, sent string) (*store.Payload, []*store.Status, error) {
	id, err := payload.ParseRequestID(sent)
	if err != nil {
		h.metrics.invalidIDs.Inc()
		return nil, nil, nil //nolint:nilerr // an id that cannot be one is not found, as from the existing service
	}
	return h.store.Track(ctx, id)
}

// trackRow shows a status: all of it, or as much as verbosity 1 or 2 asks for.
func trackRow(p *store.Payload, s *store.Status, verbosity string) statusRow {
	switch verbosity {
	case "1":
		return statusRow{
			Service: s.Service, InventoryID: p.InventoryID, Status: s.Status, StatusMsg: s.Message, Date: s.Date.UTC(),
		}
	case "2":
		return statusRow{Service: s.Service, Status: s.Status, Date: s.Date.UTC()}
	}
	return statusRow{
		ID:          p.ID,
		Service:     s.Service,
		Source:      s.Source,
		Account:     p.Account,
		OrgID:       p.OrgID,
		RequestID:   p.RequestID.String(),
		InventoryID: p.InventoryID,
		SystemID:    p.SystemID,
		CreatedAt:   s.TakenInAt.UTC(),
		Status:      s.Status,
		StatusMsg:   s.Message,
		Date:        s.Date.UTC(),
	}
}
