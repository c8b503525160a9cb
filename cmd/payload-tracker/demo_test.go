package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// lockedBuffer is an output that may be read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// startDemo runs the demo until the test ends or stop is called, and waits until it has said what to try.
func startDemo(t *testing.T, args ...string) (out *lockedBuffer, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out = &lockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- dispatch(ctx, streams{env: from(nil), out: out, err: out}, append([]string{"demo"}, args...))
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the demo ended with %d:\n%s", code, out)
		}
	})
	t.Cleanup(stop)
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(out.String(), "Ctrl-C stops everything"); {
		if len(ended) > 0 || time.Now().After(deadline) {
			t.Fatalf("the demo did not come up:\n%s", out)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return out, stop
}

// freePort is one that nobody listens on, and below those that the system gives to outgoing connections: it stays
// free between two starts.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		if listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func TestDemo(t *testing.T) {
	t.Parallel()
	port, kafka, metrics := freePort(t), freePort(t), freePort(t)
	args := []string{"--dir", openDir(t), "--journeys", "150", "--rate", "40", "--port", port, "--kafka-port", kafka, "--metrics-port", metrics}
	out, stop := startDemo(t, args...)
	base := "http://localhost:" + port

	id := regexp.MustCompile(`payloads/([0-9a-f]{32})\?`).FindStringSubmatch(out.String())[1]
	if code, body := fetch(t, base+"/api/v1/payloads/"+id); code != http.StatusOK || !strings.Contains(body, `"request_id":"`+id) {
		t.Errorf("REST: %d %s", code, body)
	}
	if code, body := fetch(t, base+"/readyz"); code != http.StatusOK || !strings.Contains(body, `"ready":true`) {
		t.Errorf("readyz: %d %s", code, body)
	}
	if state := askState(t, base, id); state != "FAILED" {
		t.Errorf("GraphQL: %s", state)
	}
	if _, body := fetch(t, "http://localhost:"+metrics+"/metrics"); !strings.Contains(body, "payload_tracker_requests ") {
		t.Errorf("metrics:\n%s", body)
	}
	if code, errs := takenPort(t, port, kafka); code != 1 || !strings.Contains(errs, "choose another with --port") {
		t.Errorf("a second demo: %d %s", code, errs)
	}
	stop()

	out, stop = startDemo(t, args...)
	if strings.Contains(out.String(), "two days of history") {
		t.Errorf("the history was sent again:\n%s", out)
	}
	if state := askState(t, base, id); state != "FAILED" {
		t.Errorf("GraphQL after a restart: %s", state)
	}
	if code, _, errs := runCommand(t, nil, "demo", "--fresh", "--dir", args[1], "--port", freePort(t), "--kafka-port", freePort(t),
		"--metrics-port", freePort(t)); code != 1 || !strings.Contains(errs, "in use by another process") {
		t.Errorf("a second demo empties the first one's data: %d %s", code, errs)
	}
	stop()
	out, _ = startDemo(t, append([]string{"--fresh"}, args...)...)
	if !strings.Contains(out.String(), "two days of history") {
		t.Errorf("nothing new after --fresh:\n%s", out)
	}
}

// openDir is an empty folder that the database can reach when the tests run as root; t.TempDir's are closed to others.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func takenPort(t *testing.T, port, kafka string) (code int, errs string) {
	t.Helper()
	code, _, errs = runCommand(t, nil, "demo", "--dir", t.TempDir(), "--port", port, "--kafka-port", kafka)
	return code, errs
}

func fetch(t *testing.T, url string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, request)
}

func send(t *testing.T, request *http.Request) (code int, body string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

func askState(t *testing.T, base, id string) string {
	t.Helper()
	query := fmt.Sprintf(`{"query":"{ payload(by: {requestId: \"%s\"}) { verdict { state } } }"}`, id)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/graphql", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	_, body := send(t, request)
	var answer struct {
		Data struct {
			Payload struct{ Verdict struct{ State string } }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return answer.Data.Payload.Verdict.State
}

func TestLiveEventsGoOnWhereTheHistoryEnds(t *testing.T) {
	t.Parallel()
	options, err := parseDemo(nil)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 3, 4, 9, 15, 0, 0, time.UTC)
	lastHour := 0
	for _, message := range (history{Seed: options.seed, Journeys: options.journeys, End: end}).messages() {
		if ago := end.Add(-2 * time.Minute).Sub(message.At); ago >= 0 && ago < time.Hour {
			lastHour++
		}
	}
	if rate, want := float64(lastHour)/3600, float64(options.rate); rate < want/2 || rate > want*2 {
		t.Errorf("the history ends with %.2f events a second, and %.0f follow: every trend would be a cliff", rate, want)
	}
}
