// Package pgserver runs a private PostgreSQL for tests and the demo: a direct
// child of this process on 127.0.0.1, with its data in a folder of ours.
//
// The binaries are those on the machine (version 15 or newer, the newest
// wins), else an archive fetched once into the cache; see binaries.go and
// archive.go. Started by root it runs as nobody, because initdb refuses root.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	superuser = "postgres"
	startWait = time.Minute      // a start after kill -9 replays its log first
	stopWait  = 20 * time.Second // then the server is killed

	// A free port may be taken before the server binds it, and the children of
	// a killed server need a moment to see that it is gone.
	launchTries = 5
)

// Config says where the data lives and how the server runs. The zero value is
// a durable server on a free port whose data goes away with Stop.
type Config struct {
	Dir     string       // the server's own folder, kept between starts; "" = a temporary one, removed by Stop
	Fast    bool         // for tests: no fsync, data in RAM when Dir is "" and RAM is there; a crash loses everything
	Port    int          // 0 = a free one
	Version string       // major version wanted, or "archive"; "" = PG_VERSION_WANTED, else whatever is found
	Logger  *slog.Logger // default slog.Default()
}

// Server is a running PostgreSQL.
type Server struct {
	config   Config
	logger   *slog.Logger
	home     *home
	binaries binaries
	port     int
	process  *process
}

// Start finds the binaries, prepares the data and returns when the server
// answers. The errors are sentences that say what to do.
func Start(ctx context.Context, config Config) (*Server, error) {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Version == "" {
		config.Version = os.Getenv("PG_VERSION_WANTED")
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	home, err := openHome(config, account)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, logger: config.Logger, home: home}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, home.close())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	wanted := s.config.Version
	if kept := s.home.version(); kept != 0 && wanted == "" {
		wanted = strconv.Itoa(kept)
	}
	var err error
	if s.binaries, err = find(ctx, wanted, s.home.account, s.logger); err != nil {
		return err
	}
	if kept := s.home.version(); kept != 0 && kept != s.binaries.major {
		return fmt.Errorf("%s holds data of PostgreSQL %d and the binaries are of %d: install PostgreSQL %d or delete that folder",
			s.home.dir, kept, s.binaries.major, kept)
	}
	if err := s.home.prepare(ctx, s.binaries, s.config.Fast); err != nil {
		return err
	}
	return s.launchAnywhere(ctx)
}

// launchAnywhere launches on the port that is wanted, or on a free one.
func (s *Server) launchAnywhere(ctx context.Context) (err error) {
	for try := 1; ; try++ {
		if s.port, err = choosePort(ctx, s.config.Port); err != nil {
			return err
		}
		err = s.launch(ctx)
		if err == nil || ctx.Err() != nil || try == launchTries {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// launch starts the child and waits until it takes connections.
func (s *Server) launch(ctx context.Context) error {
	arguments := append([]string{"-D", s.home.data()}, settings(s.port, s.config.Fast)...)
	process, err := startProcess(s.home.account, s.config.Fast, s.logger, s.binaries.path("postgres"), arguments...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !s.home.ready(process.pid()) {
		select {
		case <-process.exited:
			return fmt.Errorf("PostgreSQL did not start: %w\n%s", process.err, process.lastWords())
		case <-ctx.Done():
			_ = process.stop(stopWait)
			return fmt.Errorf("PostgreSQL did not start: %w\n%s", ctx.Err(), process.lastWords())
		case <-tick.C:
		}
	}
	s.process = process
	return nil
}

// DSN is the connection URL of a database on this server, as its superuser.
func (s *Server) DSN(database string) string {
	dsn := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.home.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

// Version is the major version of the server, such as 18.
func (s *Server) Version() int { return s.binaries.major }

// Port is the port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// Dir is where the data lives: as configured, unless the account that the
// server runs under cannot reach that place.
func (s *Server) Dir() string { return s.home.dir }

// Done is closed when the server has ended, asked or not.
func (s *Server) Done() <-chan struct{} { return s.process.exited }

// CreateDatabase makes a database; one that is already there is no error.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42P04" { // duplicate_database
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// Stop ends every connection, lets the server write its data and waits for it;
// one that does not end within 20 s is killed. It may be called twice. An
// error says that the server had ended by itself or had to be killed.
func (s *Server) Stop() error {
	return errors.Join(s.process.stop(stopWait), s.home.close())
}

// settings are the server's arguments: private, small, and in UTC.
func settings(port int, fast bool) []string {
	values := []string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=",
		"max_connections=200",
		"shared_buffers=128MB",
		"max_wal_size=1GB",
		"log_min_messages=warning",
		"log_line_prefix=",
		"timezone=UTC",
		"log_timezone=UTC",
	}
	if fast {
		values = append(values,
			"fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0",
			"autovacuum=off", // hundreds of short-lived databases
		)
	}
	arguments := make([]string, 0, 2*len(values))
	for _, value := range values {
		arguments = append(arguments, "-c", value)
	}
	return arguments
}

func choosePort(ctx context.Context, wanted int) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(wanted)))
	if err != nil && wanted != 0 {
		return 0, fmt.Errorf("port %d for PostgreSQL is not free: %w", wanted, err)
	}
	if err != nil {
		return 0, fmt.Errorf("a free port for PostgreSQL: %w", err)
	}
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("a free port for PostgreSQL: %v is no TCP address", listener.Addr())
	}
	return address.Port, nil
}

// Remove deletes the data that a stopped server with this Config.Dir left.
func Remove(dir string) error {
	account, err := serverAccount()
	if err != nil {
		return err
	}
	folder, err := place(dir, account)
	if err != nil || !exists(folder) {
		return err
	}
	home, err := openHome(Config{Dir: dir}, account)
	if err != nil {
		return err
	}
	for _, name := range []string{dataName, unfinishedName, passwordName} {
		err = errors.Join(err, os.RemoveAll(filepath.Join(folder, name)))
	}
	return errors.Join(err, home.close())
}
