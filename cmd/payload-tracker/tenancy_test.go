package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// What belongs to the other customer, and what in an answer gives it away.
const (
	theirID      = "00000000000000000000000000007e15"
	theirHost    = "77777777-7777-4777-8777-777777777777"
	theirSecret  = "their secret"
	theirService = "their-service"

	ourID = "0000000000000000000000000000a115"
)

// rootFields ask for what is the other customer's, each root field of the schema. An answer that gives something of it
// away has theirID or theirSecret in it, or the marker.
var rootFields = map[string]struct{ question, marker string }{
	"node":     {`{ node(id: "` + theirGlobalID() + `") { id ... on Payload { requestId } } }`, ""},
	"nodes":    {`{ nodes(ids: ["` + theirGlobalID() + `"]) { id ... on Payload { requestId timeline { nodes { message } } } } }`, ""},
	"payload":  {`{ payload(by: {requestId: "` + theirID + `"}) { requestId stages { service } hosts { nodes { systemId } } } }`, ""},
	"payloads": {`{ payloads(filter: {failureMessage: {contains: "secret"}}) { nodes { requestId } total { value } } }`, `"value":1`},
	"statuses": {`{ statuses(filter: {message: {contains: "secret"}}) { nodes { requestId message payload { orgId } } total { value } } }`, `"value":1`},
	"find":     {`{ find(id: "` + theirHost + `") { kinds payloads { nodes { requestId } } } }`, `INVENTORY`},
	"services": {`{ services(window: {since: "PT2H"}, filter: {orgId: {eq: "theirs"}}) { received } }`, `"received":1`},
	"flow":     {`{ flow(window: {since: "PT2H"}, filter: {orgId: {eq: "theirs"}}) { nodes { payloads } } }`, `"payloads":1`},
	"slowest":  {`{ slowest(window: {since: "PT2H"}) { nodes { requestId } } }`, ""},
	"failures": {`{ failures(window: {since: "PT2H"}) { sample payloads { nodes { requestId } } } }`, ""},
	"ingest":   {`{ ingest { lastEvent { service } } }`, `inventory`},
	"compare":  {`{ compare(a: "` + theirID + `", b: "` + theirID + `") { stages { service } } }`, `inventory`},
}

// ofThePlatform are the root fields that customers are refused.
var ofThePlatform = map[string]bool{"ingest": true}

// routes are the REST routes, below their base; those without a secret answer the same to everybody.
var routes = map[string]string{
	"/":                                  "",
	"/payloads/{request_id}":             theirSecret,
	"/payloads/{request_id}/kibanaLink":  "",
	"/payloads/{request_id}/archiveLink": "",
	"/payloads":                          theirID,
	"/statuses":                          theirID,
	"/stats":                             theirService,
	"/roles/archiveLink":                 "",
	"/openapi.json":                      "",
	"/docs":                              "",
	"/archive/{request_id}":              "",
}

func theirGlobalID() string {
	return base64.RawURLEncoding.EncodeToString([]byte("Payload:" + theirID))
}

// callers by their identity header; "" sends none.
var callers = map[string]string{
	"associate": `{"identity": {"type": "Associate", "associate": {"Role": []}}}`,
	"they":      `{"identity": {"type": "User", "org_id": "theirs", "user": {}}}`,
	"we":        `{"identity": {"type": "ServiceAccount", "org_id": "ours"}}`,
	"nobody":    "",
}

