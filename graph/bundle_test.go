package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// bundle is a server on a database of its own whose clock stands at noon.
type bundle struct {
	t          *testing.T
	store      *store.Store
	statements *storetest.Statements
	url        string
	log        *syncBuffer
	partition  int32 // that feed's events come from
	next       int64
}

func setup(t *testing.T, options ...func(*graph.HandlerConfig)) *bundle {
	t.Helper()
	b := &bundle{t: t, log: &syncBuffer{}}
	b.store, b.statements = storetest.CountStatements(t, func(c *store.Config) { c.Now = func() time.Time { return noon } })
	config := graph.HandlerConfig{Store: b.store, Logger: slog.New(slog.NewTextHandler(b.log, nil))}
	for _, option := range options {
		option(&config)
	}
	server := httptest.NewServer(graph.NewHandler(config))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// feed stores events.
func (b *bundle) feed(events ...payload.Event) {
	b.t.Helper()
	ctx := b.t.Context()
	if b.next == 0 {
		if _, err := b.store.InitPosition(ctx, "test", "t", [16]byte{1}, b.partition, 0); err != nil {
			b.t.Fatal(err)
		}
	}
	to := b.next + int64(len(events))
	_, err := b.store.Ingest(ctx, store.Batch{Group: "test", Parts: []store.Part{{
		Topic: "t", Partition: b.partition, TopicID: [16]byte{1}, From: b.next, To: to, Events: events,
	}}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.next = to
}

func requestID(n int) payload.RequestID {
	id, err := payload.ParseRequestID(fmt.Sprintf("%032x", 0xabc0000+n))
	if err != nil {
		panic(err)
	}
	return id
}

// event is one of payload n, so long before noon.
func event(n int, service, status string, before time.Duration) payload.Event {
	return payload.Event{
		RequestID: requestID(n), Service: service, Status: status, Date: noon.Add(-before), OrgID: "org1", Account: "acc1",
	}
}

// failing are the events of an upload that fails in the inventory.
func failing(n int, message string) []payload.Event {
	ingress := event(n, "ingress", "received", 10*time.Minute)
	ingress.InventoryID, ingress.SystemID = fmt.Sprintf("inventory-%d", n), "machine-1"
	failed := event(n, "inventory", "error", 9*time.Minute)
	failed.Source, failed.Message = "inventory-mq", message
	return []payload.Event{
		ingress,
		event(n, "ingress", "success", 10*time.Minute-2*time.Second),
		event(n, "puptoo", "received", 10*time.Minute-3*time.Second),
		event(n, "puptoo", "success", 10*time.Minute-5*time.Second),
		failed,
	}
}

type reply struct {
	status int
	body   string
	header http.Header

	Data       map[string]any
	Errors     []replyError
	Extensions map[string]any
}

type replyError struct {
	Message    string
	Path       []any
	Locations  []any
	Extensions map[string]any
}

// code of the only error.
func (r reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// ask posts a question.
func (b *bundle) ask(query string, variables map[string]any) reply {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.post(string(body), "Content-Type", "application/json")
}

// data asks, and takes no errors.
func (b *bundle) data(query string, variables map[string]any) map[string]any {
	b.t.Helper()
	r := b.ask(query, variables)
	if len(r.Errors) > 0 || r.status != http.StatusOK {
		b.t.Fatalf("%s\nstatus %d: %s\n%s", query, r.status, r.body, b.log)
	}
	return r.Data
}

func (b *bundle) post(body string, headers ...string) reply {
	b.t.Helper()
	return b.send(http.MethodPost, b.url, strings.NewReader(body), headers...)
}

func (b *bundle) send(method, url string, body io.Reader, headers ...string) reply {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, url, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	r := reply{status: response.StatusCode, body: string(text), header: response.Header}
	if err := json.Unmarshal(text, &r); err != nil && method != http.MethodHead {
		b.t.Fatalf("status %d, no JSON: %s", r.status, text)
	}
	return r
}

// at follows a path of names and indexes.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for i, step := range path {
		switch step := step.(type) {
		case string:
			object, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("%v: no object but %v", path[:i], v)
			}
			v = object[step]
		case int:
			list, ok := v.([]any)
			if !ok || len(list) <= step {
				t.Fatalf("%v: no element %d in %v", path[:i], step, v)
			}
			v = list[step]
		}
	}
	return v
}

func want(t *testing.T, v any, expected any, path ...any) {
	t.Helper()
	got, _ := json.Marshal(at(t, v, path...))
	text, _ := json.Marshal(expected)
	if string(got) != string(text) {
		t.Errorf("%v is %s, want %s", path, got, text)
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
