package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// awayApp is the app over a database that is not there.
func awayApp(t *testing.T) (*app, *bytes.Buffer) {
	t.Helper()
	config, err := readConfig(from(map[string]string{"DB_HOST": "127.0.0.1", "DB_PORT": "1"}))
	if err != nil {
		t.Fatal(err)
	}
	config.host = "127.0.0.1"
	var logs bytes.Buffer
	a, err := buildApp(t.Context(), config, &logs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a, &logs
}

func answer(t *testing.T, handler http.Handler, target string) (code int, body string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	return recorder.Code, recorder.Body.String()
}

func TestProbesWithoutDatabase(t *testing.T) {
	t.Parallel()
	a, _ := awayApp(t)
	for name, handler := range map[string]http.Handler{"public": a.publicHandler(a.graphHandler()), "metrics": a.metricsHandler()} {
		if code, body := answer(t, handler, "/livez"); code != http.StatusOK {
			t.Errorf("%s livez: %d %s", name, code, body)
		}
		code, body := answer(t, handler, "/readyz")
		var told struct {
			Ready   bool              `json:"ready"`
			Reasons map[string]string `json:"reasons"`
		}
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatal(err)
		}
		if code != http.StatusServiceUnavailable || told.Ready || !strings.Contains(told.Reasons["database"], "the database does not answer") {
			t.Errorf("%s readyz: %d %s", name, code, body)
		}
	}
}

func TestURLSpace(t *testing.T) {
	t.Parallel()
	a, _ := awayApp(t)
	public := a.publicHandler(a.graphHandler())
	for target, want := range map[string]int{
		"/": 200, "/api/v1": 200, "/api/v1/": 200, "/app/payload-tracker/api/v1/": 200,
		"/health": 503, "/api/v1/nothing": 404, "/metrics": 404, "/assets/missing.js": 404,
	} {
		if code, body := answer(t, public, target); code != want {
			t.Errorf("%s: %d, want %d: %s", target, code, want, body)
		}
	}
	if code, body := answer(t, a.metricsHandler(), "/metrics"); code != http.StatusOK || !strings.Contains(body, "payload_tracker_requests") {
		t.Errorf("/metrics: %d %s", code, body)
	}
}

func TestRoutesBelowAPrefix(t *testing.T) {
	t.Parallel()
	a, _ := awayApp(t)
	if err := prefixes(&a.config.rest.prefixes)("/v1,/api/v1,/legacy/pt"); err != nil {
		t.Fatal(err)
	}
	public := a.publicHandler(a.graphHandler())
	for target, want := range map[string]int{"/v1": 200, "/v1/": 200, "/v1/payloads": 503, "/legacy/pt/docs": 200, "/v1/nothing": 404, "/legacy": 404} {
		if code, body := answer(t, public, target); code != want {
			t.Errorf("%s: %d, want %d: %s", target, code, want, body)
		}
	}
}

func TestPrefixesAndNetworks(t *testing.T) {
	t.Parallel()
	var c restConfig
	for _, wrong := range []string{"v1", "/", "/v1/", "//v1", "/graphql", "/health/x", "/{id}", "/..", "/a b"} {
		if prefixes(&c.prefixes)(wrong) == nil {
			t.Errorf("prefix %q was taken", wrong)
		}
	}
	for _, wrong := range []string{"10.0.0", "proxy", "10.0.0.0/33"} {
		if networks(&c.trustedProxies)(wrong) == nil {
			t.Errorf("network %q was taken", wrong)
		}
	}
	if err := networks(&c.trustedProxies)("10.1.2.3/8, ::1"); err != nil || len(c.trustedProxies) != 2 ||
		c.trustedProxies[0].String() != "10.0.0.0/8" || c.trustedProxies[1].String() != "::1/128" {
		t.Errorf("%v, %v", c.trustedProxies, err)
	}
}

func TestPanicsAreLoggedAndAnswered(t *testing.T) {
	t.Parallel()
	a, logs := awayApp(t)
	code, body := answer(t, a.recovered(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") })), "/x")
	if code != http.StatusInternalServerError || strings.Contains(body, "oh") || !strings.Contains(logs.String(), `"panic":"oh"`) {
		t.Errorf("%d %s\n%s", code, body, logs)
	}
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	a, _ := awayApp(t)
	entered, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-finish
		if r.Context().Err() == nil {
			_, _ = io.WriteString(w, "whole")
		}
	})
	port := freePort(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.listen(ctx, "PUBLICPORT", atoi(t, port), handler, nil) }()
	body := make(chan string, 1)
	go func() {
		for range 100 {
			request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://127.0.0.1:"+port, nil)
			answer, err := http.DefaultClient.Do(request)
			if err != nil { // not listening yet
				time.Sleep(20 * time.Millisecond)
				continue
			}
			content, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			body <- string(content)
			return
		}
		body <- "never reached"
	}()
	<-entered
	cancel()
	close(finish)
	if got := <-body; got != "whole" {
		t.Errorf("the answer is %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestATakenPortNamesItsSetting(t *testing.T) {
	t.Parallel()
	a, _ := awayApp(t)
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(taken.URL, "http://"), ":")
	err := a.listen(t.Context(), "METRICSPORT", atoi(t, port), http.NotFoundHandler(), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "METRICSPORT: ") {
		t.Errorf("%v", err)
	}
}
