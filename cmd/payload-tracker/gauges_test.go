package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestMetricsTellHowPayloadsStand(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, map[string]string{"TENANCY": "identity", "HANDOVERS": "ingress>puptoo"})
	_, text := askAs(t, a.metricsHandler(), "nobody", http.MethodGet, "/metrics", "")
	for _, line := range []string{
		`payload_tracker_payloads{verdict="FAILED"} 2`, `payload_tracker_payloads{verdict="SUCCEEDED"} 0`,
		`payload_tracker_payloads{verdict="STALLED"} 0`, `payload_tracker_payloads{verdict="IN_PROGRESS"} 0`,
		"payload_tracker_payloads_stalled 0",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
}

func TestMetricsAreThereWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, nil)
	a.store.Close()
	code, text := askAs(t, a.metricsHandler(), "nobody", http.MethodGet, "/metrics", "")
	if code != http.StatusOK || !strings.Contains(text, "go_goroutines") || strings.Contains(text, "payload_tracker_payloads") {
		t.Errorf("%d %s", code, text)
	}
}
