package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestHealth: `health` says what /readyz of the process says, as an exit code.
func TestHealth(t *testing.T) {
	t.Parallel()
	ready := false
	process := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asks %s", r.URL.Path)
		}
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"ready":false,"reasons":{"database":"the database is away"}}`))
		}
	}))
	address, err := url.Parse(process.URL)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"METRICSPORT": address.Port()}
	check := func(wantCode int, want string) {
		t.Helper()
		code, out, errs := runCommand(t, env, "health")
		if code != wantCode || !strings.Contains(out+errs, want) {
			t.Errorf("exit code %d, %q; want %d and %q", code, out+errs, wantCode, want)
		}
	}
	check(1, "the database is away")
	ready = true
	check(0, "ready")
	process.Close()
	check(1, "nothing answers on METRICSPORT")
}
