// Package asking starts the built binary's `serve` on a database, and asks it over HTTP as a client does.
package asking

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running `serve`.
type Server struct {
	cmd  *exec.Cmd
	url  string
	http http.Client
	log  bytes.Buffer
}

// Start starts the program on the database and waits until it answers.
func Start(ctx context.Context, binary, dsn string) (*Server, error) {
	db, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	public, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	metrics, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{cmd: exec.CommandContext(ctx, binary, "serve"), url: "http://127.0.0.1:" + public + "/graphql"}
	s.cmd.Env = append(os.Environ(),
		"DB_HOST="+db.Host, fmt.Sprintf("DB_PORT=%d", db.Port), "DB_USER="+db.User, "DB_PASSWORD="+db.Password, "DB_NAME="+db.Database,
		"PUBLICPORT="+public, "METRICSPORT="+metrics, "LOGLEVEL=WARN")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 300 {
		if answers(ctx, "http://127.0.0.1:"+metrics+"/readyz") && answers(ctx, s.url+"?query={__typename}") {
			return s, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("serve does not answer:\n%s", s.log.String()), s.Stop())
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Stop ends it; what it said is told when it ended badly.
func (s *Server) Stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("serve ended with %w\n%s", err, s.log.String())
	}
	return nil
}

// Ask asks over GraphQL, on one connection. An answer that came too late for its question is one: slow is what is
// measured.
func (s *Server) Ask(ctx context.Context, query string, variables map[string]any) (map[string]json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data   map[string]json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", response.Status, err)
	}
	if len(answer.Errors) > 0 && answer.Errors[0].Extensions.Code != "TIMEOUT" {
		return nil, fmt.Errorf("%s: %s", response.Status, answer.Errors[0].Message)
	}
	return answer.Data, nil
}

func freePort(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}
