package rest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const known = "d3a60f39c95656eca4e06e1166481a1d"

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// bundle is a handler over a database of its own.
type bundle struct {
	t       *testing.T
	store   *store.Store
	handler http.Handler
	next    int64
}

func setup(t *testing.T) *bundle {
	t.Helper()
	s := storetest.New(t)
	return &bundle{t: t, store: s, handler: rest.NewHandler(rest.Config{Store: s})}
}

// ingest stores events of the known payload, as one batch.
func (b *bundle) ingest(events ...payload.Event) {
	b.t.Helper()
	id, err := payload.ParseRequestID(known)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range events {
		events[i].RequestID = id
	}
	b.feed(events...)
}

// feed stores events as one batch.
func (b *bundle) feed(events ...payload.Event) {
	b.t.Helper()
	from, err := b.store.InitPosition(b.t.Context(), "rest", "events", [16]byte{1}, 0, b.next)
	if err != nil {
		b.t.Fatal(err)
	}
	b.next = from + int64(len(events))
	part := store.Part{Topic: "events", TopicID: [16]byte{1}, From: from, To: b.next, Events: events}
	if _, err := b.store.Ingest(b.t.Context(), store.Batch{Group: "rest", Parts: []store.Part{part}}); err != nil {
		b.t.Fatal(err)
	}
}

// journey is a payload of two services, one with and without a source, whose dates show every form of fraction.
func (b *bundle) journey() {
	b.t.Helper()
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	b.ingest(
		payload.Event{Service: "ingress", Status: "received", Message: "upload <taken> & stored", Date: noon, OrgID: "700101", Account: "500101"},
		payload.Event{Service: "ingress", Status: "success", Date: at(1500 * time.Millisecond)},
		payload.Event{Service: "puptoo", Source: "advisor", Status: "received", Date: at(2 * time.Second)},
		payload.Event{Service: "puptoo", Source: "advisor", Status: "error", Message: "no facts", Date: at(26*time.Hour + 3*time.Minute + 123456*time.Microsecond)},
		payload.Event{Service: "puptoo", Status: "processing", Date: at(2 * time.Second), InventoryID: "91849bb5-454f-5ae6-907a-08f89be9bcde", SystemID: "m-1"},
	)
}

func (b *bundle) do(method, target string) *http.Response {
	b.t.Helper()
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(b.t.Context(), method, target, nil))
	return recorder.Result()
}

func (b *bundle) get(target string) (status int, contentType, body string) {
	b.t.Helper()
	answer := b.do(http.MethodGet, target)
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(content)
}

// changing are the values that differ from run to run: the row number and when the tracker took an event in.
var changing = regexp.MustCompile(`"id":\d+|"created_at":"20[^"]*"`)

func TestPayload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.journey()
	for name, query := range map[string]string{
		"default":         "",
		"asc":             "?sort_dir=asc&sort_by=&verbosity=3",
		"verbosity-1":     "?verbosity=1&sort_dir=asc",
		"verbosity-2":     "?verbosity=2&sort_dir=asc",
		"by-service-asc":  "?sort_by=service&sort_dir=asc&verbosity=2",
		"by-service-desc": "?sort_by=service&verbosity=2",
		"by-message":      "?sort_by=status_msg&sort_dir=asc&verbosity=1",
		"by-org":          "?sort_by=org_id&sort_dir=asc&verbosity=2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, contentType, body := b.get("/api/v1/payloads/" + known + query)
			if status != http.StatusOK || contentType != "application/json" {
				t.Fatalf("status %d, %s: %s", status, contentType, body)
			}
			golden(t, name, body)
			if _, _, again := b.get("/app/payload-tracker/api/v1/payloads/" + known + query); again != body {
				t.Errorf("another answer below the other base:\n%s\n%s", body, again)
			}
		})
	}
}

func golden(t *testing.T, name, body string) {
	t.Helper()
	body = changing.ReplaceAllStringFunc(body, func(text string) string {
		key, _, _ := strings.Cut(text, ":")
		if key == `"id"` {
			return key + ":1"
		}
		return key + `:"2026-03-05T00:00:00Z"`
	})
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(body), "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, pretty.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, pretty.Bytes()) {
		t.Errorf("%s (-update writes it anew):\n%s", path, pretty.String())
	}
}

func TestPayloadIsFoundHoweverItsIDIsWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.journey()
	_, _, want := b.get("/api/v1/payloads/" + known)
	for _, id := range []string{"D3A60F39C95656ECA4E06E1166481A1D", "d3a60f39-c956-56ec-a4e0-6e1166481a1d"} {
		if status, _, body := b.get("/api/v1/payloads/" + id); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %s", id, status, body)
		}
	}
}

func TestPayloadOfManyStatuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var events []payload.Event
	for n := range 1_203 {
		events = append(events, payload.Event{
			Service: "puptoo", Status: "processing", Date: noon.Add(time.Duration(n/2) * time.Millisecond), Message: strings.Repeat("x", n),
		})
	}
	b.ingest(events...)
	_, _, body := b.get("/api/v1/payloads/" + known + "?sort_by=source")
	var answer struct {
		Data []struct {
			Message string `json:"status_msg"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, row := range answer.Data {
		seen[len(row.Message)] = true
	}
	if len(answer.Data) != len(events) || len(seen) != len(events) {
		t.Errorf("%d rows, %d different, want %d", len(answer.Data), len(seen), len(events))
	}
	if _, _, again := b.get("/api/v1/payloads/" + known + "?sort_by=source"); again != body {
		t.Error("a second answer differs from the first")
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.journey()
	const unknown = "00000000000000000000000000000001"
	for target, want := range map[string]string{
		"/api/v1/payloads/" + unknown: `{"title":"Not Found","message":"payload with id: ` + unknown + ` not found","status":404}`,
		"/api/v1/payloads/X":          `{"title":"Not Found","message":"payload with id: X not found","status":404}`,
		"/api/v1/payloads/" + known + "?sort_by=id&sort_dir=up": `{"title":"Bad Request","message":` +
			`"sort_by must be one of service, source, status_msg, date, created_at","status":400}`,
		"/api/v1/payloads/X?sort_dir=up": `{"title":"Bad Request","message":"sort_dir must be one of asc, desc","status":400}`,
	} {
		if _, contentType, body := b.get(target); body != want || contentType != "application/json" {
			t.Errorf("%s: %s %s, want %s", target, contentType, body, want)
		}
	}
	for _, target := range []string{"/api/v2/", "/api/v1/nothing", "/api/v1/payloads/" + known + "/nothing", "/nothing"} {
		status, contentType, body := b.get(target)
		if status != http.StatusNotFound || strings.TrimSpace(body) != "404 page not found" || !strings.HasPrefix(contentType, "text/plain") {
			t.Errorf("%s: %d %s %q", target, status, contentType, body)
		}
	}
}

func TestOnlyGet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, target := range []string{"/health", "/api/v1/", "/api/v1/payloads/" + known, "/app/payload-tracker/api/v1/payloads/" + known} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions} {
			answer := b.do(method, target)
			if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "GET" {
				t.Errorf("%s %s: %d, Allow %q", method, target, answer.StatusCode, answer.Header.Get("Allow"))
			}
		}
	}
}

func TestHealthAndLubdub(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for target, want := range map[string]string{
		"/health": "OK", "/": "lubdub", "/api/v1": "lubdub", "/api/v1/": "lubdub", "/app/payload-tracker/api/v1/": "lubdub",
	} {
		if status, _, body := b.get(target); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", target, status, body)
		}
	}
}

func TestHealthWithoutDatabase(t *testing.T) {
	t.Parallel()
	away, err := store.Open(t.Context(), store.Config{DSN: "host=127.0.0.1 port=1 user=nobody"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(away.Close)
	b := &bundle{t: t, store: away, handler: rest.NewHandler(rest.Config{Store: away})}
	if status, _, body := b.get("/health"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"status":503`) {
		t.Errorf("health: %d %s", status, body)
	}
	if status, _, body := b.get("/api/v1/payloads/" + known); status != http.StatusServiceUnavailable {
		t.Errorf("payload: %d %s", status, body)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	now := noon.Add(15 * time.Second)
	b := &bundle{t: t, handler: rest.NewHandler(rest.Config{RequestsPerMinute: 2, Now: func() time.Time { return now }})}
	for i, want := range []int{200, 200, 429, 429} {
		answer := b.do(http.MethodGet, "/api/v1/")
		if answer.StatusCode != want || answer.Header.Get("X-RateLimit-Limit") != "2" {
			t.Errorf("request %d: %d, headers %v", i, answer.StatusCode, answer.Header)
		}
	}
	answer := b.do(http.MethodGet, "/api/v1/")
	if answer.Header.Get("X-RateLimit-Remaining") != "0" || answer.Header.Get("X-RateLimit-Reset") != "1772625660" ||
		answer.Header.Get("Retry-After") != "46" {
		t.Errorf("headers %v", answer.Header)
	}
	now = now.Add(time.Minute)
	if status, _, body := b.get("/api/v1/"); status != http.StatusOK {
		t.Errorf("a minute later: %d %s", status, body)
	}
}

func keyOf(t *testing.T) store.PayloadKey {
	t.Helper()
	id, err := payload.ParseRequestID(known)
	if err != nil {
		t.Fatal(err)
	}
	return store.PayloadKey{RequestID: &id}
}
