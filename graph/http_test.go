package graph_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// raw sends a question by GET or POST, and takes the answer as it comes.
func (b *bundle) raw(method, target, body string, headers ...string) (*http.Response, []byte) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response, content
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, strings.Repeat("long ", 1000))...)
	long := `{"query": "{ statuses { nodes { message } } }"}`
	_, plain := b.raw(http.MethodPost, b.url, long)
	unpack := map[string]func([]byte) (io.Reader, error){
		"":     func(body []byte) (io.Reader, error) { return bytes.NewReader(body), nil },
		"gzip": func(body []byte) (io.Reader, error) { return gzip.NewReader(bytes.NewReader(body)) },
		"zstd": func(body []byte) (io.Reader, error) { return zstd.NewReader(bytes.NewReader(body)) },
	}
	for accept, want := range map[string]string{
		"gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "*": "zstd", "zstd;q=0.5, gzip": "gzip",
		"gzip;q=0, *": "zstd", "zstd; q=0, GZIP;q=0.1": "gzip", "br": "", "identity": "", "gzip;q=none": "", "*;q=0": "",
	} {
		response, body := b.raw(http.MethodPost, b.url, long, "Accept-Encoding", accept)
		if got := response.Header.Get("Content-Encoding"); got != want || !strings.Contains(response.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: %q, want %q", accept, got, want)
			continue
		}
		reader, err := unpack[want](body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(unpacked, plain) || (want != "" && len(body) > len(plain)/4) {
			t.Errorf("%s: %d bytes of %d: %v", accept, len(body), len(plain), err)
		}
		if response, _ := b.raw(http.MethodPost, b.url, `{"query": "{ __typename }"}`, "Accept-Encoding", accept); response.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: a short answer is compressed", accept)
		}
	}
}

// persistedTarget is the address of a GET of a query by its hash.
func persistedTarget(base, query string) string {
	return base + "?" + url.Values{"extensions": {`{"persistedQuery": {"version": 1, "sha256Hash": "` + hashOf(query) + `"}}`}}.Encode()
}

func TestAnAnswerToAGetOfAPersistedQueryIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *graph.HandlerConfig) { c.CacheTime = 2 * time.Second })
	query := `{ payloads { nodes { requestId } } }`
	target := persistedTarget(b.url, query)
	if response, body := b.raw(http.MethodGet, target, ""); response.StatusCode != http.StatusOK || !strings.Contains(string(body), "PERSISTED_QUERY_NOT_FOUND") ||
		response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("unknown: %d %v %s", response.StatusCode, response.Header, body)
	}
	b.raw(http.MethodGet, target+"&query="+url.QueryEscape(query), "")
	response, body := b.raw(http.MethodGet, target, "")
	tag := response.Header.Get("ETag")
	if response.Header.Get("Cache-Control") != "private, max-age=2" || tag == "" || !strings.Contains(string(body), `"data"`) {
		t.Errorf("%v %s", response.Header, body)
	}
	if response, body := b.raw(http.MethodGet, target, "", "If-None-Match", tag); response.StatusCode != http.StatusNotModified || len(body) > 0 {
		t.Errorf("unchanged: %d %s", response.StatusCode, body)
	}
	b.feed(failing(1, "x")...)
	if response, _ := b.raw(http.MethodGet, target, "", "If-None-Match", tag); response.StatusCode != http.StatusOK || response.Header.Get("ETag") == tag {
		t.Errorf("changed: %d %v", response.StatusCode, response.Header)
	}
	for name, target := range map[string]string{"not persisted": b.url + "?query=" + url.QueryEscape(query)} {
		if response, _ := b.raw(http.MethodGet, target, ""); response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("ETag") != "" {
			t.Errorf("%s: %v", name, response.Header)
		}
	}
	post := strings.TrimPrefix(target, b.url+"?extensions=")
	post, _ = url.QueryUnescape(post)
	if response, _ := b.raw(http.MethodPost, b.url, `{"extensions": `+post+`}`); response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("POST: %v", response.Header)
	}
}

const trustedQuery = `query Newest($n: Int) { payloads(first: $n) { nodes { requestId } } }`

func trusted(t *testing.T) *graph.TrustedDocuments {
	t.Helper()
	manifest, err := json.Marshal(map[string]string{"by-name": `{ __typename }`})
	if err != nil {
		t.Fatal(err)
	}
	documents := &graph.TrustedDocuments{}
	err = documents.ReadDocuments(fstest.MapFS{
		"a.graphql":    {Data: []byte(trustedQuery)},
		"codegen.json": {Data: manifest},
		"apollo.json":  {Data: []byte(`{"format": "apollo-persisted-query-manifest", "operations": [{"id": "apollo", "name": "x", "type": "query", "body": "{ find(id: \"x\") { kinds } }"}]}`)},
		"README":       {Data: []byte("no document")},
	})
	if err != nil || documents.Len() != 5 {
		t.Fatalf("%d documents, %v", documents.Len(), err)
	}
	return documents
}

