package deploy

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// tasks end when they are done; all other services of compose.yaml go on.
var tasks = []string{"migrate", "rules", "topic"}

func loadCompose(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../compose.yaml"}, cli.WithInterpolation(true), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// composeProgram is how a service of ours runs the product.
func composeProgram(service types.ServiceConfig) program {
	env := map[string]string{}
	for name, value := range service.Environment {
		if value != nil {
			env[name] = *value
		}
	}
	return program{name: "compose.yaml: " + service.Name, args: service.Command, env: env}
}

// TestComposeServices: images are pinned, what goes on says how it is, what it waits for says when that is there, and
// what it mounts is in the repository.
func TestComposeServices(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	want := []string{"grafana", "jaeger", "kafka", "migrate", "payload-tracker", "postgres", "prometheus", "rules", "topic"}
	if got := slices.Sorted(maps.Keys(project.Services)); !slices.Equal(got, want) {
		t.Errorf("services are %q, want %q", got, want)
	}
	for name, service := range project.Services {
		isTask := slices.Contains(tasks, name)
		if _, tag, _ := strings.Cut(service.Image, ":"); service.Build == nil && (tag == "" || tag == "latest") {
			t.Errorf("%s: %q is no certain image", name, service.Image)
		}
		if healthy := service.HealthCheck != nil && len(service.HealthCheck.Test) > 0; healthy == isTask {
			t.Errorf("%s: has a healthcheck: %v", name, healthy)
		}
		for other, on := range service.DependsOn {
			needed := types.ServiceConditionHealthy
			if slices.Contains(tasks, other) {
				needed = types.ServiceConditionCompletedSuccessfully
			}
			if on.Condition != needed {
				t.Errorf("%s waits for %s: %s, want %s", name, other, on.Condition, needed)
			}
		}
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if entries, err := os.ReadDir(volume.Source); err != nil || len(entries) == 0 || !volume.ReadOnly {
				t.Errorf("%s mounts %s: %v", name, volume.Source, err)
			}
		}
	}
}

// TestComposeRunsTheProduct: commands and settings are the program's, and so are the ports that others are told.
func TestComposeRunsTheProduct(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	for _, name := range []string{"payload-tracker", "migrate", "rules"} {
		service := project.Services[name]
		p := composeProgram(service)
		p.checkCommand(t)
		settings := p.settings(t)
		if !service.ReadOnly || !slices.Contains(service.CapDrop, "ALL") {
			t.Errorf("%s may write or has capabilities", name)
		}
		checkComposePeers(t, project, settings)
	}
	service := project.Services["payload-tracker"]
	settings := composeProgram(service).settings(t)
	var published []string
	for _, port := range service.Ports {
		published = append(published, strconv.Itoa(int(port.Target)))
	}
	if want := []string{settings["PUBLICPORT"], settings["METRICSPORT"]}; !slices.Equal(published, want) {
		t.Errorf("ports %q are published, want %q", published, want)
	}
	health := service.HealthCheck.Test
	if health[0] != "CMD" || health[1] != "/payload-tracker" {
		t.Fatalf("the healthcheck is %q: the image has nothing else to run", health)
	}
	program{name: "the healthcheck", args: health[2:]}.checkCommand(t)
	if got := project.Services["prometheus"]; !strings.Contains(string(read(t, "prometheus/prometheus.yml")), "payload-tracker:"+settings["METRICSPORT"]) {
		t.Errorf("%s does not scrape METRICSPORT", got.Name)
	}
}

// checkComposePeers: the database and the broker of the settings are those of the other services.
func checkComposePeers(t *testing.T, project *types.Project, settings map[string]string) {
	t.Helper()
	postgres := project.Services["postgres"].Environment
	for setting, variable := range map[string]string{"DB_USER": "POSTGRES_USER", "DB_NAME": "POSTGRES_DB"} {
		if value := postgres[variable]; value == nil || *value != settings[setting] {
			t.Errorf("%s is %s, which is not PostgreSQL's %s", setting, settings[setting], variable)
		}
	}
	if settings["DB_HOST"] != "postgres" {
		t.Errorf("DB_HOST is %s", settings["DB_HOST"])
	}
	advertised := project.Services["kafka"].Environment["KAFKA_ADVERTISED_LISTENERS"]
	if !strings.Contains(*advertised, "CONTAINERS://"+settings["KAFKA_BOOTSTRAP_SERVERS"]+",") {
		t.Errorf("Kafka says it is at %s, the settings at %s", *advertised, settings["KAFKA_BOOTSTRAP_SERVERS"])
	}
	if topic := project.Services["topic"].Command; !slices.Contains(topic, settings["TOPIC_PAYLOAD_STATUS"]) {
		t.Errorf("the topic that is made (%q) is not %s", topic, settings["TOPIC_PAYLOAD_STATUS"])
	}
}
