package rest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// document is the OpenAPI document as the service gives it.
type document struct {
	t      *testing.T
	whole  map[string]any
	schema *jsonschema.Compiler
}

func readDocument(b *bundle) *document {
	b.t.Helper()
	status, body, _ := b.ask("/api/v1/openapi.json")
	d := &document{t: b.t, schema: jsonschema.NewCompiler()}
	if err := json.Unmarshal([]byte(body), &d.whole); err != nil || status != http.StatusOK {
		b.t.Fatalf("%d %v", status, err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	d.schema.AssertFormat()
	if err := d.schema.AddResource("openapi.json", value); err != nil {
		b.t.Fatal(err)
	}
	return d
}

// at walks into the document and follows references.
func (d *document) at(from any, keys ...string) any {
	for _, key := range keys {
		object, _ := from.(map[string]any)
		from = object[key]
		if object, ok := from.(map[string]any); ok {
			if ref, ok := object["$ref"].(string); ok {
				from = d.at(d.whole, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
		}
	}
	return from
}

func (d *document) keys(from any, keys ...string) []string {
	object, _ := d.at(from, keys...).(map[string]any)
	return slices.Sorted(maps.Keys(object))
}

func (d *document) paths() []string { return d.keys(d.whole, "paths") }

// parameters of an operation, by where they are sent.
func (d *document) parameters(route string) map[string]map[string]any {
	found := map[string]map[string]any{}
	list, _ := d.at(d.whole, "paths", route, "get", "parameters").([]any)
	for _, p := range list {
		object := d.at(map[string]any{"p": p}, "p").(map[string]any)
		in := object["in"].(string)
		if found[in] == nil {
			found[in] = map[string]any{}
		}
		found[in][object["name"].(string)] = object["schema"]
	}
	return found
}

func TestTheDocumentHasExactlyTheRoutes(t *testing.T) {
	t.Parallel()
	d := readDocument(fixed(t))
	documented := slices.DeleteFunc(d.paths(), func(p string) bool { return p == "/" || p == "/health" })
	var served []string
	inPath := regexp.MustCompile(`\{(\w+)\}`)
	for _, e := range rest.Endpoints() {
		route := rest.Bases[0] + strings.TrimSuffix(e.Path, "{$}")
		served = append(served, route)
		parameters := d.parameters(route)
		if got, want := slices.Sorted(maps.Keys(parameters["query"])), slices.Sorted(slices.Values(e.Params)); !slices.Equal(got, want) {
			t.Errorf("%s: the document has the parameters %v, the service %v", route, got, want)
		}
		var segments []string
		for _, found := range inPath.FindAllStringSubmatch(route, -1) {
			segments = append(segments, found[1])
		}
		if got := slices.Sorted(maps.Keys(parameters["path"])); !slices.Equal(got, segments) {
			t.Errorf("%s: the document has %v in the path", route, got)
		}
		if methods := d.keys(d.whole, "paths", route); !slices.Equal(methods, []string{"get"}) {
			t.Errorf("%s: the document has the methods %v", route, methods)
		}
	}
	slices.Sort(served)
	if !slices.Equal(served, documented) {
		t.Errorf("the service has %v,\nthe document %v", served, documented)
	}
}

// TestTheDocumentsParametersDoWhatItSays tries every value the document allows, and one that it does not.
func TestTheDocumentsParametersDoWhatItSays(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	b.seed()
	d := readDocument(b)
	// What each filter finds, of the rows of the seed: less than all.
	filters := map[string]string{
		"account": "500102", "org_id": "700103", "inventory_id": "i-2", "system_id": "m-2",
		"service": "puptoo", "source": "aws", "status": "error", "status_msg": "no facts", "verbosity": "2",
	}
	for _, route := range d.paths() {
		target := strings.ReplaceAll(route, "{request_id}", known)
		for name, schema := range d.parameters(route)["query"] {
			ask := func(value string) (int, string) {
				status, body, _ := b.ask(target + "?" + url.Values{name: {value}}.Encode())
				return status, body
			}
			_, plain, _ := b.ask(target)
			allowed := d.at(schema, "enum")
			var good, wrong []string
			switch {
			case allowed != nil:
				for _, value := range allowed.([]any) {
					good = append(good, value.(string))
				}
				if name != "verdict" { // another value is none
					wrong = append(wrong, "x")
				}
			case d.at(schema, "type") == "integer":
				good, wrong = []string{"0", "1"}, []string{"x", "1.5"}
				if most, bounded := d.at(schema, "maximum").(float64); bounded {
					good, wrong = append(good, fmt.Sprint(int(most))), append(wrong, fmt.Sprint(int(most)+1), "-1")
				}
			case d.at(schema, "format") == "date-time":
				good, wrong = []string{"2026-03-04T12:00:00Z", "2026-03-06T12:00:00.5+01:00"}, []string{"2026-03-04"}
			default:
				value, known := filters[name]
				if status, body := ask(value); name != "service" || !strings.HasSuffix(route, "kibanaLink") {
					if !known || status != http.StatusOK || len(body) >= len(plain) {
						t.Errorf("%s: %s=%s filters nothing: %d %s", route, name, value, status, body)
					}
				} else if body == plain {
					t.Errorf("%s: %s changes nothing", route, name)
				}
			}
			for _, value := range append(good, "") {
				if status, body := ask(value); status != http.StatusOK {
					t.Errorf("%s: %s=%s: %d %s", route, name, value, status, body)
				}
			}
			for _, value := range wrong {
				if status, body := ask(value); status != http.StatusBadRequest {
					t.Errorf("%s: %s=%s: %d %s", route, name, value, status, body)
				}
			}
		}
	}
}

// question provokes an answer.
type question struct {
	of      *bundle
	target  string // with {request_id} for the known one
	headers []string
}

// TestTheServiceAnswersAsTheDocumentSays provokes every answer of the document: each must be of a documented status,
// type and shape, with the documented headers.
func TestTheServiceAnswersAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	good := fixed(t)
	good.seed()
	good.many(10_100) // enough for an estimate
	mock, _ := withArchive(t, rest.ArchiveConfig{Mock: true})
	broken, slow := brokenDatabase(t), slowDatabase(t)
	away := awayDatabase(t)
	tenants := &bundle{t: t, handler: rest.NewHandler(rest.Config{Store: storetest.New(t, func(c *store.Config) { c.Tenants = true })})}
	archives, _ := withArchive(t, rest.ArchiveConfig{BrokerURL: broker(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("request_id") {
		case known:
			fmt.Fprint(w, `{"url":"https://s3.example.com/x"}`)
		case requestID(1).String():
			http.Error(w, "", http.StatusNotFound)
		default:
			http.Error(w, "", http.StatusBadGateway)
		}
	})})
	_, _, tagged := good.ask("/api/v1/payloads/" + known)
	allowed, forbidden := "x-rh-identity: "+header(`["`+role+`"]`), "x-rh-identity: "+header(`[]`)

	d := readDocument(good)
	provoked := map[string]bool{}
	for _, route := range d.paths() {
		questions := []question{{good, route, nil}, {throttled(t), route, nil}}
		switch path.Base(route) {
		case "payloads", "statuses":
			questions = append(questions,
				question{good, route + "?page_size=500", nil}, question{good, route + "?page_size=0", nil}, question{good, route + "?sort_by=x", nil},
				question{good, route, []string{"Accept: text/csv"}}, question{good, route, []string{"Accept: application/x-ndjson"}},
				question{away, route, nil}, question{broken, route, nil}, question{slow, route, nil}, question{tenants, route, nil})
		case "{request_id}":
			questions = append(questions,
				question{good, route + "?verbosity=1&verdict=true", nil}, question{good, route + "?verbosity=2", nil}, question{good, route + "?sort_by=x", nil},
				question{good, route, []string{"If-None-Match: " + tagged.Header.Get("ETag")}}, question{good, path.Dir(route) + "/X", nil},
				question{away, route, nil}, question{broken, route, nil}, question{slow, route, nil}, question{tenants, route, nil})
			if strings.Contains(route, "/archive/") {
				questions = []question{{good, route, nil}, {mock, route, nil}, {throttled(t), route, nil}}
			}
		case "archiveLink":
			questions = append(questions, question{archives, route, []string{allowed}}, question{archives, route, []string{forbidden}})
			if strings.Contains(route, "{request_id}") {
				for _, id := range []string{"X", requestID(1).String(), requestID(2).String()} {
					questions = append(questions, question{archives, strings.ReplaceAll(route, "{request_id}", id), []string{allowed}})
				}
			}
		case "stats":
			questions = append(questions, question{good, route + "?stat=x", nil},
				question{away, route, nil}, question{broken, route, nil}, question{slow, route, nil}, question{tenants, route, nil})
		case "kibanaLink":
			questions = append(questions, question{good, strings.ReplaceAll(route, "{request_id}", "X"), nil})
		case "health":
			questions = append(questions, question{away, route, nil})
		}
		for _, q := range questions {
			provoked[d.check(route, q)] = true
		}
	}
	for _, route := range d.paths() {
		for _, status := range d.keys(d.whole, "paths", route, "get", "responses") {
			if !provoked[route+" "+status] {
				t.Errorf("%s: nothing was found that is answered with %s", route, status)
			}
		}
	}
}

// check asks, compares with the document, and gives the route and the status.
func (d *document) check(route string, q question) string {
	d.t.Helper()
	target := strings.ReplaceAll(q.target, "{request_id}", known)
	status, body, answer := q.of.ask(target, q.headers...)
	name := fmt.Sprint(route, " ", status)
	response := d.at(d.whole, "paths", route, "get", "responses", fmt.Sprint(status))
	if response == nil {
		d.t.Errorf("%s %v: %d is not documented: %s", target, q.headers, status, body)
		return name
	}
	for _, h := range d.keys(response, "headers") {
		if answer.Header.Get(h) == "" && (h != "Retry-After" || status == http.StatusTooManyRequests) {
			d.t.Errorf("%s: there is no header %s", name, h)
		}
	}
	content := d.keys(response, "content")
	if len(content) == 0 {
		if body != "" {
			d.t.Errorf("%s: a body is not documented: %s", name, body)
		}
		return name
	}
	media, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(content, media) {
		d.t.Errorf("%s: the type %q is not documented", name, answer.Header.Get("Content-Type"))
		return name
	}
	if media != "application/json" {
		return name
	}
	at := fmt.Sprintf("/paths/%s/get/responses/%d", strings.NewReplacer("~", "~0", "/", "~1").Replace(route), status)
	if ref, shared := d.whole["paths"].(map[string]any)[route].(map[string]any)["get"].(map[string]any)["responses"].(map[string]any)[fmt.Sprint(status)].(map[string]any)["$ref"].(string); shared {
		at = strings.TrimPrefix(ref, "#")
	}
	schema, err := d.schema.Compile("openapi.json#" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(at) + "/content/application~1json/schema")
	if err != nil {
		d.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		d.t.Errorf("%s: %v\n%.500s", name, err, body)
	}
	return name
}

// throttled is a handler that has answered as often as it may.
func throttled(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, handler: rest.NewHandler(rest.Config{
		Store: awayDatabase(t).store, RequestsPerMinute: 1, Archive: rest.ArchiveConfig{Mock: true}, Now: func() time.Time { return noon },
	})}
	b.ask("/api/v1/")
	return b
}

// awayDatabase is a handler whose database does not answer.
func awayDatabase(t *testing.T) *bundle {
	t.Helper()
	away, err := store.Open(t.Context(), store.Config{DSN: "host=127.0.0.1 port=1 user=nobody"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(away.Close)
	return &bundle{t: t, store: away, handler: rest.NewHandler(rest.Config{Store: away})}
}

// brokenDatabase is a handler whose database has another schema.
func brokenDatabase(t *testing.T) *bundle {
	t.Helper()
	dsn := storetest.DSN(t)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	b := &bundle{t: t, store: s, handler: rest.NewHandler(rest.Config{Store: s})}
	b.ingest(payload.Event{Service: "ingress", Status: "received", Date: noon})
	conn := storetest.Conn(t, dsn)
	for _, sql := range []string{`ALTER TABLE payloads RENAME COLUMN account TO accounts`, `ALTER TABLE trails RENAME COLUMN source TO sources`, `ALTER TABLE stage_rollups RENAME COLUMN received TO receiveds`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// slowDatabase is a handler whose database lets it wait.
func slowDatabase(t *testing.T) *bundle {
	t.Helper()
	dsn := storetest.DSN(t)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, QueryTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	lock, err := storetest.Conn(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `LOCK TABLE payloads, trails, stage_rollups`); err != nil { // nobody reads them now
		t.Fatal(err)
	}
	return &bundle{t: t, store: s, handler: rest.NewHandler(rest.Config{Store: s, Timeout: time.Second})}
}

func TestTheDocumentCanBeRead(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	status, page, answer := b.ask("/app/payload-tracker/api/v1/docs")
	if status != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") || !strings.Contains(answer.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("%d %v", status, answer.Header)
	}
	d := readDocument(b)
	for _, route := range d.paths() {
		if !strings.Contains(page, "GET "+route+"<") {
			t.Errorf("the page lacks %s", route)
		}
		for _, parameters := range d.parameters(route) {
			for name := range parameters {
				if !strings.Contains(page, "<code>"+name+"</code>") {
					t.Errorf("the page lacks %s of %s", name, route)
				}
			}
		}
	}
	for _, foreign := range []string{"<script", "src=", "http://", "https://", "<no value>"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
}
