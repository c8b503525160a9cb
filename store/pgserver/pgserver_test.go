package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("PGSERVER_TEST_PARENT"); dir != "" {
		beParent(dir)
	}
	goleak.VerifyTestMain(m)
}

func TestTheArchiveOfTheOldestRuns(t *testing.T) {
	t.Parallel()
	account, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := fetchArchive(t.Context(), archives[len(archives)-1], account, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if major, err := majorVersion(t.Context(), binaries.path("postgres")); err != nil || major != oldest {
		t.Errorf("says %d, %v", major, err)
	}
}

// folder is one that the server's account can reach, unlike t.TempDir under a
// strict umask.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgserver-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "postgres")
}

func start(t *testing.T, config Config) *Server {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	server, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	return server
}

func stop(t *testing.T, server *Server) {
	t.Helper()
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
}

func ask[T any](t *testing.T, server *Server, query string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func TestServes(t *testing.T) {
	t.Parallel()
	// What is on the machine (or the archive, when nothing is), the archive,
	// and the oldest.
	for _, version := range []string{"", "archive", strconv.Itoa(oldest)} {
		t.Run("version "+version, func(t *testing.T) {
			t.Parallel()
			server := start(t, Config{Fast: true, Version: version})
			if got := ask[int](t, server, "SELECT current_setting('server_version_num')::int / 10000"); got != server.Version() || got < oldest {
				t.Errorf("serves version %d, says %d", got, server.Version())
			}
			if want := map[string]int{"archive": archives[0].major, strconv.Itoa(oldest): oldest}[version]; want != 0 && server.Version() != want {
				t.Errorf("serves version %d, want %d", server.Version(), want)
			}
			if got := ask[string](t, server, "SELECT lower('ÄÖ') || current_setting('fsync') || current_setting('unix_socket_directories')"); got != "äöoff" {
				t.Errorf("case, fsync and socket: %q", got)
			}
			for range 2 {
				if err := server.CreateDatabase(t.Context(), `odd "name`); err != nil {
					t.Fatal(err)
				}
			}
			if got := ask[int](t, server, `SELECT count(*)::int FROM pg_database WHERE datname = 'odd "name'`); got != 1 {
				t.Errorf("%d databases made", got)
			}
			stop(t, server)
			stop(t, server)
			if exists(server.Dir()) {
				t.Errorf("%s is still there", server.Dir())
			}
		})
	}
}

func TestAsksForPassword(t *testing.T) {
	t.Parallel()
	server := start(t, Config{Fast: true})
	dsn := strings.Replace(server.DSN("postgres"), server.home.password, "guessed", 1)
	if conn, err := pgx.Connect(t.Context(), dsn); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a wrong password is taken")
	}
}

func TestKeepsData(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first := start(t, Config{Dir: dir})
	ask[int](t, first, "WITH made AS (SELECT set_config('x.y', '1', false)) SELECT 1 FROM made")
	if err := first.CreateDatabase(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	if got := ask[string](t, first, "SELECT current_setting('fsync')"); got != "on" {
		t.Errorf("fsync is %s", got)
	}
	stop(t, first)
	second := start(t, Config{Dir: dir})
	if got := ask[int](t, second, "SELECT count(*)::int FROM pg_database WHERE datname = 'kept'"); got != 1 {
		t.Error("the database is gone")
	}
	if err := Remove(dir); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("Remove under a running server: %v", err)
	}
	stop(t, second)
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dir, dataName)) {
		t.Error("the data is still there")
	}
	start(t, Config{Dir: dir})
}

func TestStartsAfterKill(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first := start(t, Config{Dir: dir})
	if err := first.CreateDatabase(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first.process.pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Done()
	if err := first.Stop(); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("Stop after a kill: %v", err)
	}
	second := start(t, Config{Dir: dir})
	if got := ask[int](t, second, "SELECT count(*)::int FROM pg_database WHERE datname = 'kept'"); got != 1 {
		t.Error("the database is gone")
	}
	stop(t, second)

	// A number that belongs to another process by now: ours.
	left := fmt.Sprintf("%d\n%s\n%d\n5432\n\n\n\n", os.Getpid(), second.home.data(), time.Now().Unix())
	if err := os.WriteFile(filepath.Join(second.home.data(), "postmaster.pid"), []byte(left), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, Config{Dir: dir})
}

func TestOneProcessAFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first := start(t, Config{Dir: dir, Fast: true})
	if _, err := Start(t.Context(), Config{Dir: dir, Fast: true}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("second start: %v", err)
	}
	// Without its lock the first server counts as left behind by a dead process.
	if err := first.home.lock.Close(); err != nil {
		t.Fatal(err)
	}
	first.home.lock = nil
	second := start(t, Config{Dir: dir, Fast: true})
	<-first.Done()
	if got := ask[int](t, second, "SELECT 1"); got != 1 {
		t.Error("no answer")
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	foreign := folder(t)
	other := folder(t)
	write := func(path, text string) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(foreign, "notes.txt"), "mine")
	write(filepath.Join(other, lockName), "")
	write(filepath.Join(other, dataName, "PG_VERSION"), "14\n")
	for name, c := range map[string]struct {
		config Config
		says   string
	}{
		"taken port":     {Config{Port: taken.Addr().(*net.TCPAddr).Port, Fast: true}, "is not free"},
		"foreign folder": {Config{Dir: foreign}, "holds other files"},
		"old data":       {Config{Dir: other, Version: "archive"}, "install PostgreSQL 14 or delete that folder"},
		"no version":     {Config{Version: "new"}, "say a major version"},
		"not there":      {Config{Version: "99"}, "PostgreSQL 99 is not on this machine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := Start(t.Context(), c.config)
			if err == nil {
				stop(t, server)
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %q", err)
			}
		})
	}
}

// beParent starts a server, says its process id, and waits to be killed.
func beParent(dir string) {
	server, err := Start(context.Background(), Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(server.process.pid())
	select {}
}

func TestDiesWithItsParent(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), "PGSERVER_TEST_PARENT="+dir)
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(output).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("parent says %q", line)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	if runtime.GOOS == "linux" {
		data := filepath.Join(dir, dataName)
		for deadline := time.Now().Add(20 * time.Second); isServer(pid, data); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d lives on", pid)
			}
		}
	}
	start(t, Config{Dir: dir})
}
