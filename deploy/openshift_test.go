package deploy

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// template is OpenShift's, as far as we use it.
type template struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Objects         []json.RawMessage `json:"objects"`
	Parameters      []struct {
		Name        string `json:"name"`
		Value       string `json:"value"`
		Description string `json:"description"`
		Required    bool   `json:"required"`
	} `json:"parameters"`
}

// clowdApp is Clowder's (cloud.redhat.com/v1alpha1), as far as we use it.
type clowdApp struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		EnvName              string   `json:"envName"`
		OptionalDependencies []string `json:"optionalDependencies"`
		Database             struct {
			Name    string `json:"name"`
			Version int32  `json:"version"`
		} `json:"database"`
		KafkaTopics []struct {
			TopicName  string `json:"topicName"`
			Partitions int32  `json:"partitions"`
			Replicas   int32  `json:"replicas"`
		} `json:"kafkaTopics"`
		Deployments []clowdDeployment `json:"deployments"`
	} `json:"spec"`
}

type clowdDeployment struct {
	Name        string `json:"name"`
	Replicas    int32  `json:"replicas"`
	WebServices struct {
		Public struct {
			Enabled bool `json:"enabled"`
		} `json:"public"`
	} `json:"webServices"`
	DeploymentStrategy struct {
		PrivateStrategy apps.DeploymentStrategyType `json:"privateStrategy"`
	} `json:"deploymentStrategy"`
	PodSpec struct {
		Image          string `json:"image"`
		InitContainers []struct {
			Name       string   `json:"name"`
			Args       []string `json:"args"`
			InheritEnv bool     `json:"inheritEnv"`
		} `json:"initContainers"`
		Args                          []string                  `json:"args"`
		Env                           []core.EnvVar             `json:"env"`
		Resources                     core.ResourceRequirements `json:"resources"`
		LivenessProbe                 *core.Probe               `json:"livenessProbe"`
		ReadinessProbe                *core.Probe               `json:"readinessProbe"`
		TerminationGracePeriodSeconds *int64                    `json:"terminationGracePeriodSeconds"`
	} `json:"podSpec"`
}

// clowderGives is the file that Clowder mounts, with its usual ports.
const clowderGives = `{"publicPort": 8000, "metricsPort": 9000,
  "database": {"hostname": "db", "port": 5432, "username": "u", "password": "p", "name": "payload-tracker", "sslMode": "verify-full"},
  "kafka": {"brokers": [{"hostname": "kafka", "port": 9092}], "topics": [{"name": "real-name", "requestedName": "platform.payload-status"}]}}`

// instantiate fills a template in, as OpenShift does.
func instantiate(t *testing.T, path string, values map[string]string) []byte {
	t.Helper()
	var made template
	if err := yaml.UnmarshalStrict(read(t, path), &made); err != nil {
		t.Fatal(err)
	}
	values = maps.Clone(values)
	text := string(made.Objects[0])
	for _, parameter := range made.Parameters {
		value, given := values[parameter.Name]
		if !given && parameter.Required {
			t.Errorf("%s is required, and the test does not give it", parameter.Name)
		}
		if !given {
			value = parameter.Value
		}
		before := text
		text = strings.ReplaceAll(text, `"${{`+parameter.Name+`}}"`, value)
		text = strings.ReplaceAll(text, "${"+parameter.Name+"}", value)
		if text == before {
			t.Errorf("nothing uses the parameter %s", parameter.Name)
		}
	}
	if left := regexp.MustCompile(`\$\{.*?\}`).FindString(text); left != "" {
		t.Errorf("%s is no parameter", left)
	}
	return []byte(text)
}

// TestClowdApp: the template makes a ClowdApp whose programs are ours, on the ports that Clowder gives them.
func TestClowdApp(t *testing.T) {
	t.Parallel()
	var app clowdApp
	text := instantiate(t, "openshift/clowdapp.yaml", map[string]string{"ENV_NAME": "stage", "IMAGE": "registry.example.com/payload-tracker", "IMAGE_TAG": "v1.0.0"})
	if err := yaml.UnmarshalStrict(text, &app); err != nil {
		t.Fatal(err)
	}
	if app.APIVersion+" "+app.Kind != "cloud.redhat.com/v1alpha1 ClowdApp" {
		t.Errorf("%s %s", app.APIVersion, app.Kind)
	}
	var topics []string
	for _, topic := range app.Spec.KafkaTopics {
		topics = append(topics, topic.TopicName)
	}
	wanted := program{name: "defaults"}.settings(t)["TOPIC_PAYLOAD_STATUS"]
	if want := []string{wanted, wanted + ".dlq"}; !slices.Equal(topics, want) {
		t.Errorf("topics are %q, want %q", topics, want)
	}
	var commands []string
	for _, deployment := range app.Spec.Deployments {
		checkClowdDeployment(t, deployment)
		commands = append(commands, deployment.PodSpec.Args...)
	}
	if want := []string{"consume", "serve"}; !slices.Equal(commands, want) {
		t.Errorf("deployments run %q, want %q", commands, want)
	}
}

func checkClowdDeployment(t *testing.T, d clowdDeployment) {
	t.Helper()
	p := program{
		name: "ClowdApp " + d.Name, args: d.PodSpec.Args,
		env:   map[string]string{"ACG_CONFIG": "/cdapp/cdappconfig.json"},
		files: map[string]string{"/cdapp/cdappconfig.json": clowderGives},
	}
	for _, variable := range d.PodSpec.Env {
		p.env[variable.Name] = variable.Value
	}
	p.checkCommand(t)
	settings := p.settings(t)
	if settings["METRICSPORT"] != "9000" || settings["TOPIC_PAYLOAD_STATUS"] != "real-name" {
		t.Errorf("%s: what Clowder gives is not in force: %v", p.name, settings)
	}
	for _, first := range d.PodSpec.InitContainers {
		if first.Name == "" || !first.InheritEnv {
			t.Errorf("%s: Clowder gives the init container %q no settings", p.name, first.Name)
		}
		program{name: p.name + "/" + first.Name, args: first.Args}.checkCommand(t)
	}
	if d.Replicas != 2 || d.PodSpec.Resources.Limits.Cpu().String() != "500m" || d.PodSpec.Resources.Limits.Memory().String() != "512Mi" {
		t.Errorf("%s: %d replicas of %v", p.name, d.Replicas, d.PodSpec.Resources.Limits)
	}
	if public := p.args[0] == "serve"; d.WebServices.Public.Enabled != public {
		t.Errorf("%s: public is %v", p.name, d.WebServices.Public.Enabled)
	}
	checkProbes(t, p, map[string]string{"public": settings["PUBLICPORT"], "metrics": settings["METRICSPORT"]}, d.PodSpec.LivenessProbe, d.PodSpec.ReadinessProbe)
	checkGrace(t, p, settings, d.PodSpec.ReadinessProbe, d.PodSpec.TerminationGracePeriodSeconds)
}
