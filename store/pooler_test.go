package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// pooled starts PgBouncer in transaction mode before a database, with two
// connections for all, and gives the way through it.
func pooled(t *testing.T, dsn string) string {
	t.Helper()
	bouncer, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("pgbouncer is not there: install it (Debian: apt-get install pgbouncer)")
	}
	to, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := to.User.Password()
	port := freePort(t)
	dir, err := os.MkdirTemp("/tmp", "payload-tracker-pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	settings := filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
* = host=%s port=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
server_reset_query_always = 0
ignore_startup_parameters = jit,idle_in_transaction_session_timeout
`, to.Hostname(), to.Port(), to.User.Username(), password, port)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	arguments := []string{settings}
	if me, err := user.Current(); err == nil && me.Uid == "0" {
		arguments = append(arguments, "--user=nobody") // it refuses to be root
	}
	var log bytes.Buffer
	cmd := exec.Command(bouncer, arguments...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	address := net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			to.Host, to.User = address, url.User(to.User.Username())
			return to.String()
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("pgbouncer does not answer")
	return ""
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// All that a process does goes on when each transaction may have another
// connection: migrating, taking in from several sides, reading in every way,
// hearing of changes.
func TestThroughAPooler(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	through := pooled(t, dsn)
	on := func(c *store.Config) { c.DSN, c.ListenDSN = through, dsn }
	s := storetest.New(t, on)
	if err := s.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	ear := listen(t, through, on)
	ear.hear(ofAll)
	var work sync.WaitGroup
	for partition := range 3 {
		f := newFeeder(t, storetest.New(t, on), int32(partition))
		work.Go(func() {
			for n := range 40 {
				f.feed(event(n+1, []string{"ingress", "puptoo", "inventory"}[partition], "success", time.Duration(partition)*time.Second))
			}
		})
	}
	var reads sync.WaitGroup
	for range 4 {
		reads.Go(func() {
			for n := range 80 {
				id := requestID(n%40 + 1)
				_, _, trackErr := s.Track(t.Context(), id)
				p, err := s.Payload(t.Context(), store.PayloadKey{RequestID: &id})
				_, listErr := s.Payloads(t.Context(), store.PayloadFilter{Service: &store.Text{Eq: new("puptoo")}}, store.PayloadOrder{}, store.Page{})
				var eventsErr error
				if p != nil {
					_, eventsErr = s.Events(t.Context(), p)
				}
				if err := errors.Join(trackErr, err, listErr, eventsErr); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	work.Wait()
	reads.Wait()
	if err := s.FoldRollups(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.ApplyRules(t.Context(), payload.DefaultRules(), nil); err != nil {
		t.Error(err)
	}
	for n := range 40 {
		p := payloadOf(t, s, n+1)
		if got := len(p.Journey.Stages()); got != 3 {
			t.Errorf("payload %d has %d stages", n+1, got)
		}
	}
	ear.hear(ofChanges)
}
