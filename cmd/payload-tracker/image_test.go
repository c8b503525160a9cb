//go:build image

package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// image is what the Dockerfile makes: a root, mounted read-only, and how it is run.
type image struct {
	*testing.T
	root            string
	User            string
	Entrypoint, Cmd []string
	Labels          map[string]string
	userID, groupID uint32
}

// TestImage: the image's only program, run as the image says, makes the tables, takes events in and answers questions.
// `make test-image` gives the image.
func TestImage(t *testing.T) { //nolint:paralleltest // alone with its image
	i := readImage(t)
	i.checkFiles()
	if said := i.once(nil, "version"); !strings.Contains(said, i.Labels["org.opencontainers.image.version"]) {
		t.Errorf("version says %q, the image's label %q", said, i.Labels["org.opencontainers.image.version"])
	}

	env := databaseEnv(t)
	// Names are for the resolver, which a root without /etc has no files for.
	env["DB_HOST"] = strings.ReplaceAll(env["DB_HOST"], "localhost", "127.0.0.1")
	env["TZ"], env["LOGLEVEL"] = "Asia/Kathmandu", "INFO"
	kafka := consumertest.New(t)
	port := freePort(t)
	p := &product{T: t, kafka: kafka, env: env, base: "http://127.0.0.1:" + port}
	env["PUBLICPORT"], env["METRICSPORT"] = port, freePort(t)
	env["KAFKA_BOOTSTRAP_SERVERS"] = kafka.Addr()
	i.once(env, "migrate", "up")
	i.once(env, "rules", "apply")
	if err := i.try(env, "health"); err == nil {
		t.Error("health is content while nothing runs")
	}

	run := i.start(env, i.Cmd...)
	p.awaitReady()
	i.once(env, "health")
	p.checkCases(t)
	if !strings.Contains(run.out.String(), "+05:45") {
		t.Errorf("TZ=Asia/Kathmandu, and no time of the log is of that zone:\n%s", run.out)
	}
	run.stop()
}

func readImage(t *testing.T) *image {
	t.Helper()
	folder := os.Getenv("IMAGE")
	if folder == "" {
		t.Fatal("IMAGE names no folder with an image: run make test-image, which makes one")
	}
	text, err := os.ReadFile(filepath.Join(folder, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	i := &image{T: t, root: filepath.Join(folder, "root")}
	if err := json.Unmarshal(text, i); err != nil {
		t.Fatal(err)
	}
	user, group, _ := strings.Cut(i.User, ":")
	i.userID, i.groupID = i.number(user), i.number(group)
	return i
}

// number is the id of a user or group, who must not be root.
func (i *image) number(id string) uint32 {
	i.Helper()
	number, err := strconv.ParseUint(id, 10, 32)
	if err != nil || number == 0 {
		i.Fatalf("the image's user is %q: want numbers, and not root's", i.User)
	}
	return uint32(number)
}

// checkFiles: nobody can write there, authorities are there, and no shell is.
func (i *image) checkFiles() {
	i.Helper()
	if err := os.WriteFile(filepath.Join(i.root, "x"), nil, 0o600); !errors.Is(err, syscall.EROFS) {
		i.Errorf("writing into the root: %v; want it read-only", err)
	}
	authorities, err := os.ReadFile(filepath.Join(i.root, "etc/ssl/certs/ca-certificates.crt"))
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM(authorities) {
		i.Errorf("the image's authorities are none: %v", err)
	}
	entries, err := os.ReadDir(i.root)
	if err != nil {
		i.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if got, want := fmt.Sprint(names), "[etc licenses payload-tracker]"; got != want {
		i.Errorf("the image's root holds %s, want %s", got, want)
	}
}

// command is the image's program, in its root and as its user.
func (i *image) command(env map[string]string, args ...string) *exec.Cmd {
	c := exec.Command(i.Entrypoint[0], append(i.Entrypoint[1:len(i.Entrypoint):len(i.Entrypoint)], args...)...)
	c.Dir = "/"
	c.Env = []string{}
	for name, value := range maps.All(env) {
		c.Env = append(c.Env, name+"="+value)
	}
	c.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     i.root,
		Credential: &syscall.Credential{Uid: i.userID, Gid: i.groupID},
		Pdeathsig:  syscall.SIGKILL,
	}
	return c
}

// try runs a command to its end.
func (i *image) try(env map[string]string, args ...string) error {
	i.Helper()
	out, err := i.command(env, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%q: %w\n%s", args, err, out)
	}
	return nil
}

// once runs a command to its end, which must be a good one, and gives what it says.
func (i *image) once(env map[string]string, args ...string) string {
	i.Helper()
	out, err := i.command(env, args...).CombinedOutput()
	if err != nil {
		i.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// start runs a command that is stopped, or killed at the end of the test.
func (i *image) start(env map[string]string, args ...string) *process {
	i.Helper()
	p := &process{Cmd: i.command(env, args...), t: i.T, out: &lockedBuffer{}}
	p.Stdout, p.Stderr = p.out, p.out
	if err := p.Start(); err != nil {
		i.Fatal(err)
	}
	i.Cleanup(p.kill)
	return p
}
