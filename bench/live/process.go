package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is the measured one. Memory is read from /proc, so the benchmark runs on Linux only.
type process struct {
	cmd *exec.Cmd
	log bytes.Buffer
}

func start(ctx context.Context, binary string, env []string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, binary, "run")}
	p.cmd.Env = env
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	return p, nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		say("the process ended with %v\n%s", err, p.log.String())
	}
}

// peak is the most memory that was ever resident, in bytes.
func (p *process) peak() int64 {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

func runOnce(ctx context.Context, binary string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// ready waits until the process answers and consumes.
func (e environment) ready(ctx context.Context) error {
	for range 300 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url("http")+"/readyz", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the process is not ready after 30 s")
}

// databaseSettings is a connection URL as settings of payload-tracker.
func databaseSettings(dsn string) ([]string, error) {
	address, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	password, _ := address.User.Password()
	return []string{
		"DB_HOST=" + address.Hostname(), "DB_PORT=" + address.Port(), "DB_USER=" + address.User.Username(), "DB_PASSWORD=" + password,
		"DB_NAME=" + strings.TrimPrefix(address.Path, "/"), "DB_SSLMODE=disable",
	}, nil
}
