package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// question is what a client sends, over whichever transport. The text is given
// whole, or by a name: DocumentID, or the hash in Extensions.
type question struct {
	graphql.RawParams

	DocumentID string `json:"documentId"`

	hash string
}

// empty tells that there is neither a text nor a name of one.
func (q *question) empty() bool {
	return q.Query == "" && q.DocumentID == "" && q.Extensions["persistedQuery"] == nil
}

// readQuestion reads a question from a request. An error comes with the HTTP
// status to answer, and never repeats what was sent.
func readQuestion(w http.ResponseWriter, r *http.Request, most int64) (*question, int, *gqlerror.Error) {
	var params *question
	var status int
	var err *gqlerror.Error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		params, status, err = readQuery(r, most)
	case http.MethodPost:
		params, status, err = readBody(w, r, most)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		return nil, http.StatusMethodNotAllowed, badRequest("ask by POST, or by GET")
	}
	switch {
	case err != nil:
		return nil, status, err
	case params.empty():
		return nil, http.StatusBadRequest, badRequest("there is no query")
	}
	params.Headers = r.Header
	return params, 0, nil
}

// readQuery reads the parameters of a GET. It changes nothing: the schema has
// no mutations.
func readQuery(r *http.Request, most int64) (*question, int, *gqlerror.Error) {
	if int64(len(r.URL.RawQuery)) > most {
		return nil, http.StatusRequestURITooLong, badRequest("the address is too long: ask by POST")
	}
	values := r.URL.Query()
	params := &question{DocumentID: values.Get("documentId")}
	params.Query, params.OperationName = values.Get("query"), values.Get("operationName")
	for name, to := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		if text := values.Get(name); text != "" && decodeJSON([]byte(text), to) != nil {
			return nil, http.StatusBadRequest, badRequest(name + " is no JSON object")
		}
	}
	return params, 0, nil
}

// readBody reads the JSON of a POST. Other content types, which a form of a
// foreign page could send, are refused.
func readBody(w http.ResponseWriter, r *http.Request, most int64) (*question, int, *gqlerror.Error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, http.StatusUnsupportedMediaType, badRequest("send the question as application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge, badRequest("the question is too large")
	}
	if err != nil {
		return nil, http.StatusBadRequest, badRequest("the question did not arrive whole")
	}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		return nil, http.StatusBadRequest, badRequest("send one question a request")
	}
	params := &question{}
	if decodeJSON(body, params) != nil {
		return nil, http.StatusBadRequest, badRequest("the body is no JSON object with the texts query (or documentId) and operationName, and the objects variables and extensions")
	}
	return params, 0, nil
}

func decodeJSON(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
