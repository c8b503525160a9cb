package rest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/rest"
)

const role = "platform-archive-download"

// header is an x-rh-identity with roles.
func header(roles string) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"identity":{"type":"Associate","associate":{"email":"someone@example.com","Role":%s}}}`, roles))
}

// ask sends a GET with headers, each "name: value".
func (b *bundle) ask(target string, headers ...string) (status int, body string, answer *http.Response) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, r)
	answer = recorder.Result()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, string(content), answer
}

// broker is a storage broker on a real server.
func broker(t *testing.T, serve http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	return server.URL + "/archive/url?tier=1"
}

func withArchive(t *testing.T, archive rest.ArchiveConfig) (*bundle, *bytes.Buffer) {
	t.Helper()
	var logs bytes.Buffer
	return &bundle{t: t, handler: rest.NewHandler(rest.Config{
		Archive: archive, Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Kibana: rest.KibanaConfig{URL: "https://kibana.example.com/app/discover#/", Index: "logs-*"},
	})}, &logs
}

func TestArchiveLink(t *testing.T) {
	t.Parallel()
	const signed = "https://s3.example.com/archive?id=1&Signature=verysecret%2B"
	asked := make(chan *http.Request, 1)
	b, _ := withArchive(t, rest.ArchiveConfig{BrokerURL: broker(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		fmt.Fprintf(w, `{"url":%q}`, signed)
	})})
	for _, id := range []string{known, "D3A60F39-C956-56EC-A4E0-6E1166481A1D"} {
		status, body, answer := b.ask("/app/payload-tracker/api/v1/payloads/"+id+"/archiveLink", "x-rh-identity: "+header(`["other","`+role+`"]`))
		if status != http.StatusOK || body != `{"url":"https://s3.example.com/archive?id=1\u0026Signature=verysecret%2B"}` || answer.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d %s", status, body)
		}
		r := <-asked
		if r.Method != http.MethodGet || r.URL.String() != "/archive/url?request_id="+known+"&tier=1" || r.Header.Get("x-rh-identity") != "" {
			t.Errorf("the broker was asked %s %s, %v", r.Method, r.URL, r.Header)
		}
	}
}

func TestArchiveLinkFaults(t *testing.T) {
	t.Parallel()
	const secret = "https://s3.example.com/?Signature=verysecret"
	failed := `{"title":"Internal Server Error","message":"the storage broker gave no link; try again in a moment","status":500}`
	var followed atomic.Bool
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"no archive": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, secret, http.StatusNotFound) }, `{"title":"Not Found","message":"Payload not found","status":404}`},
		"it fails":   {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, secret, http.StatusBadGateway) }, failed},
		"it redirects": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				followed.Store(true)
			}
			http.Redirect(w, r, "/elsewhere?to="+secret, http.StatusFound)
		}, failed},
		"no JSON": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, secret) }, failed},
		"no link": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"address":"`+secret+`"}`) }, failed},
		"a script": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"url":"javascript:alert(1)//verysecret"}`)
		}, failed},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"url":"`+secret+`","more":"`+strings.Repeat("x", 64<<10)+`"}`)
		}, failed},
		"too slow": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, failed},
		"it breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"url":"`+secret)
		}, failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, logs := withArchive(t, rest.ArchiveConfig{BrokerURL: broker(t, c.serve), Timeout: 300 * time.Millisecond})
			identity := header(`["` + role + `"]`)
			_, body, answer := b.ask("/api/v1/payloads/"+known+"/archiveLink", "x-rh-identity: "+identity)
			if body != c.want || answer.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s, want %s", body, c.want)
			}
			if c.want == failed && !strings.Contains(logs.String(), "storage broker") {
				t.Errorf("the log does not say what failed: %s", logs)
			}
			if strings.Contains(logs.String(), "verysecret") || strings.Contains(logs.String(), identity) {
				t.Errorf("the log holds a secret: %s", logs)
			}
		})
	}
	t.Cleanup(func() {
		if followed.Load() {
			t.Error("a redirect was followed")
		}
	})
	b, _ := withArchive(t, rest.ArchiveConfig{BrokerURL: "http://127.0.0.1:1/archive"})
	if _, body, _ := b.ask("/api/v1/payloads/"+known+"/archiveLink", "x-rh-identity: "+header(`["`+role+`"]`)); body != failed {
		t.Errorf("no broker: %s", body)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	b, _ := withArchive(t, rest.ArchiveConfig{Role: "archivist", BrokerURL: broker(t, func(http.ResponseWriter, *http.Request) {
		t.Error("the broker was asked for a caller without the role")
	})})
	const forbidden = `{"title":"Forbidden","message":"You do not have the required permissions to access this resource","status":403}`
	for _, c := range []struct{ header, want string }{
		{"", `{"title":"Unauthorized","message":"Missing Identity Header","status":401}`},
		{"%%%", `{"title":"Unauthorized","message":"illegal base64 data at input byte 0","status":401}`},
		{base64.StdEncoding.EncodeToString([]byte("{")), `{"title":"Unauthorized","message":"unexpected end of JSON input","status":401}`},
		{header(`["platform-archive-download"]`), forbidden},
		{header(`null`), forbidden},
		{base64.StdEncoding.EncodeToString([]byte("{}")), forbidden},
	} {
		headers := []string{"x-rh-identity: " + c.header}
		if c.header == "" {
			headers = nil
		}
		for _, target := range []string{"/api/v1/roles/archiveLink", "/api/v1/payloads/" + known + "/archiveLink"} {
			if _, body, answer := b.ask(target, headers...); body != c.want || answer.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s with %q: %s, want %s", target, c.header, body, c.want)
			}
		}
	}
	archivist := "x-rh-identity: " + header(`["archivist"]`)
	if status, body, _ := b.ask("/api/v1/roles/archiveLink", archivist); status != http.StatusOK || body != `{"allowed":true}` {
		t.Errorf("%d %s", status, body)
	}
	want := `{"title":"Bad Request","message":"X-1 is not a valid UUID","status":400}`
	if _, body, _ := b.ask("/api/v1/payloads/X-1/archiveLink", archivist); body != want {
		t.Errorf("%s, want %s", body, want)
	}
}

func TestMockArchive(t *testing.T) {
	t.Parallel()
	b, _ := withArchive(t, rest.ArchiveConfig{Mock: true, PublicPort: 9000})
	status, body, _ := b.ask("http://tracker.example.com:8080/api/v1/payloads/any%20id/archiveLink")
	if want := `{"url":"http://tracker.example.com:9000/app/payload-tracker/api/v1/archive/any%20id"}`; status != http.StatusOK || body != want {
		t.Errorf("%d %s, want %s", status, body, want)
	}
	if status, body, _ := b.ask("/app/payload-tracker/api/v1/archive/" + known); status != http.StatusOK || body != "You got an archive for "+known {
		t.Errorf("%d %s", status, body)
	}
	if status, _, _ := b.ask("/api/v1/roles/archiveLink"); status != http.StatusUnauthorized {
		t.Errorf("the role's route answered %d", status)
	}
	real, _ := withArchive(t, rest.ArchiveConfig{})
	if status, body, _ := real.ask("/api/v1/archive/" + known); status != http.StatusNotFound || strings.TrimSpace(body) != "404 page not found" {
		t.Errorf("without the mock: %d %s", status, body)
	}
}

func TestKibanaLink(t *testing.T) {
	t.Parallel()
	b, _ := withArchive(t, rest.ArchiveConfig{})
	link := func(query string) string {
		return `{"url":"https://kibana.example.com/app/discover#/?_g=(filters:!(),refreshInterval:(pause:!t,value:0),time:(from:now-24h,to:now))` +
			`\u0026_a=(columns:!(_source),filters:!(),index:'logs-*',interval:auto,query:(language:lucene,query:'` + query + `'),sort:!('@timestamp',desc))"}`
	}
	for target, want := range map[string]string{
		known + "/kibanaLink":                               link("request_id:" + known),
		known + "/kibanaLink?service=":                      link("request_id:" + known),
		known + "/kibanaLink?service=puptoo":                link("request_id:" + known + " AND app:puptoo"),
		"D3A60F39-C956-56EC-A4E0-6E1166481A1D/kibanaLink":   link("request_id:" + known),
		known + "/kibanaLink?service=a%27),x:!(%26b%20c%23": link("request_id:" + known + " AND app:a!'%29%2Cx%3A!!%28%26b%20c%23"),
	} {
		if _, body, answer := b.ask("/api/v1/payloads/" + target); body != want || answer.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s\nwant %s", target, body, want)
		}
	}
	for _, id := range []string{"X", known[1:], known + "0"} {
		want := `{"title":"Bad Request","message":"` + id + ` is not a valid UUID","status":400}`
		if _, body, _ := b.ask("/api/v1/payloads/" + id + "/kibanaLink"); body != want {
			t.Errorf("%s, want %s", body, want)
		}
	}
}
