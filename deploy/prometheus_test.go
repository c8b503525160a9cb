package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
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

// TestDashboards: each is one that Grafana knows to the last field, has a uid by its name, asks the chosen Prometheus,
// and says something in each panel.
func TestDashboards(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	files, err := os.ReadDir("grafana/dashboards")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content := read(t, filepath.Join("grafana/dashboards", file.Name()))
		// It gives faults alone: an error without a text is none, and panels are left out.
		if err := new(dashboard.Dashboard).UnmarshalJSONStrict(content); err != nil && err.Error() != "" { //nolint:staticcheck // dashboardv2 is another format
			t.Errorf("%s: %v", file.Name(), err)
		}
		var made dashboard.Dashboard //nolint:staticcheck // as above
		if err := json.Unmarshal(content, &made); err != nil {
			t.Fatalf("%s: %v", file.Name(), err)
		}
		if want := "payload-tracker-" + strings.TrimSuffix(file.Name(), ".json"); made.Uid == nil || *made.Uid != want {
			t.Errorf("%s has not the uid %q", file.Name(), want)
		}
		seen := map[uint32]bool{}
		for _, panel := range made.Panels {
			p := panel.Panel
			if p.Title == nil || len(p.Targets) == 0 || p.Datasource == nil || *p.Datasource.Uid != "${datasource}" || seen[*p.Id] {
				t.Errorf("%s: panel %d", file.Name(), *p.Id)
			}
			seen[*p.Id] = true
		}
	}
}
