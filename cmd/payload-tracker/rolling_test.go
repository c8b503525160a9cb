package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// roundRobin sends requests to each address in turn that says it is ready, as a service of Kubernetes does.
type roundRobin struct {
	*testing.T
	client    *http.Client
	addresses []string
	ready     []atomic.Bool
	next      atomic.Int64
	answered  []atomic.Int64
	failed    atomic.Int64
}

func newRoundRobin(t *testing.T, addresses ...string) *roundRobin {
	return &roundRobin{
		T: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 10 * time.Second},
		addresses: addresses, ready: make([]atomic.Bool, len(addresses)), answered: make([]atomic.Int64, len(addresses)),
	}
}

// look asks an address whether it is ready.
func (b *roundRobin) look(n int) error {
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.addresses[n]+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err == nil {
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			err = errors.New(answer.Status)
		}
	}
	b.ready[n].Store(err == nil)
	return err
}

// watch looks at all addresses until ctx ends.
func (b *roundRobin) watch(ctx context.Context) {
	for ctx.Err() == nil {
		for n := range b.addresses {
			_ = b.look(n)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// ask sends a request to the next address: what fails is not sent again.
func (b *roundRobin) ask(method, path, body string) {
	for range 100 {
		n := int(b.next.Add(1)) % len(b.addresses)
		if !b.ready[n].Load() {
			time.Sleep(time.Millisecond)
			continue
		}
		if err := b.askAt(n, method, path, body); err != nil {
			b.failed.Add(1)
			b.Errorf("%s %s at %d: %v", method, path, n, err)
		}
		b.answered[n].Add(1)
		return
	}
	b.failed.Add(1)
	b.Error("none is ready")
}

func (b *roundRobin) askAt(n int, method, path, body string) error {
	request, err := http.NewRequestWithContext(context.WithoutCancel(b.Context()), method, b.addresses[n]+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.GetBody = nil // so that it is never sent twice by itself
	request.Header.Set("Content-Type", "application/json")
	answer, err := b.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || strings.Contains(string(text), `"errors"`)) {
		err = fmt.Errorf("%s %s", answer.Status, text)
	}
	return err
}

// Two processes answer; each is ended and started again, one after the other, and no client notices.
func TestARollingRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	binary := buildBinary(t)
	env := databaseEnv(t)
	tools := &product{T: t, env: env}
	tools.command("migrate", "up")
	env["SHUTDOWN_DELAY"], env["MAX_REQUESTS_PER_MINUTE"] = "500ms", "1000000000"
	var envs []map[string]string
	var addresses []string
	for range 2 {
		own := maps.Clone(env)
		own["PUBLICPORT"], own["METRICSPORT"] = freePort(t), freePort(t)
		envs, addresses = append(envs, own), append(addresses, "http://127.0.0.1:"+own["PUBLICPORT"])
	}
	balancer := newRoundRobin(t, addresses...)
	serve := func(n int) *process {
		p := launch(t, binary, envs[n], "serve")
		consumertest.Wait(t, "ready", func() error { return balancer.look(n) })
		return p
	}
	processes := []*process{serve(0), serve(1)}

	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	clients.Go(func() { balancer.watch(ctx) })
	for range 6 {
		clients.Go(func() {
			for ctx.Err() == nil {
				balancer.ask(http.MethodPost, "/graphql", `{"query": "{ payloads { nodes { requestId } total { value } } }"}`)
				balancer.ask(http.MethodGet, "/api/v1/payloads?page_size=1", "")
			}
		})
	}
	for n := range 4 {
		n %= len(processes)
		before := balancer.answered[n].Load()
		processes[n].stop()
		processes[n] = serve(n)
		consumertest.Wait(t, "requests", func() error {
			if balancer.answered[n].Load() < before+100 {
				return errors.New("the new process is asked nothing")
			}
			return nil
		})
	}
	cancel()
	clients.Wait()
	t.Logf("%d and %d requests answered", balancer.answered[0].Load(), balancer.answered[1].Load())
	if balancer.failed.Load() > 0 {
		t.Errorf("%d requests failed; the processes say:\n%s\n%s", balancer.failed.Load(), processes[0].out, processes[1].out)
	}
	for _, p := range processes {
		p.signal(syscall.SIGTERM)
		_ = p.Wait()
	}
}

func TestAnEndingProcessSaysSoAndAnswersOn(t *testing.T) {
	t.Parallel()
	env := databaseEnv(t)
	env["SHUTDOWN_DELAY"] = "1h"
	config, err := readConfig(from(env))
	if err != nil {
		t.Fatal(err)
	}
	ctx, signal := context.WithCancel(t.Context())
	a, err := buildApp(ctx, config, &lockedBuffer{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	if err := a.store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	public := publicOf(a)
	if code, text := askAs(t, public, "nobody", http.MethodGet, "/readyz", ""); code != http.StatusOK {
		t.Fatalf("before: %d %s", code, text)
	}
	serving, end := a.drained(ctx)
	signal()
	consumertest.Wait(t, "not ready", func() error {
		if code, text := askAs(t, public, "nobody", http.MethodGet, "/readyz", ""); code != http.StatusServiceUnavailable || !strings.Contains(text, `"process":"it is ending`) {
			return fmt.Errorf("%d %s", code, text)
		}
		return nil
	})
	if code, _ := askAs(t, public, "nobody", http.MethodGet, "/livez", ""); code != http.StatusOK || serving.Err() != nil {
		t.Errorf("alive: %d; serving: %v", code, serving.Err())
	}
	end()
	failed := errors.New("a port is taken")
	broken, fail := context.WithCancelCause(t.Context())
	serving, end = a.drained(broken)
	defer end()
	fail(failed)
	select {
	case <-serving.Done():
	case <-time.After(10 * time.Second):
		t.Error("what fails is waited for")
	}
}