func TestDocumentsAreAskedForByTheirIDs(t *testing.T) {
	t.Parallel()
	for _, only := range []bool{false, true} {
		b := setup(t, func(c *graph.HandlerConfig) { c.Documents, c.OnlyTrusted = trusted(t), only })
		hash := hashOf(trustedQuery)
		for _, body := range []string{
			`{"documentId": "` + hash + `", "variables": {"n": 1}}`, `{"documentId": "sha256:` + hash + `"}`, `{"documentId": "by-name"}`, `{"documentId": "apollo"}`,
			`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + hash + `"}}}`, `{"query": "` + trustedQuery + `"}`,
			`{"query": "query   Newest($n:Int){payloads(first:$n){nodes{requestId}}} # spaced otherwise"}`,
			`{"query": "` + trustedQuery + `", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + hash + `"}}}`,
		} {
			if r := b.post(body, "Content-Type", "application/json"); len(r.Errors) > 0 || r.Data == nil {
				t.Errorf("only trusted %v: %s: %s", only, body, r.body)
			}
		}
		response, body := b.raw(http.MethodGet, b.url+"?documentId="+hash, "")
		if !strings.Contains(string(body), `"data"`) || !strings.Contains(response.Header.Get("Cache-Control"), "max-age") {
			t.Errorf("GET: %v %s", response.Header, body)
		}
		for body, code := range map[string]string{
			`{"documentId": "unknown"}`:                                                "PERSISTED_QUERY_NOT_FOUND",
			`{"documentId": "by-name", "query": "{ __typename }"}`:                     "BAD_USER_INPUT",
			`{"documentId": "` + hash + `", "variables": {"n": 501}}`:                  "BAD_USER_INPUT",
			`{"documentId": "` + hash + `", "variables": {"n": "x"}}`:                  "BAD_USER_INPUT",
			`{"query": "` + strings.Replace(trustedQuery, "requestId", "id", 1) + `"}`: map[bool]string{true: "FORBIDDEN"}[only],
			`{"query": "{"}`: map[bool]string{true: "FORBIDDEN", false: "GRAPHQL_PARSE_FAILED"}[only],
			`{"query": "{ __typename x: __typename }"}`:                                            map[bool]string{true: "FORBIDDEN"}[only],
			`{"query": "{ __schema { queryType { name } } }"}`:                                     map[bool]string{true: "FORBIDDEN"}[only],
			`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + hash[1:] + `"}}}`: "PERSISTED_QUERY_NOT_FOUND",
		} {
			if r := b.post(body, "Content-Type", "application/json"); r.code() != code {
				t.Errorf("only trusted %v: %s: %s", only, body, r.body)
			}
		}
	}
}

func TestADocumentThatTheSchemaDoesNotKnowIsAnError(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]fstest.MapFS{
		"no such field": {"x.graphql": {Data: []byte(`{ nothing }`)}},
		"no document":   {"x.graphql": {Data: []byte(`{`)}},
		"in a manifest": {"x.json": {Data: []byte(`{"id": "{ nothing }"}`)}},
		"no manifest":   {"x.json": {Data: []byte(`[1]`)}},
	} {
		if err := (&graph.TrustedDocuments{}).ReadDocuments(file); err == nil || !strings.HasPrefix(err.Error(), "x.") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooManyQuestionsAtOnceAreThrottled(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	b := setup(t, func(c *graph.HandlerConfig) { c.Limits.Concurrent, c.Limits.Deadline = 1, time.Minute })
	b.statements.Hook(func(sql string) {
		if strings.Contains(sql, "payloads") {
			entered <- struct{}{}
			<-leave
		}
	})
	done := make(chan reply)
	go func() { done <- b.ask(`{ payloads { nodes { requestId } } }`, nil) }()
	<-entered
	r := b.ask(`{ __typename }`, nil)
	if r.status != http.StatusTooManyRequests || r.code() != "THROTTLED" || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	close(leave)
	if r := <-done; len(r.Errors) > 0 {
		t.Error(r.body)
	}
	b.statements.Hook(nil)
	if r := b.ask(`{ __typename }`, nil); r.status != http.StatusOK || len(r.Errors) > 0 {
		t.Errorf("afterwards: %d %s", r.status, r.body)
	}
}

func TestAnAnswerHasABound(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *graph.HandlerConfig) { c.Limits.AnswerBytes = 2000 })
	b.feed(failing(1, strings.Repeat("long ", 1000))...)
	for query, code := range map[string]string{
		`{ statuses { nodes { message } } }`: "COMPLEXITY_LIMIT_EXCEEDED",
		`{ statuses { nodes { status } } }`:  "",
	} {
		if r := b.ask(query, nil); r.code() != code || (code != "" && len(r.body) > 1000) {
			t.Errorf("%s: %s", query, r.body)
		}
	}
}

// A panic in a resolver, or before any, shows a client an id and nothing else.
func TestAPanicShowsNothing(t *testing.T) {
	t.Parallel()
	var left atomic.Int64 // calls of the clock until it panics
	left.Store(1 << 40)
	s := storetest.New(t, func(c *store.Config) {
		c.Now = func() time.Time {
			if left.Add(-1) < 0 {
				panic("SELECT secret FROM /etc/secret.go")
			}
			return noon
		}
	})
	b := setup(t, func(c *graph.HandlerConfig) { c.Store = s })
	b.store = s
	b.feed(failing(1, "x")...)
	for calls, query := range []string{`{ __typename }`, `{ a: __typename find(id: "machine-1") { payloads { nodes { id } } } }`} {
		left.Store(int64(calls))
		r := b.ask(query, nil)
		if r.code() != "INTERNAL_SERVER_ERROR" || r.Errors[0].Extensions["id"] == nil || (calls == 0) != (r.status == http.StatusInternalServerError) {
			t.Errorf("%s: %d %s", query, r.status, r.body)
		}
		for _, secret := range []string{"secret", "SELECT", ".go", "goroutine", "panic"} {
			if strings.Contains(r.body, secret) {
				t.Errorf("%s shows %q: %s", query, secret, r.body)
			}
		}
	}
	if log := b.log.String(); strings.Count(log, "secret.go") != 2 || !strings.Contains(log, "goroutine") {
		t.Errorf("the log does not tell: %s", log)
	}
}
