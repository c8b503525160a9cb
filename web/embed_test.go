package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func build() fstest.MapFS {
	return fstest.MapFS{
		".keep":                    {},
		"index.html":               {Data: []byte("the page")},
		"index.html.gz":            {Data: []byte("gz")},
		"index.html.br":            {Data: []byte("br")},
		"playground/index.html":    {Data: []byte("the playground")},
		"assets/index-Ab12.js":     {Data: []byte("script")},
		"assets/index-Ab12.css.br": {Data: []byte("alone")},
	}
}

func get(t *testing.T, handler http.Handler, target string, header ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

func text(t *testing.T, response *http.Response) string {
	t.Helper()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

func TestWhatAnAddressGives(t *testing.T) {
	t.Parallel()
	const page = "text/html,application/xhtml+xml,*/*;q=0.8"
	tests := map[string]struct {
		target, accept string
		status         int
		text           string
	}{
		"the page":                     {"/", "*/*", 200, "the page"},
		"an address of the page":       {"/payloads/0123", page, 200, "the page"},
		"the same, not as navigation":  {"/payloads/0123", "*/*", 404, "not found\n"},
		"a script":                     {"/assets/index-Ab12.js", "*/*", 200, "script"},
		"a missing script":             {"/assets/index-Cd34.js", page, 404, "not found\n"},
		"the playground":               {"/playground", page, 200, "the playground"},
		"the playground, with a slash": {"/playground/", page, 200, "the playground"},
		"a hidden file":                {"/.keep", "*/*", 404, "not found\n"},
		"a packed form by its name":    {"/index.html.gz", "*/*", 404, "not found\n"},
		"a way out of the folder":      {"/../embed.go", page, 404, "not found\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := get(t, newHandler(build(), Config{Playground: true}), test.target, "Accept", test.accept)
			if got := text(t, response); response.StatusCode != test.status || got != test.text {
				t.Errorf("got %d %q, want %d %q", response.StatusCode, got, test.status, test.text)
			}
			if response.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no nosniff")
			}
		})
	}
}

func TestCompressedForms(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[string]string{
		"": "", "gzip, deflate, br, zstd": "br", "gzip": "gzip", "br;q=0, gzip;q=0.5": "gzip", "identity": "", "gzip; q=0": "",
	} {
		response := get(t, newHandler(build(), Config{Playground: true}), "/", "Accept-Encoding", accepted)
		if got := response.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accepted, got, want)
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	handler := newHandler(build(), Config{Playground: true})
	if got := get(t, handler, "/assets/index-Ab12.js").Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("a hashed file is cached %q", got)
	}
	page := get(t, handler, "/")
	if got := page.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("the page is cached %q", got)
	}
	if again := get(t, handler, "/", "If-None-Match", page.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("the page again: %d", again.StatusCode)
	}
	if other := get(t, handler, "/", "If-None-Match", `"something else"`); other.StatusCode != http.StatusOK {
		t.Errorf("the page after a change: %d", other.StatusCode)
	}
}

func TestPolicyAllowsThisHostOnly(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/playground"} {
		got := get(t, newHandler(build(), Config{Playground: true}), target).Header.Get("Content-Security-Policy")
		if !strings.Contains(got, "script-src 'self';") || strings.Contains(got, "http") || strings.Contains(got, "unsafe-eval") {
			t.Errorf("%s: %s", target, got)
		}
	}
}

func TestWithoutABuildItSaysHow(t *testing.T) {
	t.Parallel()
	response := get(t, newHandler(fstest.MapFS{".keep": {}}, Config{Playground: true}), "/", "Accept", "text/html")
	if got := text(t, response); response.StatusCode != http.StatusNotFound || !strings.Contains(got, "make web") {
		t.Errorf("got %d %q", response.StatusCode, got)
	}
	Handler(Config{}) // the embedded folder reads, built or not
}

func TestOnlyReads(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	newHandler(build(), Config{Playground: true}).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", recorder.Code)
	}
}

func TestThePlaygroundCanBeTakenAway(t *testing.T) {
	t.Parallel()
	files := build()
	files["index.html"] = &fstest.MapFile{Data: []byte(`<html lang="en" data-playground=""><body></body></html>`)}
	for _, on := range []bool{true, false} {
		handler := newHandler(files, Config{Playground: on})
		for _, target := range []string{"/playground", "/playground/", "/playground/index.html"} {
			if status := get(t, handler, target, "Accept", "text/html").StatusCode; (status == http.StatusOK) != on {
				t.Errorf("on %v: %s: %d", on, target, status)
			}
		}
		for _, coding := range []string{"br", "identity"} {
			page := text(t, get(t, handler, "/", "Accept-Encoding", coding))
			if on == (page == `<html lang="en"><body></body></html>`) {
				t.Errorf("on %v: %s: %s", on, coding, page)
			}
		}
	}
	built, err := os.ReadFile("index.html")
	if err != nil || !strings.Contains(string(built), playgroundMark) {
		t.Errorf("the page's source has no mark: %v", err)
	}
}
