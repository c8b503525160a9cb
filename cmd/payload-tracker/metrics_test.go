package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

var metricName = regexp.MustCompile(`fqName: "(payload_tracker_[^"]+)"`)

// metricNames are the metrics that a process of all parts may give.
func metricNames(t *testing.T) []string {
	t.Helper()
	env := databaseEnv(t)
	env["OTEL_EXPORTER_OTLP_ENDPOINT"], env["JOURNEY_TRACES"], env["DB_READ_HOST"] = "http://127.0.0.1:1", "on", "127.0.0.1:1"
	config, err := readConfig(from(env))
	if err != nil {
		t.Fatal(err)
	}
	a, err := buildApp(t.Context(), config, &lockedBuffer{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	if err := a.addConsumer(); err != nil {
		t.Fatal(err)
	}
	publicOf(a)
	descs := make(chan *prometheus.Desc)
	go func() { a.registry.Describe(descs); close(descs) }()
	var names []string
	for desc := range descs {
		if found := metricName.FindStringSubmatch(desc.String()); found != nil {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestEveryMetricIsDescribed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(payload_tracker_[a-zA-Z_]+)[`{]").FindAllStringSubmatch(string(page), -1) {
		described = append(described, row[1])
	}
	names := metricNames(t)
	if len(names) < 50 {
		t.Errorf("only %d metrics", len(names))
	}
	for _, name := range names {
		if !slices.Contains(described, name) {
			t.Errorf("%s is not in docs/operating.md", name)
		}
	}
	for _, name := range described {
		if !slices.Contains(names, name) {
			t.Errorf("docs/operating.md has %s, which no process gives", name)
		}
	}
}

// An answer that broke off is an error, whatever its head said before.
func TestAnAnswerThatBreaksOffCountsAsAnError(t *testing.T) {
	t.Parallel()
	a := tenantApp(t, nil)
	handler := a.recovered(a.watch.over(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no reason") })))
	if code, _ := askAs(t, handler, "nobody", http.MethodGet, "/x", ""); code != http.StatusInternalServerError {
		t.Errorf("answered %d", code)
	}
	if _, text := askAs(t, a.metricsHandler(), "nobody", http.MethodGet, "/metrics", ""); !strings.Contains(text, `payload_tracker_http_seconds_count{code="500",route=""} 1`) {
		t.Error("it is not counted")
	}
}
