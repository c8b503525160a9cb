package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func runCommand(t *testing.T, env map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = dispatch(t.Context(), streams{env: from(env), out: &stdout, err: &stderr}, args)
	return code, stdout.String(), stderr.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args      []string
		env       map[string]string
		code      int
		out, errs string
	}{
		{args: nil, code: 2, errs: "usage: payload-tracker COMMAND"},
		{args: []string{"help"}, code: 0, out: "demo"},
		{args: []string{"--help"}, code: 0, out: "migrate"},
		{args: []string{"fly"}, code: 2, errs: `unknown command "fly"`},
		{args: []string{"version"}, code: 0, out: "payload-tracker "},
		{args: []string{"version", "x"}, code: 2, errs: `unexpected "x"`},
		{args: []string{"config"}, code: 0, out: "METRICSPORT"},
		{args: []string{"config"}, env: map[string]string{"METRICSPORT": "no"}, code: 1, errs: `METRICSPORT="no": must be`},
		{args: []string{"run"}, env: map[string]string{"LOGLEVEL": "x"}, code: 1, errs: `payload-tracker run: LOGLEVEL="x": must be one of`},
		{args: []string{"migrate"}, code: 2, errs: "say up, status or down"},
		{args: []string{"migrate", "down"}, code: 2, errs: "with all it holds: say down --dev"},
		{args: []string{"migrate", "up", "now"}, code: 2, errs: `unexpected "now"`},
		{args: []string{"rules", "remove"}, code: 2, errs: "say apply or show"},
		{args: []string{"demo", "--no"}, code: 2, errs: "flag provided but not defined"},
		{args: []string{"demo", "--help"}, code: 0, out: "-kafka-port"},
		{args: []string{"dead-letters"}, code: 2, errs: "say list or replay"},
		{args: []string{"dead-letters", "replay", "--help"}, code: 0, out: "-dry-run"},
		{args: []string{"dead-letters", "list", "--again"}, code: 2, errs: "flag provided but not defined"},
		{args: []string{"dead-letters", "replay", "--json"}, code: 2, errs: "flag provided but not defined"},
		{args: []string{"dead-letters", "list", "--since", "yesterday"}, code: 2, errs: "or how long ago, such as 90m"},
		{args: []string{"dead-letters", "replay", "--at", "12"}, code: 2, errs: "must be partition:offset"},
		{args: []string{"dead-letters", "list", "--counts", "--at", "0:1"}, code: 2, errs: "--counts goes with neither"},
		{args: []string{"run", "-h"}, code: 0, out: "usage: payload-tracker run"},
	} {
		code, out, errs := runCommand(t, c.env, c.args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
			t.Errorf("%q: code %d\n%s\n%s", c.args, code, out, errs)
		}
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) { //nolint:paralleltest // signals go to the whole process
	exited := make(chan int, 1)
	ctx, stop := interruptible(t.Context(), func(code int) { exited <- code })
	defer stop()
	interrupt := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the first signal did not end the context")
	}
	interrupt() // as timeout(1) does: still the same stop
	time.Sleep(2 * oneStop)
	select {
	case code := <-exited:
		t.Fatalf("the first stop ended the process with %d", code)
	default:
	}
	interrupt()
	select {
	case code := <-exited:
		if code != 130 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the second signal did not end the process")
	}
}

func TestPageOrLegacy(t *testing.T) {
	t.Parallel()
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	handler := pageOr(say("lubdub"), say("page"))
	for accept, want := range map[string]string{
		"": "lubdub", "application/json": "lubdub", "text/plain": "lubdub",
		"text/html,application/xhtml+xml": "page", "*/*": "page", "application/json, */*;q=0.1": "page",
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		if accept != "" {
			request.Header.Set("Accept", accept)
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Body.String() != want {
			t.Errorf("Accept %q: %s, want %s", accept, recorder.Body, want)
		}
	}
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
