package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// buildBinary is the program as a file, for what only a process of its own can suffer.
func buildBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "payload-tracker")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// process is a running program of ours.
type process struct {
	*exec.Cmd
	t   *testing.T
	out *lockedBuffer
}

// launch starts a command of the binary, with a METRICSPORT of its own; it is killed at the end of the test.
func launch(t *testing.T, binary string, env map[string]string, args ...string) *process {
	t.Helper()
	env = maps.Clone(env)
	if args[0] == "consume" {
		env["METRICSPORT"] = freePort(t)
	}
	p := &process{Cmd: exec.Command(binary, args...), t: t, out: &lockedBuffer{}}
	p.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range env {
		p.Env = append(p.Env, name+"="+value)
	}
	p.Stdout, p.Stderr = p.out, p.out
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// awaitWork waits until a consumer has been given partitions.
func (p *process) awaitWork() {
	p.t.Helper()
	consumertest.Wait(p.t, "partitions", func() error {
		for line := range strings.Lines(p.out.String()) {
			if strings.Contains(line, "partitions assigned") && !strings.Contains(line, `"partitions":[]`) {
				return nil
			}
		}
		return fmt.Errorf("none; it says:\n%s", p.out)
	})
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %v: %v\n%s", s, err, p.out)
	}
}

// kill ends the process as kill -9 does; the second time it does nothing.
func (p *process) kill() {
	if p.ProcessState == nil {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
}

// stop ends the process in order, in time and without an error.
func (p *process) stop() {
	p.t.Helper()
	start := time.Now()
	p.signal(syscall.SIGTERM)
	if err := p.Wait(); err != nil {
		p.t.Errorf("ended with %v:\n%s", err, p.out)
	}
	if took := time.Since(start); took > 10*time.Second {
		p.t.Errorf("took %v to end", took)
	}
}

// oneRow is the one row that a question gives.
func oneRow[T any](t *testing.T, dsn, question string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), question, args...)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[T])
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// numbered is the message of one of many events; 12 make a payload.
func numbered(n int) string {
	services := [...]string{"ingress", "puptoo", "inventory", "advisor"}
	words := [...]string{"received", "processing", "success"}
	date := time.Date(2026, 3, 4, 0, 0, n%86400, 0, time.UTC)
	return fmt.Sprintf(`{"service":%q,"request_id":"%032x","status":%q,"date":%q,"org_id":"700101","status_msg":"event %d"}`,
		services[n/3%4], n/12+1, words[n%3], date.Format(time.RFC3339), n)
}

// checkNumbered: of the events numbered from 0 each is stored, and once.
func checkNumbered(t *testing.T, dsn string, want int) {
	t.Helper()
	stored := oneRow[struct{ All, Distinct, Last int }](t, dsn, `SELECT count(*), count(DISTINCT message), max(substr(message, 7)::int) FROM payload_statuses`)
	if stored.All != want || stored.Distinct != want || stored.Last != want-1 {
		t.Errorf("%d statuses, %d of them distinct, the last numbered %d; want %d", stored.All, stored.Distinct, stored.Last, want)
	}
}

// awaitPositions waits until everything in the topic is stored.
func awaitPositions(t *testing.T, kafka *consumertest.Kafka, dsn string) {
	t.Helper()
	var want int64
	for _, end := range kafka.Ends() {
		want += end
	}
	consumertest.Wait(t, "positions", func() error {
		got := oneRow[struct{ Sum int64 }](t, dsn, `SELECT coalesce(sum(next_offset), 0)::bigint FROM positions`)
		if got.Sum != want {
			return fmt.Errorf("stored up to %d of %d records", got.Sum, want)
		}
		return nil
	})
}
