package main

import (
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/web"
)

func webDocuments() ([]byte, error) { return fs.ReadFile(web.Documents(), "documents.json") }

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// settledApp is awayApp with settings.
func settledApp(t *testing.T, settings map[string]string) *app {
	t.Helper()
	settings["DB_HOST"], settings["DB_PORT"] = "127.0.0.1", "1"
	config, err := readConfig(from(settings))
	if err != nil {
		t.Fatal(err)
	}
	config.host = "127.0.0.1"
	a, err := buildApp(t.Context(), config, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

func TestPagesOfOtherSites(t *testing.T) {
	t.Parallel()
	const friend, stranger = "https://console.example.com", "https://evil.example.com"
	question := `{"query": "{ __typename }"}`
	for _, c := range []struct {
		name, method, target string
		headers              []string
		allowed              bool // by CORS_ORIGINS
		code                 int
		shared               string
	}{
		{"a program", "POST", "/graphql", nil, true, 200, ""},
		{"our own page", "POST", "/graphql", []string{"Origin", "http://example.com", "Sec-Fetch-Site", "same-origin"}, true, 200, ""},
		{"our own page, an old browser", "POST", "/graphql", []string{"Origin", "http://example.com"}, true, 200, ""},
		{"a stranger", "POST", "/graphql", []string{"Origin", stranger, "Sec-Fetch-Site", "cross-site"}, true, 403, ""},
		{"a stranger, an old browser", "POST", "/graphql", []string{"Origin", stranger}, true, 403, ""},
		{"a sibling of our site", "POST", "/graphql", []string{"Origin", "http://other.example.com", "Sec-Fetch-Site", "same-site"}, true, 403, ""},
		{"no origin at all", "POST", "/graphql", []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, true, 403, ""},
		{"a friend", "POST", "/graphql", []string{"Origin", friend, "Sec-Fetch-Site", "cross-site"}, true, 200, friend},
		{"a friend who is none", "POST", "/graphql", []string{"Origin", friend, "Sec-Fetch-Site", "cross-site"}, false, 403, ""},
		{"a stranger's link", "GET", "/graphql?query=%7B__typename%7D", []string{"Origin", stranger, "Sec-Fetch-Site", "cross-site"}, true, 200, ""},
		{"a friend's GET", "GET", "/graphql?query=%7B__typename%7D", []string{"Origin", friend, "Sec-Fetch-Site", "cross-site"}, true, 200, friend},
		{"a friend's REST", "GET", "/api/v1/", []string{"Origin", friend, "Sec-Fetch-Site", "cross-site"}, true, 200, friend},
		{"a stranger's REST", "GET", "/api/v1/", []string{"Origin", stranger, "Sec-Fetch-Site", "cross-site"}, true, 200, ""},
		{"a friend's preflight", "OPTIONS", "/graphql", []string{"Origin", friend, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type"}, true, 204, friend},
		{"a stranger's preflight", "OPTIONS", "/graphql", []string{"Origin", stranger, "Access-Control-Request-Method", "POST"}, true, 405, ""},
		{"a friend's REST preflight", "OPTIONS", "/api/v1/", []string{"Origin", friend, "Access-Control-Request-Method", "GET"}, true, 204, friend},
		{"OPTIONS of a program", "OPTIONS", "/api/v1/", nil, true, 405, ""},
		{"a stranger's websocket", "GET", "/graphql", []string{"Origin", stranger, "Upgrade", "websocket", "Connection", "Upgrade"}, true, 403, ""},
		{"a stranger's websocket, told", "GET", "/graphql", []string{"Origin", stranger, "Sec-Fetch-Site", "cross-site", "Upgrade", "WebSocket"}, true, 403, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{}
			if c.allowed {
				settings["CORS_ORIGINS"] = friend + ", https://third.example.com"
			}
			handler := publicOf(settledApp(t, settings))
			request := httptest.NewRequestWithContext(t.Context(), c.method, c.target, strings.NewReader(question))
			request.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(c.headers); i += 2 {
				request.Header.Set(c.headers[i], c.headers[i+1])
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			header := recorder.Header()
			if recorder.Code != c.code || header.Get("Access-Control-Allow-Origin") != c.shared {
				t.Errorf("%d, shared with %q: %s", recorder.Code, header.Get("Access-Control-Allow-Origin"), recorder.Body)
			}
			if c.allowed && !strings.Contains(strings.Join(header.Values("Vary"), ","), "Origin") {
				t.Errorf("Vary: %v", header.Values("Vary"))
			}
			if c.code == 403 && !strings.Contains(recorder.Body.String(), "FORBIDDEN") {
				t.Error(recorder.Body)
			}
		})
	}
}

// A websocket is opened for our own page, behind a gateway too that asks for another host, and for a friend's.
func TestWebsocketsOfAllowedPages(t *testing.T) {
	t.Parallel()
	a := settledApp(t, map[string]string{"CORS_ORIGINS": "https://console.example.com"})
	server := httptest.NewServer(publicOf(a))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		origin, site string
		code         int
	}{
		{"", "", 101},
		{server.URL, "", 101},
		{"https://tracker.example.com", "same-origin", 101},
		{"https://console.example.com", "cross-site", 101},
		{"https://evil.example.com", "cross-site", 403},
		{"https://evil.example.com", "", 403},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
			"Sec-WebSocket-Protocol": "graphql-transport-ws", "Origin": c.origin, "Sec-Fetch-Site": c.site,
		} {
			if value != "" {
				request.Header.Set(name, value)
			}
		}
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.code {
			t.Errorf("%q, %q: %d", c.origin, c.site, answer.StatusCode)
		}
	}
}

func TestOriginsAreOrigins(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"*", "console.example.com", "https://console.example.com/path", "https://*.example.com"} {
		_, err := readConfig(from(map[string]string{"CORS_ORIGINS": value}))
		if err == nil || !strings.HasPrefix(err.Error(), "CORS_ORIGINS=") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestThePlaygroundIsASetting(t *testing.T) {
	t.Parallel()
	handler := publicOf(settledApp(t, map[string]string{"PLAYGROUND": "off"}))
	for _, target := range []string{"/playground", "/playground/"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		request.Header.Set("Accept", "text/html")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, recorder.Code)
		}
	}
}

// serveOn runs the app's public port, and gives its address.
func serveOn(t *testing.T, a *app, handler http.Handler) string {
	t.Helper()
	port := freePort(t)
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- a.listen(ctx, "PUBLICPORT", atoi(t, port), handler, nil) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	address := net.JoinHostPort("127.0.0.1", port)
	for range 200 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return address
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not listen")
	return ""
}

func TestSlowClientsAreCut(t *testing.T) {
	t.Parallel()
	a := settledApp(t, map[string]string{"HTTP_READ_TIMEOUT": "300ms", "HTTP_WRITE_TIMEOUT": "500ms", "SHUTDOWN_TIMEOUT": "1s"})
	cut := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/", publicOf(a))
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 1<<20)
		for {
			if _, err := w.Write(block); err != nil {
				close(cut)
				return
			}
		}
	})
	address := serveOn(t, a, mux)
	for name, sent := range map[string]string{
		"half a header":  "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Ty",
		"nothing at all": "",
		"half a body":    "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"query\": ",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		began := time.Now()
		content, err := io.ReadAll(conn)
		if err != nil || time.Since(began) > 4*time.Second {
			t.Errorf("%s: open after %s: %v %s", name, time.Since(began), err, content)
		}
		if strings.Contains(string(content), `"data"`) {
			t.Errorf("%s: answered: %s", name, content)
		}
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-cut:
	case <-time.After(5 * time.Second):
		t.Error("a client that does not read holds its answer")
	}
}

func publicOf(a *app) http.Handler { return a.publicHandler(a.graphHandler()) }
