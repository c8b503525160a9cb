package graph

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
)

// answer is what is written in the end.
type answer struct {
	accepts    string // the media type
	status     int    // 0: 200
	errors     gqlerror.List
	data       json.RawMessage // nil: no data key
	extensions map[string]any
}

// acceptOf is the media type of the answer: the one made for GraphQL, whose
// status tells whether the question was executed, for those that name it.
func acceptOf(r *http.Request) string {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err == nil && media == mediaResponse && params["q"] != "0" {
			return mediaResponse
		}
	}
	return mediaJSON
}

// refuse answers a request that holds no question.
func (a *answer) refuse(status int, err *gqlerror.Error) {
	a.status, a.data, a.errors = status, nil, gqlerror.List{err}
}

// reject answers a question that is not executed.
func (a *answer) reject(errs gqlerror.List) {
	a.errors = errs
	if a.accepts == mediaResponse {
		a.status = http.StatusBadRequest
	}
}

func (a *answer) answered(r *graphql.Response) {
	a.errors, a.data = r.Errors[:min(len(r.Errors), maxErrors)], r.Data // rows that share an error would repeat it
	if len(a.data) == 0 {
		a.data = json.RawMessage("null")
	}
}

func (a *answer) extend(name string, value any) {
	if a.extensions == nil {
		a.extensions = map[string]any{}
	}
	a.extensions[name] = value
}

func (a *answer) write(w http.ResponseWriter) {
	body, err := json.Marshal(struct {
		Errors     gqlerror.List   `json:"errors,omitempty"`
		Data       json.RawMessage `json:"data,omitempty"`
		Extensions map[string]any  `json:"extensions,omitempty"`
	}{a.errors, a.data, a.extensions})
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", a.accepts+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept")
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(body)
}