// tenantApp is an app of two customers, each with one failed upload of today.
func tenantApp(t *testing.T, settings map[string]string) *app {
	t.Helper()
	env := databaseEnv(t)
	maps.Copy(env, settings)
	config, err := readConfig(from(env))
	if err != nil {
		t.Fatal(err)
	}
	a, err := buildApp(t.Context(), config, &lockedBuffer{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	if err := a.store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.store.InitPosition(t.Context(), "g", "t", [16]byte{1}, 0, 0); err != nil {
		t.Fatal(err)
	}
	a.ingestTwo(t, 0, "")
	if err := a.store.FoldRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// ingestTwo stores an event of each customer's upload.
func (a *app) ingestTwo(t *testing.T, from int64, news string) {
	t.Helper()
	var events []payload.Event
	for org, text := range map[string]string{"theirs": theirID, "ours": ourID} {
		id, err := payload.ParseRequestID(text)
		if err != nil {
			t.Fatal(err)
		}
		event := payload.Event{RequestID: id, OrgID: org, Service: "inventory", Status: "error", Message: org + " " + news, Date: time.Now().UTC()}
		if org == "theirs" {
			event.Message, event.InventoryID = strings.TrimSpace(theirSecret+" "+news), theirHost
		}
		events = append(events, event)
		if org == "theirs" {
			event.Service, event.Status, event.Message = theirService, "success", ""
			events = append(events, event)
		}
	}
	part := store.Part{Topic: "t", TopicID: [16]byte{1}, From: from, To: from + 3, Events: events}
	if _, err := a.store.Ingest(t.Context(), store.Batch{Group: "g", Parts: []store.Part{part}}); err != nil {
		t.Fatal(err)
	}
}

// askAs sends a request in a caller's name.
func askAs(t *testing.T, handler http.Handler, caller, method, target, body string, headers ...string) (code int, text string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if header := callers[caller]; header != "" {
		request.Header.Set("x-rh-identity", base64.StdEncoding.EncodeToString([]byte(header)))
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

func TestCustomersSeeOnlyTheirOwnByGraphQL(t *testing.T) {
	t.Parallel()
	handler := publicOf(tenantApp(t, map[string]string{"TENANCY": "identity"}))
	for _, field := range graph.NewExecutableSchema(graph.Config{}).Schema().Query.Fields {
		asked, known := rootFields[field.Name]
		if strings.HasPrefix(field.Name, "__") {
			continue
		}
		if !known {
			t.Errorf("%s: what of another customer's could it give away? Say so in rootFields", field.Name)
			continue
		}
		body, err := json.Marshal(map[string]string{"query": asked.question})
		if err != nil {
			t.Fatal(err)
		}
		for caller := range callers {
			code, text := askAs(t, handler, caller, http.MethodPost, "/graphql", string(body))
			sees := strings.Contains(text, theirID) || strings.Contains(text, theirSecret) || (asked.marker != "" && strings.Contains(text, asked.marker))
			switch {
			case ofThePlatform[field.Name] && caller != "nobody" && caller != "associate":
				if sees || !strings.Contains(text, "FORBIDDEN") {
					t.Errorf("%s as %s: %d %s", field.Name, caller, code, text)
				}
			case caller == "nobody":
				if code != http.StatusUnauthorized || !strings.Contains(text, "UNAUTHENTICATED") || strings.Contains(text, `"data"`) {
					t.Errorf("%s as nobody: %d %s", field.Name, code, text)
				}
			case code != http.StatusOK || strings.Contains(text, `"errors"`) || sees != (caller != "we"):
				t.Errorf("%s as %s: %d %s", field.Name, caller, code, text)
			}
		}
	}
}

func TestCustomersSeeOnlyTheirOwnByREST(t *testing.T) {
	t.Parallel()
	handler := publicOf(tenantApp(t, map[string]string{"TENANCY": "identity"}))
	for _, path := range documentedRoutes(t, handler) {
		secret, known := routes[path]
		if !known {
			t.Errorf("%s: what of another customer's could it give away? Say so in routes", path)
			continue
		}
		for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson"} {
			checkRoute(t, handler, path, secret, accept)
		}
	}
	for _, probe := range []string{"/health", "/livez", "/readyz"} {
		if code, text := askAs(t, handler, "nobody", http.MethodGet, probe, ""); code != http.StatusOK {
			t.Errorf("%s: %d %s", probe, code, text)
		}
	}
}

func checkRoute(t *testing.T, handler http.Handler, path, secret, accept string) {
	t.Helper()
	target := "/api/v1" + strings.ReplaceAll(path, "{request_id}", theirID)
	for caller := range callers {
		code, text := askAs(t, handler, caller, http.MethodGet, target, "", "Accept", accept)
		sees := strings.Contains(strings.ReplaceAll(text, "id: "+theirID, ""), theirID) || strings.Contains(text, theirSecret) || strings.Contains(text, theirService)
		switch {
		case caller == "nobody":
			if code != http.StatusUnauthorized || sees {
				t.Errorf("%s as nobody: %d %s", path, code, text)
			}
		case secret != "" && sees != (caller != "we"):
			t.Errorf("%s, %s as %s: %d %s", path, accept, caller, code, text)
		case caller == "we" && path == "/payloads/{request_id}" && code != http.StatusNotFound:
			t.Errorf("%s as we: %d %s", path, code, text)
		}
	}
}

// documentedRoutes are the paths of the OpenAPI document, which a test of its own holds to be all that there are.
func documentedRoutes(t *testing.T, handler http.Handler) []string {
	t.Helper()
	_, text := askAs(t, handler, "associate", http.MethodGet, "/api/v1/openapi.json", "")
	var document struct{ Paths map[string]any }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for path := range document.Paths {
		if path, found := strings.CutPrefix(path, "/api/v1"); found {
			paths = append(paths, path)
		}
	}
	if len(paths) < 9 {
		t.Fatalf("only %v", paths)
	}
	return paths
}

func TestWithoutTenancyTheHeaderSaysNothing(t *testing.T) {
	t.Parallel()
	handler := publicOf(tenantApp(t, nil))
	body, err := json.Marshal(map[string]string{"query": rootFields["payload"].question})
	if err != nil {
		t.Fatal(err)
	}
	for caller := range callers {
		if code, text := askAs(t, handler, caller, http.MethodPost, "/graphql", string(body)); code != http.StatusOK || !strings.Contains(text, theirID) {
			t.Errorf("%s: %d %s", caller, code, text)
		}
	}
}

// The page's own questions are answered where nothing else is.
func TestOnlyTrustedDocumentsServeThePage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir+"/mine.graphql", `query Mine { payloads { nodes { requestId } } }`)
	handler := publicOf(tenantApp(t, map[string]string{"TRUSTED_DOCUMENTS": "only", "TRUSTED_DOCUMENTS_DIR": dir}))
	var page map[string]string
	content, err := webDocuments()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &page); err != nil || len(page) < 3 {
		t.Fatalf("%d documents, %v", len(page), err)
	}
	page["mine"] = `query Mine { payloads { nodes { requestId } } }`
	for name, text := range page {
		body, _ := json.Marshal(map[string]any{"query": text, "variables": map[string]any{"id": theirID}})
		// Trusted, so it is read: what it lacks then is a variable, or a transport for a subscription.
		code, answer := askAs(t, handler, "nobody", http.MethodPost, "/graphql", string(body))
		lacks := strings.Contains(answer, "must be defined") || strings.Contains(answer, "subscribe by a websocket")
		if code != http.StatusOK || !lacks && !strings.Contains(answer, `"data"`) {
			t.Errorf("%s: %d %s", name, code, answer)
		}
	}
	if code, text := askAs(t, handler, "nobody", http.MethodPost, "/graphql", `{"query": "{ payloads { nodes { id } } }"}`); !strings.Contains(text, "FORBIDDEN") {
		t.Errorf("%d %s", code, text)
	}
	if !bytes.Contains(content, []byte("payload(by:")) {
		t.Error("the page does not ask for a payload")
	}
}

// subscriptions follow what is the other customer's, each field of the schema; "we" hear of our own alone.
var subscriptions = map[string]string{
	"payload":  `subscription { payload(requestId: "` + theirID + `") { requestId timeline { nodes { message } } } }`,
	"statuses": `subscription { statuses { requestId message payload { orgId } } }`,
}

func TestCustomersFollowOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, map[string]string{"TENANCY": "identity"})
	questions := a.graphHandler()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- questions.Run(ctx) }()
	server := httptest.NewServer(a.publicHandler(questions))
	t.Cleanup(func() {
		cancel()
		if err := questions.Shutdown(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		server.Close()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	streams := map[string]*stream{}
	for _, field := range graph.NewExecutableSchema(graph.Config{}).Schema().Subscription.Fields {
		question, known := subscriptions[field.Name]
		if !known {
			t.Errorf("%s: what of another customer's could it give away? Say so in subscriptions", field.Name)
			continue
		}
		for caller, header := range callers {
			s := openStream(t, server.URL, question, header)
			if caller == "nobody" {
				if s.code != http.StatusUnauthorized {
					t.Errorf("%s as nobody: %d", field.Name, s.code)
				}
				continue
			}
			streams[field.Name+" as "+caller] = s
		}
	}
	for n := 1; ; n++ { // a stream may be open and not be heard yet: events come until all have theirs
		a.ingestTwo(t, int64(3*n), fmt.Sprintf("news %d", n))
		waiting := ""
		for name, s := range streams {
			switch text := s.text(); {
			case strings.HasSuffix(name, "as we"):
				if strings.Contains(text, theirID) || strings.Contains(text, theirSecret) {
					t.Fatalf("%s: %s", name, text)
				}
				if strings.HasPrefix(name, "statuses") && !strings.Contains(text, "ours news") {
					waiting = name
				}
			case !strings.Contains(text, theirSecret+" news"):
				waiting = name
			}
		}
		if waiting == "" {
			return
		}
		if n > 300 {
			t.Fatalf("%s heard nothing: %s", waiting, streams[waiting].text())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// stream is what has come of a subscription.
type stream struct {
	code int
	mu   sync.Mutex
	come bytes.Buffer
}

func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.come.String()
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.come.Write(p)
}

// openStream subscribes by server-sent events.
func openStream(t *testing.T, base, question, caller string) *stream {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": question})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	if caller != "" {
		request.Header.Set("x-rh-identity", base64.StdEncoding.EncodeToString([]byte(caller)))
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{code: answer.StatusCode}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(s, answer.Body) // until it is closed
	}()
	t.Cleanup(func() { _ = answer.Body.Close(); <-copied })
	return s
}
