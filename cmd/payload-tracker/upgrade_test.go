//go:build upgrade

package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// rollout is one database on which two versions of the program work.
type rollout struct {
	*testing.T
	former, next string // binaries
	kafka        *consumertest.Kafka
	dsn          string
	env          map[string]string
	produced     int
}

// buildFormer is the program of the version before, from its sources in the history.
func buildFormer(t *testing.T) string {
	t.Helper()
	former := os.Getenv("FORMER_VERSION")
	if former == "" {
		t.Fatal("FORMER_VERSION must name the version before: make test-upgrade does")
	}
	sources, binary := t.TempDir(), filepath.Join(t.TempDir(), "former")
	for _, step := range []struct{ dir, command string }{
		{filepath.Join("..", ".."), fmt.Sprintf("git archive %s | tar x -C %s", former, sources)},
		{sources, "go build -o " + binary + " ./cmd/payload-tracker"},
	} {
		command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", step.command)
		command.Dir = step.dir
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", step.command, err, out)
		}
	}
	return binary
}

// tool runs a command of a binary to its end.
func (r *rollout) tool(binary string, args ...string) (out string, err error) {
	r.Helper()
	command := exec.CommandContext(r.Context(), binary, args...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range r.env {
		command.Env = append(command.Env, name+"="+value)
	}
	said, err := command.CombinedOutput()
	return string(said), err
}

func (r *rollout) must(binary string, args ...string) {
	r.Helper()
	if out, err := r.tool(binary, args...); err != nil {
		r.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// server is a `serve` and its address.
type server struct {
	*process
	address string
}

func (r *rollout) serve(binary string) server {
	r.Helper()
	env := maps.Clone(r.env)
	env["PUBLICPORT"], env["METRICSPORT"] = freePort(r.T), freePort(r.T)
	s := server{launch(r.T, binary, env, "serve"), "http://127.0.0.1:" + env["PUBLICPORT"]}
	consumertest.Wait(r.T, "ready", func() error {
		if code, text, err := s.get("/readyz"); err != nil || code != http.StatusOK {
			return fmt.Errorf("%d %s %w\n%s", code, text, err, s.out)
		}
		return nil
	})
	return s
}

func (s server) get(path string) (code int, text string, err error) {
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.address+path, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(content), err
}

// feed produces numbered events to all partitions, and waits until they are stored.
func (r *rollout) feed() {
	r.Helper()
	const many = 1200
	records := make([]*kgo.Record, many)
	for n := range records {
		records[n] = &kgo.Record{Partition: int32(n % 3), Value: []byte(numbered(r.produced + n))}
	}
	r.kafka.ProduceRecords(records...)
	r.produced += many
	awaitPositions(r.T, r.kafka, r.dsn)
	checkNumbered(r.T, r.dsn, r.produced)
}

// sameAnswers: both versions say the same.
func (r *rollout) sameAnswers(a, b server) {
	r.Helper()
	for n := 1; n <= r.produced/12; n += 37 {
		path := fmt.Sprintf("/api/v1/payloads/%032x", n)
		codeA, textA, errA := a.get(path)
		codeB, textB, errB := b.get(path)
		if codeA != http.StatusOK || codeA != codeB || textA != textB || errA != nil || errB != nil {
			r.Errorf("%s: one says %d %s %v, the other %d %s %v", path, codeA, textA, errA, codeB, textB, errB)
		}
	}
	for _, path := range []string{"/api/v1/payloads?page_size=1", "/api/v1/statuses?page_size=1"} {
		for _, s := range []server{a, b} {
			if code, text, err := s.get(path); code != http.StatusOK || err != nil {
				r.Errorf("%s: %d %s %v", path, code, text, err)
			}
		}
	}
}

// numbers are the sums of the rollups in force.
func (r *rollout) numbers() (sums string) {
	r.Helper()
	type row struct{ Sums string }
	return oneRow[row](r.T, r.dsn, `SELECT string_agg(format('%s/%s: %s %s %s %s %s', service, scope, received, succeeded, failed, open, retried), E'\n' ORDER BY service, scope)
		FROM (SELECT service, scope, sum(received) AS received, sum(succeeded) AS succeeded, sum(failed) AS failed, sum(open) AS open, sum(retried) AS retried
			FROM stage_rollups WHERE generation = (SELECT generation FROM rollup_state) AND series = 2 GROUP BY 1, 2) s`).Sums
}

// During a roll-out the former version and this one work on one schema, taking in and answering side by side.
func TestTwoVersionsWorkOnOneSchema(t *testing.T) { //nolint:paralleltest // it builds two programs
	r := &rollout{T: t, former: buildFormer(t), next: buildBinary(t), kafka: consumertest.New(t), dsn: storetest.Empty(t)}
	r.env = settingsOf(t, r.dsn)
	r.env["KAFKA_BOOTSTRAP_SERVERS"], r.env["KAFKA_SESSION_TIMEOUT"], r.env["SHUTDOWN_DELAY"], r.env["LOGLEVEL"] = r.kafka.Addr(), "6s", "0", "INFO"

	r.must(r.former, "migrate", "up")
	formerConsumer, formerServer := launch(t, r.former, r.env, "consume"), r.serve(r.former)
	formerConsumer.awaitWork()
	r.feed()
	if pending, err := r.tool(r.next, "migrate", "status"); err != nil {
		t.Fatal(err)
	} else if strings.Contains(pending, "pending") {
		if out, err := r.tool(r.next, "serve"); err == nil || !strings.Contains(out, "too old for this version") || !strings.Contains(out, "run payload-tracker migrate up") {
			t.Errorf("this version starts on the former's schema: %v %s", err, out)
		}
	}

	r.must(r.next, "migrate", "up") // while the former is at work
	r.feed()
	nextConsumer, nextServer := launch(t, r.next, r.env, "consume"), r.serve(r.next)
	nextConsumer.awaitWork()
	r.feed() // by both: each has partitions
	r.sameAnswers(formerServer, nextServer)

	formerConsumer.kill() // its successor begins on the new schema
	formerConsumer = launch(t, r.former, r.env, "consume")
	formerConsumer.awaitWork()
	formerServer.kill()
	formerServer = r.serve(r.former)
	r.feed()
	r.sameAnswers(formerServer, nextServer)

	formerConsumer.stop()
	formerServer.stop()
	r.feed()
	consumertest.Wait(t, "numbers", func() error {
		if waiting := oneRow[struct{ N int }](t, r.dsn, `SELECT count(*) FROM rollup_deltas`); waiting.N > 0 {
			return fmt.Errorf("%d batches are not counted yet", waiting.N)
		}
		return nil
	})
	counted := r.numbers()
	r.must(r.next, "rollups", "rebuild")
	if recounted := r.numbers(); counted != recounted || !strings.Contains(counted, "inventory") {
		t.Errorf("counted by both\n%s\nrecounted\n%s", counted, recounted)
	}
	nextConsumer.stop()
	nextServer.stop()
}
