package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is the server as our child.
type process struct {
	command *exec.Cmd
	output  *logWriter
	exited  chan struct{}
	err     error // why it ended; read after exited

	mu    sync.Mutex
	asked bool // to stop
}

func startProcess(a *account, fast bool, logger *slog.Logger, name string, arguments ...string) (*process, error) {
	output := &logWriter{logger: logger}
	p := &process{command: command(a, fast, name, arguments...), output: output, exited: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = output, output
	// After a kill, server processes may hold the pipe for a moment.
	p.command.WaitDelay = 2 * time.Second
	started := make(chan error)
	go func() {
		// The kernel signals the child when the *thread* that made it ends,
		// and Go ends idle threads: this one stays as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.command.Start()
		started <- err
		if err == nil {
			p.err = p.command.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return p, nil
}

// command runs with a plain environment, so that PG* variables and locales
// of the caller do not reach the server.
func command(a *account, fast bool, name string, arguments ...string) *exec.Cmd {
	c := exec.Command(name, arguments...) //nolint:noctx // stopped by signals, in PostgreSQL's order
	c.Dir = "/"
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	c.SysProcAttr = attributes(a, fast)
	return c
}

// run runs a command to its end and returns what it said.
func run(ctx context.Context, c *exec.Cmd) (string, error) {
	runtime.LockOSThread() // as in startProcess
	defer runtime.UnlockOSThread()
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	if err := c.Start(); err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Process.Kill() })()
	err := c.Wait()
	return output.String(), err
}

func (p *process) pid() int { return p.command.Process.Pid }

// stop ends the process, by force after wait.
func (p *process) stop(wait time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked {
		<-p.exited
		return nil
	}
	p.asked = true
	select {
	case <-p.exited:
		return fmt.Errorf("PostgreSQL had ended by itself: %w\n%s", p.cause(), p.lastWords())
	default:
	}
	if err := p.command.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
	}
	_ = p.command.Process.Kill()
	<-p.exited
	return fmt.Errorf("PostgreSQL did not stop within %v and was killed\n%s", wait, p.lastWords())
}

func (p *process) cause() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

func (p *process) lastWords() string { return p.output.lastWords() }

// logWriter passes the server's lines to the log and keeps the last ones for
// error messages.
type logWriter struct {
	logger *slog.Logger

	mu   sync.Mutex
	rest []byte
	last []string
}

func (w *logWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, data...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		w.rest = rest
		text := string(line)
		w.logger.Debug("postgresql", slog.String("line", text))
		w.last = append(w.last, text)
		if len(w.last) > 10 {
			w.last = w.last[1:]
		}
	}
}

func (w *logWriter) lastWords() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.last, "\n")
}
