package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/payload-tracker/payload-tracker/store"
)

func TestMetricsTellHowPayloadsStand(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, map[string]string{"TENANCY": "identity", "HANDOVERS": "ingress>puptoo"})
	_, text := askAs(t, a.metricsHandler(), "nobody", http.MethodGet, "/metrics", "")
	for _, line := range []string{
		`payload_tracker_payloads{verdict="FAILED"} 2`, `payload_tracker_payloads{verdict="SUCCEEDED"} 0`,
		`payload_tracker_payloads{verdict="STALLED"} 0`, `payload_tracker_payloads{verdict="IN_PROGRESS"} 0`,
		"payload_tracker_payloads_stalled 0", `payload_tracker_handovers_overdue{from="ingress",to="puptoo"} 0`,
		`payload_tracker_service_payloads{result="failed",service="inventory"} 2`, `payload_tracker_service_success_ratio{service="their-service"} 1`,
		`payload_tracker_service_seconds{quantile="0.95",service="inventory"} 0`,
		"payload_tracker_rollup_deltas_waiting 0", "payload_tracker_partition_days_ahead 7",
		`payload_tracker_ready{part="database"} 1`, `payload_tracker_ready{part="schema"} 1`,
		"payload_tracker_db_connections_max 10",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	for _, pattern := range []string{
		`payload_tracker_failures\{fingerprint="v1:[0-9a-f]+",service="inventory",source=""\} 1`, `payload_tracker_database_bytes [1-9]`,
		`payload_tracker_table_bytes\{table="payload_statuses"\} [1-9]`, `payload_tracker_partitions [1-9]`,
		`payload_tracker_oldest_event_timestamp_seconds 1\.[0-9]+e\+09`, `payload_tracker_newest_event_timestamp_seconds 1\.[0-9]+e\+09`,
		`payload_tracker_last_taken_in_timestamp_seconds 1\.[0-9]+e\+09`, `payload_tracker_db_acquires_total [1-9]`,
	} {
		if !regexp.MustCompile(`(?m)^` + pattern).MatchString(text) {
			t.Errorf("nothing like %s", pattern)
		}
	}
	if strings.Contains(text, `part="assignment"`) || strings.Contains(text, "secret") {
		t.Error("it tells of an assignment, or of what somebody's messages say")
	}
}

// What is given up every process tells, also where a job looks after it.
func TestMetricsTellOfTheRetention(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, nil)
	if err := a.store.Retain(t.Context(), store.Retention{Events: 90 * 24 * time.Hour, MaxBytes: 1 << 32}); err != nil {
		t.Fatal(err)
	}
	_, text := askAs(t, a.metricsHandler(), "nobody", http.MethodGet, "/metrics", "")
	for _, pattern := range []string{
		`age_seconds 7\.776e\+06`, `budget_used_ratio 0\.00[0-9]+`, `done_timestamp_seconds 1\.[0-9]+e\+09`,
		`next_day_timestamp_seconds 1\.[0-9]+e\+09`, `next_bytes [1-9]`, `horizon_timestamp_seconds 1\.[0-9]+e\+09`,
	} {
		if !regexp.MustCompile(`(?m)^payload_tracker_retention_` + pattern).MatchString(text) {
			t.Errorf("nothing like %s", pattern)
		}
	}
}

// What /stats says of services and what their gauges say are the same numbers. All events here are of the last hour, so
// that its day and their hour mean the same payloads.
func TestMetricsSayWhatStatsSay(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, nil)
	_, metrics := askAs(t, a.metricsHandler(), "nobody", http.MethodGet, "/metrics", "")
	code, stats := askAs(t, publicOf(a), "nobody", http.MethodGet, "/api/v1/stats?stat=SuccessRate", "")
	services := map[string]struct {
		Success, Failure int
		SuccessPercent   float64
	}{}
	if err := json.Unmarshal([]byte(stats), &services); err != nil || code != http.StatusOK || len(services) < 2 {
		t.Fatalf("%d %s: %v", code, stats, err)
	}
	for name, of := range services {
		for _, line := range []string{
			fmt.Sprintf(`payload_tracker_service_payloads{result="succeeded",service=%q} %d`, name, of.Success),
			fmt.Sprintf(`payload_tracker_service_payloads{result="failed",service=%q} %d`, name, of.Failure),
			fmt.Sprintf(`payload_tracker_service_success_ratio{service=%q} %v`, name, of.SuccessPercent/100),
		} {
			if !strings.Contains(metrics, "\n"+line+"\n") {
				t.Errorf("no %s", line)
			}
		}
	}
	if n := strings.Count(metrics, `payload_tracker_service_payloads{result="received"`); n != len(services) {
		t.Errorf("%d services have gauges, %d are in /stats", n, len(services))
	}
}

func TestMetricsAreThereWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, nil)
	var log lockedBuffer
	a.registry = prometheus.NewRegistry()
	a.registry.MustRegister(newGauges(a.store, slog.New(slog.NewTextHandler(&log, nil)))...)
	a.registry.MustRegister(a.readyGauges(), collectors.NewGoCollector())
	a.store.Close()
	code, text := askAs(t, a.metricsHandler(), "nobody", http.MethodGet, "/metrics", "")
	if code != http.StatusOK || !strings.Contains(text, "go_goroutines") || strings.Contains(text, "payload_tracker_payloads") {
		t.Errorf("%d %s", code, text)
	}
	if !strings.Contains(text, `payload_tracker_ready{part="database"} 0`) {
		t.Error("the database is not said to be away")
	}
	if said := log.String(); strings.Count(said, "metrics are missing") != 5 || !strings.Contains(said, `of="what the database holds"`) {
		t.Errorf("the log says %s", said)
	}
}

// Anybody may send an event of any service: the labels take the busiest alone.
func TestTheServicesOfMetricsAreBounded(t *testing.T) {
	t.Parallel()
	services := []*store.ServiceNumbers{{Name: "silent"}}
	for n := range 2 * mostGaugeServices {
		services = append(services, &store.ServiceNumbers{Name: fmt.Sprint(n), Numbers: store.Numbers{Received: int64(n + 1)}})
	}
	shown := busiest(services)
	if len(shown) != mostGaugeServices || shown[0].Received != int64(2*mostGaugeServices) || len(services) != 2*mostGaugeServices+1 {
		t.Errorf("%d, the first with %d", len(shown), shown[0].Received)
	}
}
