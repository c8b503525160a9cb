package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// started is `consume` as a process, with a broker and a database that can fall silent or be locked.
type started struct {
	*testing.T
	binary string
	kafka  *consumertest.Kafka
	conn   *pgx.Conn
	silent *sync.RWMutex // held while the database says nothing
	env    map[string]string
	out    *lockedBuffer
	cmd    *exec.Cmd
	ended  chan error
}

const processGroup = "payload_tracker"

func startConsume(t *testing.T, binary string) *started {
	t.Helper()
	s := &started{T: t, binary: binary, kafka: consumertest.New(t), silent: &sync.RWMutex{}, env: databaseEnv(t)}
	p := &product{T: t, env: s.env}
	p.command("migrate", "up")
	config, err := readConfig(from(s.env))
	if err != nil {
		t.Fatal(err)
	}
	if s.conn, err = pgx.Connect(t.Context(), config.database.DSN()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.conn.Close(context.WithoutCancel(t.Context())) })
	s.env["DB_HOST"], s.env["DB_PORT"] = "127.0.0.1", s.forward(net.JoinHostPort(s.env["DB_HOST"], s.env["DB_PORT"]))
	s.env["KAFKA_BOOTSTRAP_SERVERS"], s.env["METRICSPORT"] = s.kafka.Addr(), freePort(t)
	s.run()
	return s
}

// run starts the process and waits until it takes events in.
func (s *started) run() {
	s.Helper()
	s.out, s.ended = &lockedBuffer{}, make(chan error, 1)
	s.cmd = exec.CommandContext(context.WithoutCancel(s.Context()), s.binary, "consume")
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	for name, value := range s.env {
		s.cmd.Env = append(s.cmd.Env, name+"="+value)
	}
	if err := s.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	cmd, ended, gone := s.cmd, s.ended, make(chan struct{})
	go func() { ended <- cmd.Wait(); close(gone) }()
	s.Cleanup(func() { _ = cmd.Process.Kill(); <-gone })
	consumertest.Wait(s, "ready", func() error {
		request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, "http://127.0.0.1:"+s.env["METRICSPORT"]+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s\n%s", answer.Status, s.out.String())
		}
		return nil
	})
}

// forward passes connections on to target, while it is not silent.
func (s *started) forward(target string) (port string) {
	s.Helper()
	listener, err := new(net.ListenConfig).Listen(s.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = listener.Close() })
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(gated{to, s.silent}, from)
		_ = to.Close()
		_ = from.Close()
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := new(net.Dialer).DialContext(context.WithoutCancel(s.Context()), "tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			go pass(server, client)
			go pass(client, server)
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

type gated struct {
	io.Writer
	gate *sync.RWMutex
}

func (g gated) Write(b []byte) (int, error) {
	g.gate.RLock()
	defer g.gate.RUnlock()
	return g.Writer.Write(b)
}

func (s *started) signal() {
	s.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.Fatal(err)
	}
}

// waitEnd gives the exit code, which has to come within the time.
func (s *started) waitEnd(longest time.Duration) int {
	s.Helper()
	start := time.Now()
	select {
	case err := <-s.ended:
		s.Logf("ended after %v", time.Since(start))
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			s.Fatal(err)
		}
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(longest):
		s.Fatalf("did not end in %v:\n%s", longest, s.out.String())
		return -1
	}
}

func (s *started) produce(from, n int) {
	for i := from; i < from+n; i++ {
		s.kafka.Produce(int32(i%3), fmt.Sprintf(`{"service":"ingress","request_id":"%032x","status":"received","date":"2026-03-04T12:00:00Z"}`, i))
	}
}

func (s *started) waitStatuses(want int) {
	s.Helper()
	consumertest.Wait(s, "statuses stored", func() error {
		var got int
		if err := s.conn.QueryRow(s.Context(), `SELECT count(*) FROM payload_statuses`).Scan(&got); err != nil || got != want {
			return fmt.Errorf("%d statuses, want %d: %v", got, want, err)
		}
		return nil
	})
}

