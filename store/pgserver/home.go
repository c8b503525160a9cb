package pgserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	dataName       = "data"
	unfinishedName = "data.unfinished" // initdb works here, so that data is always whole
	passwordName   = "password"
	lockName       = "lock"
)

// home is the server's own folder, held by one process at a time.
type home struct {
	dir       string
	temporary bool
	account   *account
	lock      *os.File
	password  string
}

// openHome makes the folder, takes its lock and stops a server that an
// earlier process left behind there.
func openHome(config Config, a *account) (*home, error) {
	h := &home{account: a, temporary: config.Dir == ""}
	var err error
	if h.temporary {
		h.dir, err = temporaryDir(config.Fast)
	} else {
		h.dir, err = place(config.Dir, a)
	}
	if err != nil {
		return nil, err
	}
	if err := h.claim(); err != nil {
		return nil, errors.Join(fmt.Errorf("folder for PostgreSQL: %w", err), h.close())
	}
	if err := h.stopOrphan(); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// place is where the data of a configured folder lives: there, or under
// /var/tmp when the account cannot reach it (a checkout below /root).
func place(dir string, a *account) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if a.reaches(filepath.Dir(dir)) {
		return dir, nil
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/var/tmp", "payload-tracker-"+hex.EncodeToString(sum[:6])), nil
}

func (h *home) claim() error {
	entries, err := os.ReadDir(h.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) > 0 && !exists(filepath.Join(h.dir, lockName)) {
		return fmt.Errorf("%s holds other files: name an empty folder or one that is not there yet", h.dir)
	}
	if err := makeDir(h.dir); err != nil {
		return err
	}
	// /var/tmp is everybody's: what another account has made there is not ours.
	if err := h.account.trusts(h.dir); err != nil {
		return err
	}
	h.lock, err = os.OpenFile(filepath.Join(h.dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(h.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("%s is in use by another process", h.dir)
	}
	if err := os.Chmod(h.dir, 0o700); err != nil {
		return err
	}
	if err := h.account.own(h.dir); err != nil {
		return err
	}
	if !h.account.reaches(h.dir) {
		return fmt.Errorf("the account nobody, under which PostgreSQL runs, cannot enter %s: name another folder", h.dir)
	}
	return nil
}

func (h *home) data() string { return filepath.Join(h.dir, dataName) }

// version is the major version of the data kept here; 0 when there is none.
func (h *home) version() int {
	text, err := os.ReadFile(filepath.Join(h.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return major
}

// prepare makes the data on a first start and reads the password.
func (h *home) prepare(ctx context.Context, b binaries, fast bool) error {
	secret := filepath.Join(h.dir, passwordName)
	if h.version() == 0 {
		if err := h.initialize(ctx, b, fast, secret); err != nil {
			return fmt.Errorf("make the data of PostgreSQL in %s: %w", h.dir, err)
		}
	}
	text, err := os.ReadFile(secret)
	if err != nil {
		return fmt.Errorf("password of PostgreSQL: %w", err)
	}
	h.password = strings.TrimSpace(string(text))
	return nil
}

func (h *home) initialize(ctx context.Context, b binaries, fast bool, secret string) error {
	unfinished := filepath.Join(h.dir, unfinishedName)
	for _, left := range []string{unfinished, h.data()} {
		if err := os.RemoveAll(left); err != nil {
			return err
		}
	}
	// A password even on 127.0.0.1: others on the machine can connect there.
	if err := os.WriteFile(secret, []byte(rand.Text()+"\n"), 0o600); err != nil {
		return err
	}
	if err := h.account.own(secret); err != nil {
		return err
	}
	arguments := []string{
		"-D", unfinished, "-U", superuser, "--pwfile", secret,
		"--auth", "scram-sha-256", "-E", "UTF8", "--no-instructions",
	}
	arguments = append(arguments, locale(b.major)...)
	if fast {
		arguments = append(arguments, "--no-sync")
	}
	c := command(h.account, true, b.path("initdb"), arguments...)
	output, err := run(ctx, c)
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return os.Rename(unfinished, h.data())
}

// locale sorts by bytes and knows the case of every letter, the same on each
// machine.
func locale(major int) []string {
	switch {
	case major >= 17:
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	case runtime.GOOS == "darwin":
		return []string{"--locale=C", "--lc-ctype=UTF-8"}
	default:
		return []string{"--locale=C.UTF-8"}
	}
}

// ready tells whether the server with this id takes connections, as it says
// in its eighth line.
func (h *home) ready(pid int) bool {
	lines := h.pidLines()
	return len(lines) >= 8 && lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}

func (h *home) pidLines() []string {
	text, err := os.ReadFile(filepath.Join(h.data(), "postmaster.pid"))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// stopOrphan ends a server whose parent died. We hold the lock of the folder,
// so a server in it has no living owner. When the number belongs to some other
// process by now, its file is removed: PostgreSQL would take that process for
// a server. Else PostgreSQL itself checks what the old server left.
func (h *home) stopOrphan() error {
	lines := h.pidLines()
	if lines == nil {
		return nil
	}
	pid, err := strconv.Atoi(lines[0])
	deadline := time.Now().Add(stopWait)
	for err == nil && isServer(pid, h.data()) {
		if time.Now().After(deadline) {
			return fmt.Errorf("a PostgreSQL (process %d) still uses %s and does not stop", pid, h.dir)
		}
		_ = syscall.Kill(pid, syscall.SIGINT)
		time.Sleep(50 * time.Millisecond)
	}
	if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil
	}
	err = os.Remove(filepath.Join(h.data(), "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// close gives the folder back, and removes it when it was temporary.
func (h *home) close() error {
	var err error
	if h.temporary {
		err = os.RemoveAll(h.dir)
	}
	if h.lock != nil {
		err = errors.Join(err, h.lock.Close())
		h.lock = nil
	}
	return err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
