package rest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/payload-tracker/payload-tracker/payload"
)

// KibanaConfig says where the logs are.
type KibanaConfig struct {
	URL          string // the discover page
	Index        string
	ServiceField string // of a log line (default app)
}

type link struct {
	URL string `json:"url"`
}

// requestID reads the id of a link's route.
func (h *handler) requestID(r *http.Request) (payload.RequestID, error) {
	sent := r.PathValue("request_id")
	id, err := payload.ParseRequestID(sent)
	if err != nil {
		h.metrics.invalidIDs.Inc()
		return id, bad("%s is not a valid UUID", sent)
	}
	return id, nil
}

// kibanaLink answers where the payload's log lines of the last day are.
func (h *handler) kibanaLink(w http.ResponseWriter, r *http.Request, query url.Values) error {
	id, err := h.requestID(r)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, link{h.config.Kibana.link(id, query.Get("service"))})
	return nil
}

func (c KibanaConfig) link(id payload.RequestID, service string) string {
	query := "request_id:" + id.String()
	if service != "" {
		query += " AND " + c.ServiceField + ":" + inRison(service)
	}
	return c.URL + "?_g=(filters:!(),refreshInterval:(pause:!t,value:0),time:(from:now-24h,to:now))" +
		"&_a=(columns:!(_source),filters:!(),index:'" + c.Index + "',interval:auto,query:(language:lucene,query:'" + query +
		"'),sort:!('@timestamp',desc))"
}

// inRison is text as it stands in the quotes of Kibana's notation, in an address.
func inRison(text string) string {
	text = strings.NewReplacer("!", "!!", "'", "!'").Replace(text)
	return strings.NewReplacer("%21", "!", "%27", "'", "+", "%20").Replace(url.QueryEscape(text))
}

// archiveRole answers whether the caller may have archive links.
func (h *handler) archiveRole(w http.ResponseWriter, r *http.Request, _ url.Values) error {
	if err := h.mayHaveArchives(r); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Allowed bool `json:"allowed"`
	}{true})
	return nil
}

// mayHaveArchives refuses callers without the role. The gateway has signed them in: its header is believed.
func (h *handler) mayHaveArchives(r *http.Request) error {
	header := r.Header.Get("X-Rh-Identity")
	if header == "" {
		return payload.Errorf(payload.CodeUnauthenticated, "Missing Identity Header")
	}
	text, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		return payload.Errorf(payload.CodeUnauthenticated, "%v", err)
	}
	var caller struct {
		Identity struct {
			Associate struct {
				Role []string
			} `json:"associate"`
		} `json:"identity"`
	}
	if err := json.Unmarshal(text, &caller); err != nil {
		return payload.Errorf(payload.CodeUnauthenticated, "%v", err)
	}
	if !slices.Contains(caller.Identity.Associate.Role, h.config.Archive.Role) {
		return payload.Errorf(payload.CodeForbidden, "You do not have the required permissions to access this resource")
	}
	return nil
}
