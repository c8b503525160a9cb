package pgserver

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	old := time.Now().Add(-time.Hour)
	left := func(name string, changed time.Time) *os.File {
		dir := filepath.Join(parent, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		lock, err := os.Create(filepath.Join(dir, lockName))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = lock.Close() })
		if err := os.Chtimes(lock.Name(), changed, changed); err != nil {
			t.Fatal(err)
		}
		return lock
	}
	held := left(temporaryPattern+"held", old)
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	left(temporaryPattern+"dead", old)
	left(temporaryPattern+"young", time.Now())
	left("another", old)
	sweep(parent)
	for name, there := range map[string]bool{temporaryPattern + "held": true, temporaryPattern + "dead": false, temporaryPattern + "young": true, "another": true} {
		if exists(filepath.Join(parent, name)) != there {
			t.Errorf("%s is there: %v", name, !there)
		}
	}
}
