package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestAlertsAreExplained: each alert says how grave it is and what it means, has a test of when it fires, and a row of
// what to do in the documentation.
func TestAlertsAreExplained(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Name  string `json:"name"`
			Rules []struct {
				Alert       string            `json:"alert"`
				Expr        string            `json:"expr"`
				For         string            `json:"for"`
				Labels      map[string]string `json:"labels"`
				Annotations map[string]string `json:"annotations"`
			} `json:"rules"`
		} `json:"groups"`
	}
	if err := yaml.UnmarshalStrict(read(t, "prometheus/rules.yml"), &rules); err != nil {
		t.Fatal(err)
	}
	tests := string(read(t, "prometheus/rules_test.yml"))
	alerts := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			alerts++
			if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
				t.Errorf("%s: severity %q", rule.Alert, severity)
			}
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("%s says nothing", rule.Alert)
			}
			if !strings.Contains(tests, rule.Alert) {
				t.Errorf("rules_test.yml does not test %s", rule.Alert)
			}
			mentions(t, "../docs/operating.md", "| `"+rule.Alert+"`")
		}
	}
	if alerts < 10 {
		t.Errorf("only %d alerts", alerts)
	}
}

// TestDashboards: each is one of ours by its uid, asks the chosen Prometheus, and says something in each panel.
func TestDashboards(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("grafana/dashboards")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var dashboard struct {
			UID    string
			Panels []struct {
				ID         int
				Title      string
				Datasource struct{ UID string }
				Targets    []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(read(t, filepath.Join("grafana/dashboards", file.Name())), &dashboard); err != nil {
			t.Fatalf("%s: %v", file.Name(), err)
		}
		if want := "payload-tracker-" + strings.TrimSuffix(file.Name(), ".json"); dashboard.UID != want {
			t.Errorf("%s has uid %q, want %q", file.Name(), dashboard.UID, want)
		}
		seen := map[int]bool{}
		for _, panel := range dashboard.Panels {
			if panel.Title == "" || len(panel.Targets) == 0 || panel.Datasource.UID != "${datasource}" || seen[panel.ID] {
				t.Errorf("%s: panel %d %q", file.Name(), panel.ID, panel.Title)
			}
			seen[panel.ID] = true
		}
	}
}
