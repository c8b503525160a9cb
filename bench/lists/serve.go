package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a running `serve`.
type server struct {
	cmd *exec.Cmd
	url string
	log bytes.Buffer
}

// serve starts the program on the database and waits until it answers.
func serve(ctx context.Context, binary, dsn string) (*server, error) {
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
	s := &server{cmd: exec.CommandContext(ctx, binary, "serve"), url: "http://127.0.0.1:" + public + "/graphql"}
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
	s.stop()
	return nil, fmt.Errorf("serve does not answer:\n%s", s.log.String())
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

// stop ends it; what it said is shown when it ended badly.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		say("serve ended with %v\n%s", err, s.log.String())
	}
}

func freePort(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}
