package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	disruption "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/yaml"
	security "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	strict "sigs.k8s.io/yaml"
)

// cluster is what a kustomization makes.
type cluster struct {
	*testing.T
	deployments map[string]*apps.Deployment
	jobs        map[string]*batch.Job
	crons       map[string]*batch.CronJob
	services    map[string]*core.Service
	configs     map[string]*core.ConfigMap
	accounts    map[string]*core.ServiceAccount
	budgets     map[string]*disruption.PodDisruptionBudget
	policies    map[string]*networking.NetworkPolicy
}

// build makes a kustomization and decodes what it gives; a field that Kubernetes does not know fails the test.
func build(t *testing.T, folder string) *cluster {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{
		T: t, deployments: map[string]*apps.Deployment{}, jobs: map[string]*batch.Job{}, crons: map[string]*batch.CronJob{}, services: map[string]*core.Service{},
		configs: map[string]*core.ConfigMap{}, accounts: map[string]*core.ServiceAccount{},
		budgets: map[string]*disruption.PodDisruptionBudget{}, policies: map[string]*networking.NetworkPolicy{},
	}
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	buffer := make([]byte, len(text)+1)
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		c.decode(buffer[:n])
	}
}

func (c *cluster) decode(document []byte) {
	c.Helper()
	var of meta.PartialObjectMetadata
	if err := strict.Unmarshal(document, &of); err != nil {
		c.Fatal(err)
	}
	switch of.GroupVersionKind().String() {
	case "apps/v1, Kind=Deployment":
		decodeInto(c, document, of.Name, c.deployments)
	case "batch/v1, Kind=Job":
		decodeInto(c, document, of.Name, c.jobs)
	case "batch/v1, Kind=CronJob":
		decodeInto(c, document, of.Name, c.crons)
	case "/v1, Kind=Service":
		decodeInto(c, document, of.Name, c.services)
	case "/v1, Kind=ConfigMap":
		decodeInto(c, document, of.Name, c.configs)
	case "/v1, Kind=ServiceAccount":
		decodeInto(c, document, of.Name, c.accounts)
	case "policy/v1, Kind=PodDisruptionBudget":
		decodeInto(c, document, of.Name, c.budgets)
	case "networking.k8s.io/v1, Kind=NetworkPolicy":
		decodeInto(c, document, of.Name, c.policies)
	default:
		c.Errorf("%s: the test does not know %s", of.Name, of.GroupVersionKind())
	}
}

func decodeInto[T any](c *cluster, document []byte, name string, into map[string]*T) {
	c.Helper()
	value := new(T)
	if err := strict.UnmarshalStrict(document, value); err != nil {
		c.Errorf("%s: %v", name, err)
	}
	into[name] = value
}

// pod is one of the cluster's templates of pods.
type pod struct {
	name     string
	template core.PodTemplateSpec
}

func (c *cluster) pods() []pod {
	var pods []pod
	for name, d := range c.deployments {
		pods = append(pods, pod{name, d.Spec.Template})
	}
	for name, j := range c.jobs {
		pods = append(pods, pod{name, j.Spec.Template})
	}
	for name, j := range c.crons {
		pods = append(pods, pod{name, j.Spec.JobTemplate.Spec.Template})
	}
	return pods
}

// program is how a container runs the product. Its files are what its volumes hold by the documentation.
func (c *cluster) program(of pod, container core.Container) program {
	c.Helper()
	p := program{name: of.name + "/" + container.Name, args: container.Args, env: map[string]string{}, files: map[string]string{}}
	for _, source := range container.EnvFrom {
		config := c.configs[source.ConfigMapRef.Name]
		if config == nil {
			c.Fatalf("%s: no settings %s are made", p.name, source.ConfigMapRef.Name)
		}
		maps.Copy(p.env, config.Data)
	}
	for _, variable := range container.Env {
		p.env[variable.Name] = variable.Value
	}
	for _, mount := range container.VolumeMounts {
		i := slices.IndexFunc(of.template.Spec.Volumes, func(v core.Volume) bool { return v.Name == mount.Name })
		if i < 0 || of.template.Spec.Volumes[i].Secret == nil || !mount.ReadOnly {
			c.Fatalf("%s mounts %s, which is no secret of the pod", p.name, mount.Name)
		}
		mentions(c.T, "../docs/operating.md", "`"+of.template.Spec.Volumes[i].Secret.SecretName+"`")
		p.files[path.Join(mount.MountPath, "password")] = "secret"
		p.files[path.Join(mount.MountPath, "ca.crt")] = ""
	}
	for name, value := range p.env {
		if _, made := p.files[value]; strings.HasPrefix(value, "/") && !made {
			c.Errorf("%s: nothing is at %s=%s", p.name, name, value)
		}
	}
	return p
}

func (c *cluster) containers(of pod) []core.Container {
	return slices.Concat(of.template.Spec.InitContainers, of.template.Spec.Containers)
}

