package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
)

// answer is what is written in the end.
type answer struct {
	request    *http.Request
	accepts    string // the media type
	status     int    // 0: 200
	errors     gqlerror.List
	data       json.RawMessage // nil: no data key
	extensions map[string]any
	cache      string // Cache-Control, when a GET may be kept
	kind       string // of the question: query or subscription; "" when it was not understood
	operation  string // the question's name, when it is one that is known beforehand

	stream *graphql.OperationContext // an admitted subscription: its answers are to come
	held   *holding                  // until the client has taken the answer
}

func newAnswer(r *http.Request) *answer { return &answer{request: r, accepts: acceptOf(r)} }

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
	a.errors, a.data = r.Errors, r.Data
	if len(a.data) == 0 {
		a.data = json.RawMessage("null")
	}
}

// release lets go of what the answer held, once it is sent or is not to be.
func (a *answer) release() { a.held.keep(0) }

func (a *answer) extend(name string, value any) {
	if a.extensions == nil {
		a.extensions = map[string]any{}
	}
	a.extensions[name] = value
}

// cacheable lets the client keep the answer to a GET, for itself: another
// caller may see less.
func (a *answer) cacheable(reuse time.Duration) {
	if a.request.Method != http.MethodPost {
		a.cache = "private, max-age=" + strconv.Itoa(int(reuse.Seconds()))
	}
}

// body is the answer's JSON, in whose place it is kept from then on. What was
// executed is JSON already: it is not read through once more.
func (a *answer) body() ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(a.data) + 256)
	b.WriteByte('{')
	part := func(name string, value []byte) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":`)
		b.Write(value)
	}
	if len(a.errors) > 0 {
		errs, err := json.Marshal(a.errors)
		if err != nil {
			return nil, err
		}
		part("errors", errs)
	}
	if a.data != nil {
		part("data", a.data)
		a.data = nil
	}
	if len(a.extensions) > 0 {
		extensions, err := json.Marshal(a.extensions)
		if err != nil {
			return nil, err
		}
		part("extensions", extensions)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (a *answer) write(w http.ResponseWriter) {
	body, err := a.body()
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", a.accepts+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept, Accept-Encoding")
	if a.status == http.StatusTooManyRequests {
		header.Set("Retry-After", "1")
	}
	if a.cache != "" {
		header.Set("Cache-Control", a.cache)
		tag := tagOf(body)
		header.Set("ETag", tag)
		if strings.Contains(a.request.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if len(body) > minCompressed {
		if coding := codingOf(a.request.Header); coding != nil {
			header.Set("Content-Encoding", coding.name)
			body = coding.compress(body)
		}
	}
	a.held.keep(int64(len(body))) // for as long as the client takes to read it
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(body)
}

// tagOf names the answer, whatever it is compressed by.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

// Refuse answers a request that nobody looked into, e.g. as it does not say
// who asks.
func Refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	a := newAnswer(r)
	a.refuse(status, coded(code, message))
	a.write(w)
}