// lock keeps the database from storing events until it is given back.
func (s *started) lock() (giveBack func()) {
	s.Helper()
	tx, err := s.conn.Begin(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if _, err := tx.Exec(s.Context(), `LOCK TABLE payload_statuses IN EXCLUSIVE MODE`); err != nil {
		s.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.WithoutCancel(s.Context())) }
}

// checkEmptyGroup: who has ended has left the group, too.
func (s *started) checkEmptyGroup() {
	s.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(s.kafka.Addr()))
	if err != nil {
		s.Fatal(err)
	}
	defer client.Close()
	groups, err := kadm.NewClient(client).DescribeGroups(s.Context(), processGroup)
	if n := len(groups[processGroup].Members); err != nil || n > 0 {
		s.Errorf("the group has %d members: %v", n, err)
	}
}

// The program as it ships, in a process of its own.
func TestProcess(t *testing.T) {
	t.Parallel()
	binary := buildBinary(t)
	t.Run("a signal ends it in order", func(t *testing.T) {
		t.Parallel()
		s := startConsume(t, binary)
		s.produce(1, 30)
		s.waitStatuses(30)
		s.signal()
		if code := s.waitEnd(5 * time.Second); code != 0 {
			t.Errorf("exit code %d:\n%s", code, s.out.String())
		}
		s.checkEmptyGroup()
	})
	// A batch that does not get through is abandoned within 10 s, and stored
	// by who comes next.
	silence := func(s *started) func() { s.silent.Lock(); return s.silent.Unlock }
	for name, c := range map[string]struct {
		hang      func(s *started) (goOn func())
		kafkaAway bool
	}{
		"is locked":                   {hang: (*started).lock},
		"is silent":                   {hang: silence},
		"is silent and Kafka is away": {hang: silence, kafkaAway: true},
	} {
		t.Run("a signal ends it while the database "+name, func(t *testing.T) {
			t.Parallel()
			s := startConsume(t, binary)
			s.produce(1, 30)
			s.waitStatuses(30)
			goOn := c.hang(s)
			s.produce(31, 30)
			time.Sleep(500 * time.Millisecond) // the batch is on its way
			if c.kafkaAway {
				s.kafka.Stop()
			}
			s.signal()
			code := s.waitEnd(10 * time.Second)
			goOn()
			if code != 0 {
				t.Errorf("exit code %d:\n%s", code, s.out.String())
			}
			if c.kafkaAway {
				s.kafka.Start()
			} else {
				s.checkEmptyGroup()
			}
			s.run()
			s.waitStatuses(60)
		})
	}
	t.Run("a second signal ends it at once", func(t *testing.T) {
		t.Parallel()
		s := startConsume(t, binary)
		defer s.lock()()
		s.produce(1, 30)
		time.Sleep(500 * time.Millisecond) // the batch hangs
		s.signal()
		time.Sleep(2 * oneStop)
		s.signal()
		if code := s.waitEnd(time.Second); code != 130 {
			t.Errorf("exit code %d:\n%s", code, s.out.String())
		}
	})
	t.Run("large records do not need much memory", func(t *testing.T) {
		t.Parallel()
		s := startConsume(t, binary)
		s.signal()
		s.waitEnd(10 * time.Second)
		const records, most = 200, 256 << 10 // KiB
		reason := strings.Repeat("the reason is long; ", 45_000)
		for i := range records {
			s.kafka.Produce(int32(i%3), fmt.Sprintf(`{"service":"ingress","request_id":"%032x","status":"error","date":"2026-03-04T12:00:00Z","status_msg":"%s"}`, i+1, reason))
		}
		s.run()
		s.waitStatuses(records)
		if peak := s.peakMemory(); peak > most {
			t.Errorf("%d KiB at the most, want at most %d", peak, most)
		}
	})
}

// peakMemory is the most resident memory the process ever had, in KiB; 0 where the system does not say.
func (s *started) peakMemory() int {
	s.Helper()
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	text, _, _ := strings.Cut(rest, "kB")
	peak, _ := strconv.Atoi(strings.TrimSpace(text))
	s.Logf("%d KiB at the most", peak)
	return peak
}