// TestKubernetes holds both what is for all clusters and the overlay to begin from.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"kubernetes/base", "kubernetes/example"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			c := build(t, folder)
			c.checkShape()
			for _, of := range c.pods() {
				c.checkSecurity(of)
				for _, container := range c.containers(of) {
					c.checkContainer(of, container)
				}
			}
			c.checkSelectors()
			c.checkNetwork()
		})
	}
}

// checkShape: two of each, never both away at once, one job for tables and rules, and one for what is too old.
func (c *cluster) checkShape() {
	c.Helper()
	for name, d := range c.deployments {
		if *d.Spec.Replicas != 2 {
			c.Errorf("%s has %d replicas", name, *d.Spec.Replicas)
		}
		selects := func(b *disruption.PodDisruptionBudget) bool { return selected(b.Spec.Selector, d.Spec.Template.Labels) }
		if budgets := slices.Collect(maps.Values(c.budgets)); !slices.ContainsFunc(budgets, selects) {
			c.Errorf("no budget for disruptions of %s", name)
		}
	}
	want := "[payload-tracker-consume payload-tracker-serve] [payload-tracker-migrate] [payload-tracker-retention]"
	if got := fmt.Sprint(slices.Sorted(maps.Keys(c.deployments)), slices.Sorted(maps.Keys(c.jobs)), slices.Sorted(maps.Keys(c.crons))); got != want {
		c.Errorf("deployments and jobs are %s, want %s", got, want)
	}
	migrate := c.jobs["payload-tracker-migrate"].Spec.Template.Spec
	if got := fmt.Sprint(migrate.InitContainers[0].Args, migrate.Containers[0].Args); got != "[migrate up] [rules apply]" {
		c.Errorf("the job does %s", got)
	}
}

