package pgserver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// ErrNoBaseBackup is Standby's where the binaries at hand cannot copy a running server.
var ErrNoBaseBackup = errors.New("pg_basebackup is not there: install PostgreSQL with its client programs")

// Standby starts a hot standby of the server, which must not be Fast: a
// read-only copy that follows it. Its data goes away with Stop.
func (s *Server) Standby(ctx context.Context) (*Server, error) {
	server, err := filepath.EvalSymlinks(s.binaries.path("postgres")) // the link may stand without its companions
	if err != nil {
		return nil, err
	}
	backup := filepath.Join(filepath.Dir(server), "pg_basebackup")
	if !exists(backup) {
		return nil, ErrNoBaseBackup
	}
	home, err := openHome(Config{}, s.home.account)
	if err != nil {
		return nil, err
	}
	standby := &Server{logger: s.logger, home: home, binaries: s.binaries}
	home.password = s.home.password
	output, err := run(ctx, command(home.account, true, backup,
		"--pgdata="+home.data(), "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--dbname="+s.DSN("")))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy PostgreSQL: %w\n%s", err, output), home.close())
	}
	if err := standby.launchAnywhere(ctx); err != nil {
		return nil, errors.Join(err, home.close())
	}
	return standby, nil
}
