// Package deploy holds that what is written for those who run the product fits it: the image, compose.yaml, the
// manifests for Kubernetes and OpenShift. They are read by the readers of the tools they are for, as strictly as these can, and what
// they say of the program (commands, settings, ports, routes) is asked of the program itself.
package deploy

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "payload-tracker-deploy-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "payload-tracker")
	build := exec.Command("go", "build", "-o", binary, "./cmd/payload-tracker")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		log.Printf("build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// program is one way to run the product: what a container says.
type program struct {
	name string
	args []string
	env  map[string]string
	// files are what the container has at a path; they are made for the test.
	files map[string]string
}

// columns of the table that `config` prints.
var columns = regexp.MustCompile(`\s{2,}`)

// settings gives what is in force for the program. It fails for an environment that it does not know, or that would
// stop its start.
func (p program) settings(t *testing.T) map[string]string {
	t.Helper()
	out, err := p.command(t, "config").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: its settings would stop it: %v\n%s", p.name, err, out)
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if cells := columns.Split(strings.TrimSpace(line), 3); len(cells) == 3 {
			settings[cells[0]] = cells[1]
		}
	}
	for name := range p.env {
		secret, isFile := strings.CutSuffix(name, "_FILE")
		if _, known := settings[name]; !known && (!isFile || settings[secret] != "***") && name != "ACG_CONFIG" {
			t.Errorf("%s: %s is no setting, and no file of a secret", p.name, name)
		}
	}
	return settings
}

// checkCommand holds that the program knows what it is told to do.
func (p program) checkCommand(t *testing.T) {
	t.Helper()
	if len(p.args) == 0 {
		t.Errorf("%s is told nothing", p.name)
		return
	}
	out, err := p.command(t, p.args[0], "--help").CombinedOutput()
	if err != nil {
		t.Errorf("%s: %q is no command:\n%s", p.name, p.args[0], out)
	}
	usage, _, _ := strings.Cut(string(out), "\n")
	words := strings.FieldsFunc(strings.TrimPrefix(usage, "usage: payload-tracker "+p.args[0]), func(r rune) bool { return r == '|' || r == ' ' })
	if len(p.args) == 1 && len(words) > 0 && !strings.HasPrefix(words[0], "[") {
		t.Errorf("%s: %q needs one of %q", p.name, p.args[0], words)
	}
	for _, word := range p.args[1:] {
		if !slices.Contains(words, word) {
			t.Errorf("%s: %q does not know %q, only %q", p.name, p.args[0], word, words)
		}
	}
}

// command runs the program with its environment; its files are below a folder of the test.
func (p program) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	root := t.TempDir()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Env = []string{}
	for name, value := range p.env {
		if content, isFile := p.files[value]; isFile {
			value = filepath.Join(root, value)
			if err := os.MkdirAll(filepath.Dir(value), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(value, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// answers starts the program, whose database and Kafka are away, and gives the status code of each path on the ports
// of these names: public and metrics. A port that nothing listens on has none.
func (p program) answers(t *testing.T, paths ...string) map[string]int {
	t.Helper()
	ports := map[string]string{"public": freePort(t), "metrics": freePort(t)}
	env := map[string]string{
		"DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_SSLMODE": "disable", "DB_SSLROOTCERT": "", "DB_READ_HOST": "",
		"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT", "KAFKA_CA_FILE": "",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "PUBLICPORT": ports["public"], "METRICSPORT": ports["metrics"],
	}
	for name, value := range p.env {
		if _, replaced := env[name]; !replaced {
			env[name] = value
		}
	}
	p.env = env
	command := p.command(t, p.args...)
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for begin := time.Now(); ask(t.Context(), ports["metrics"], "/livez") == 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("%s: %q does not listen:\n%s", p.name, p.args, &out)
		}
	}
	answers := map[string]int{}
	for _, path := range paths {
		for name, port := range ports {
			answers[name+" "+path] = ask(t.Context(), port, path)
		}
	}
	return answers
}

// ask gives the status code of an answer; 0 for none.
func ask(ctx context.Context, port, path string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+path, nil)
	if err != nil {
		return 0
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// freePort is one that no outgoing connection takes.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		if listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// mentions holds that a document says a name, so that who runs the product knows of it.
func mentions(t *testing.T, document, name string) {
	t.Helper()
	if !strings.Contains(string(read(t, document)), name) {
		t.Errorf("%s does not mention %s", document, name)
	}
}

func TestProgramsAreChecked(t *testing.T) {
	t.Parallel()
	good := program{name: "good", args: []string{"serve"}, env: map[string]string{"DB_PASSWORD_FILE": "/x", "METRICSPORT": "9000"}, files: map[string]string{"/x": "secret"}}
	if got := good.settings(t); got["METRICSPORT"] != "9000" || got["DB_PASSWORD"] != "***" {
		t.Errorf("settings are %v", got)
	}
	answers := program{name: "consume", args: []string{"consume"}}.answers(t, "/livez", "/nowhere")
	if got, want := fmt.Sprint(answers), "map[metrics /livez:200 metrics /nowhere:404 public /livez:0 public /nowhere:0]"; got != want {
		t.Errorf("consume answers %s, want %s", got, want)
	}
}
