package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload/sample"
)

var (
	usedMetric  = regexp.MustCompile(`(payload_tracker_\w+)(\{[^{}]*\})?`)
	usedLabel   = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	givenSeries = regexp.MustCompile(`(?m)^(payload_tracker_\w+)(?:\{(.*)\})? `)
)

// TestAlertsAndDashboardsUseWhatIsThere: a running process gives every metric that an alert or a dashboard uses, with
// the labels that it asks for.
func TestAlertsAndDashboardsUseWhatIsThere(t *testing.T) {
	t.Parallel()
	given := busyMetrics(t)
	used := 0
	for where, text := range expressions(t) {
		for _, use := range usedMetric.FindAllStringSubmatch(text, -1) {
			used++
			labels, found := given[use[1]]
			if !found {
				t.Errorf("%s uses %s, which no process gives", where, use[1])
			}
			for _, label := range usedLabel.FindAllStringSubmatch(use[2], -1) {
				if found && !labels[label[1]] {
					t.Errorf("%s: %s has no label %s", where, use[1], label[1])
				}
			}
		}
	}
	if used < 100 {
		t.Errorf("only %d uses found", used)
	}
}

// expressions are what asks for metrics, by the file it stands in.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	folder := filepath.Join("..", "..", "deploy")
	rules, err := os.ReadFile(filepath.Join(folder, "prometheus", "rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"rules.yml": string(rules)}
	dashboards, err := filepath.Glob(filepath.Join(folder, "grafana", "dashboards", "*.json"))
	if err != nil || len(dashboards) < 4 {
		t.Fatalf("%d dashboards: %v", len(dashboards), err)
	}
	for _, file := range dashboards {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dashboard struct {
			Panels []struct{ Targets []struct{ Expr string } }
		}
		if err := json.Unmarshal(content, &dashboard); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, panel := range dashboard.Panels {
			for _, target := range panel.Targets {
				all[filepath.Base(file)] += target.Expr + "\n"
			}
		}
	}
	return all
}

// busyMetrics are the metrics of a process that has seen all there is (payloads that failed or hang, questions of every
// kind), each with its labels.
func busyMetrics(t *testing.T) map[string]map[string]bool {
	t.Helper()
	env := databaseEnv(t)
	env["OTEL_EXPORTER_OTLP_ENDPOINT"], env["JOURNEY_TRACES"], env["DB_READ_HOST"] = "http://127.0.0.1:1", "on", "127.0.0.1:1"
	p := newProduct(t, consumertest.New(t), env, sample.Rules().Handovers...)
	t.Cleanup(p.run())
	generator := sample.New(12, sample.Config{Failed: 0.4, Stalled: 0.2, Lost: 0.2})
	var records []*kgo.Record
	var last sample.Journey
	for n := range 60 {
		last = generator.Journey(time.Now().Add(-time.Duration(30+n/3) * time.Minute))
		for _, message := range last.Events {
			records = append(records, &kgo.Record{Key: message.Key, Value: message.Value})
		}
	}
	// An org id that is none.
	records = append(records, &kgo.Record{Value: []byte(strings.Replace(numbered(0), `"700101"`, `{}`, 1))})
	p.kafka.ProduceRecords(records...)
	p.await(last.RequestID, last.Distinct)
	config, err := readConfig(from(p.env))
	if err != nil {
		t.Fatal(err)
	}
	awaitPositions(t, p.kafka, config.database.DSN())
	consumertest.Wait(t, "numbers", func() error {
		if left := oneRow[struct{ N int }](t, config.database.DSN(), `SELECT count(*) FROM rollup_deltas`); left.N > 0 {
			return fmt.Errorf("%d batches are not counted in", left.N)
		}
		return nil
	})
	p.get(p.base + "/api/v1/payloads")
	var given map[string]map[string]bool
	consumertest.Wait(t, "the lag", func() error {
		given = seriesOf(p.get("http://127.0.0.1:" + p.env["METRICSPORT"] + "/metrics"))
		if given["payload_tracker_consumer_lag"] == nil {
			return errors.New("the process does not tell of it")
		}
		return nil
	})
	return given
}

// seriesOf gives the names of the metrics, each with its labels.
func seriesOf(text string) map[string]map[string]bool {
	given := map[string]map[string]bool{}
	for _, series := range givenSeries.FindAllStringSubmatch(text, -1) {
		if given[series[1]] == nil {
			given[series[1]] = map[string]bool{}
		}
		for _, label := range usedLabel.FindAllStringSubmatch(series[2], -1) {
			given[series[1]][label[1]] = true
		}
	}
	return given
}