// checkSecurity: the pod is let in where the restricted standard is enforced.
func (c *cluster) checkSecurity(of pod) {
	c.Helper()
	standard, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		c.Fatal(err)
	}
	level := security.LevelVersion{Level: security.LevelRestricted, Version: security.LatestVersion()}
	for _, result := range standard.EvaluatePod(level, &of.template.ObjectMeta, &of.template.Spec) {
		if !result.Allowed {
			c.Errorf("%s: %s: %s", of.name, result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	account := c.accounts[of.template.Spec.ServiceAccountName]
	if account == nil || *account.AutomountServiceAccountToken || *of.template.Spec.AutomountServiceAccountToken {
		c.Errorf("%s has a token for the cluster", of.name)
	}
}

func (c *cluster) checkContainer(of pod, container core.Container) {
	c.Helper()
	p := c.program(of, container)
	p.checkCommand(c.T)
	settings := p.settings(c.T)
	if root := container.SecurityContext.ReadOnlyRootFilesystem; root == nil || !*root {
		c.Errorf("%s may write to its root", p.name)
	}
	limits := container.Resources.Limits
	if limits.Cpu().String() != "500m" || limits.Memory().String() != "512Mi" || container.Resources.Requests.Memory().IsZero() {
		c.Errorf("%s is limited to %s, %s", p.name, limits.Cpu(), limits.Memory())
	}
	checkUser(c.T, p, settings)
	if settings["DB_PASSWORD"] != "***" || settings["KAFKA_PASSWORD"] != "***" {
		c.Errorf("%s has no passwords", p.name)
	}
	if len(container.Ports) == 0 {
		return
	}
	numbers := map[string]string{"public": settings["PUBLICPORT"], "metrics": settings["METRICSPORT"]}
	for _, port := range container.Ports {
		if got := strconv.Itoa(int(port.ContainerPort)); got != numbers[port.Name] {
			c.Errorf("%s: port %s is %s, and the settings say %s", p.name, port.Name, got, numbers[port.Name])
		}
	}
	if got := of.template.Annotations["prometheus.io/port"]; got != settings["METRICSPORT"] {
		c.Errorf("%s: Prometheus is told port %q", p.name, got)
	}
	checkProbes(c.T, p, numbers, container.LivenessProbe, container.ReadinessProbe)
	checkGrace(c.T, p, settings, container.ReadinessProbe, of.template.Spec.TerminationGracePeriodSeconds)
}

// checkUser: who takes in and who answers are the users that are granted no more than that; what they may not do is left
// to the owner of the tables, and only there is anything given up.
func checkUser(t *testing.T, p program, settings map[string]string) {
	t.Helper()
	user := map[string]string{"consume": settings["DB_INGEST_ROLE"], "serve": settings["DB_READ_ROLE"]}[p.args[0]]
	if user == "" {
		user = "payload_tracker_migrate"
	}
	if settings["DB_USER"] != user {
		t.Errorf("%s is the user %s, want %s", p.name, settings["DB_USER"], user)
	}
	mentions(t, "../SECURITY.md", user)
	if _, given := p.env["RETENTION"]; given != (p.args[0] == "retention") {
		t.Errorf("%s: RETENTION is given: %v", p.name, given)
	}
}

// checkProbes asks the program what the probes ask: it is alive while all else is away, and not ready.
func checkProbes(t *testing.T, p program, numbers map[string]string, live, ready *core.Probe) {
	t.Helper()
	answers := p.answers(t, live.HTTPGet.Path, ready.HTTPGet.Path, "/metrics")
	for name, probe := range map[string]struct {
		*core.Probe
		want int
	}{"livenessProbe": {live, 200}, "readinessProbe": {ready, 503}} {
		port := probe.HTTPGet.Port.StrVal
		if probe.HTTPGet.Port.Type == intstr.Int {
			for of, number := range numbers {
				if number == strconv.Itoa(int(probe.HTTPGet.Port.IntVal)) {
					port = of
				}
			}
		}
		if got := answers[port+" "+probe.HTTPGet.Path]; got != probe.want || port != "metrics" {
			t.Errorf("%s: %s at %s of port %s gets %d, want %d at METRICSPORT", p.name, name, probe.HTTPGet.Path, port, got, probe.want)
		}
	}
	if answers["metrics /metrics"] != 200 {
		t.Errorf("%s: /metrics gets %d", p.name, answers["metrics /metrics"])
	}
}

// checkGrace: what is under way when the pod shall end has the time that the settings give it, and who sends requests
// hears soon that it ends.
func checkGrace(t *testing.T, p program, settings map[string]string, ready *core.Probe, grace *int64) {
	t.Helper()
	least := 20 * time.Second // of a consumer, which has no requests
	if p.args[0] == "serve" {
		least = 5 * time.Second
		for _, name := range []string{"SHUTDOWN_DELAY", "SHUTDOWN_TIMEOUT"} {
			part, err := time.ParseDuration(settings[name])
			if err != nil {
				t.Fatal(err)
			}
			least += part
		}
		if ready.PeriodSeconds > 2 {
			t.Errorf("%s: readiness is asked only every %d s", p.name, ready.PeriodSeconds)
		}
	}
	if grace == nil || time.Duration(*grace)*time.Second < least {
		t.Errorf("%s: killed before the %v that its end may take", p.name, least)
	}
}

func selected(by *meta.LabelSelector, of map[string]string) bool {
	selector, err := meta.LabelSelectorAsSelector(by)
	return err == nil && !selector.Empty() && selector.Matches(labels.Set(of))
}

// checkSelectors: every service, budget, policy and deployment means the pods it shall, by ports that they have.
func (c *cluster) checkSelectors() {
	c.Helper()
	meant := func(what string, by *meta.LabelSelector) []pod {
		var found []pod
		for _, of := range c.pods() {
			if selected(by, of.template.Labels) {
				found = append(found, of)
			}
		}
		if len(found) == 0 {
			c.Errorf("%s means no pod", what)
		}
		return found
	}
	for name, d := range c.deployments {
		if pods := meant(name, d.Spec.Selector); len(pods) != 1 || pods[0].name != name {
			c.Errorf("%s means %d kinds of pods", name, len(pods))
		}
	}
	for name, b := range c.budgets {
		meant("budget "+name, b.Spec.Selector)
	}
	for name, p := range c.policies {
		meant("policy "+name, &p.Spec.PodSelector)
	}
	for name, s := range c.services {
		for _, of := range meant("service "+name, &meta.LabelSelector{MatchLabels: s.Spec.Selector}) {
			for _, port := range s.Spec.Ports {
				has := func(p core.ContainerPort) bool {
					return p.Name == port.TargetPort.StrVal && p.ContainerPort == port.Port
				}
				if !slices.ContainsFunc(of.template.Spec.Containers[0].Ports, has) {
					c.Errorf("service %s: %s has no port %s = %d", name, of.name, port.TargetPort.StrVal, port.Port)
				}
			}
		}
	}
}

// checkNetwork: each pod may reach what its settings name, and only what it says is a port may be reached from outside.
func (c *cluster) checkNetwork() {
	c.Helper()
	for _, of := range c.pods() {
		out, in := map[string]bool{}, map[string]bool{}
		for _, p := range c.policies {
			if !selected(&p.Spec.PodSelector, of.template.Labels) {
				continue
			}
			for _, rule := range p.Spec.Egress {
				for _, port := range rule.Ports {
					out[port.Port.String()] = true
				}
			}
			for _, rule := range p.Spec.Ingress {
				for _, port := range rule.Ports {
					in[port.Port.String()] = true
				}
			}
		}
		for _, container := range c.containers(of) {
			for _, port := range reached(c.program(of, container).settings(c.T)) {
				if !out[port] {
					c.Errorf("%s may not reach port %s, which its settings name", of.name, port)
				}
			}
			for _, port := range container.Ports {
				if !in[port.Name] {
					c.Errorf("%s: nobody may reach port %s", of.name, port.Name)
				}
			}
		}
	}
}

// reached are the ports that settings name at other hosts.
func reached(settings map[string]string) []string {
	ports := []string{"53", settings["DB_PORT"]}
	for _, broker := range strings.Split(settings["KAFKA_BOOTSTRAP_SERVERS"], ",") {
		ports = append(ports, broker[strings.LastIndex(broker, ":")+1:])
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "STORAGEBROKERURL"} {
		if address, err := url.Parse(settings[name]); err == nil && address.Port() != "" {
			ports = append(ports, address.Port())
		}
	}
	return ports
}
