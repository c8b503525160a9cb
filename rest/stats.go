package rest

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

const statSuccessRate = "SuccessRate"

// successRate is how the payloads fared that came to a service.
type successRate struct {
	Success        int64   `json:"success"`
	Failure        int64   `json:"failure"`
	SuccessPercent float64 `json:"successPercent"` // of those that ended; 0 where none did, as is the other
	FailPercent    float64 `json:"failPercent"`
}

// stats answers with the success rate of each service over the last day.
func (h *handler) stats(w http.ResponseWriter, r *http.Request, query url.Values) error {
	if stat := cmp.Or(query.Get("stat"), statSuccessRate); stat != statSuccessRate {
		return bad("stat must be %s", statSuccessRate)
	}
	day := 24 * time.Hour
	services, err := h.store.Services(r.Context(), store.Window{Since: &day}, store.NumbersFilter{})
	if err != nil {
		return err
	}
	rates := map[string]successRate{}
	for _, s := range services {
		if s.Received == 0 {
			continue // none but in the window before
		}
		rate := successRate{Success: s.Succeeded, Failure: s.Failed}
		if share := s.SuccessRate(); share != nil {
			rate.SuccessPercent, rate.FailPercent = 100**share, 100-100**share
		}
		rates[s.Name] = rate
	}
	writeJSON(w, http.StatusOK, rates)
	return nil
}
