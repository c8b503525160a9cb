package pgserver

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	temporaryPattern = "payload-tracker-postgres-"
	ramDir           = "/dev/shm"
	ramNeeded        = 1 << 30 // bytes; containers often have 64 MB of it
)

// temporaryDir makes a folder for data that nobody keeps, in RAM when speed is
// wanted and there is enough of it. Folders that killed processes left behind
// go first.
func temporaryDir(fast bool) (string, error) {
	parent := os.TempDir()
	if fast && freeBytes(ramDir) >= ramNeeded {
		parent = ramDir
	}
	sweep(parent)
	return os.MkdirTemp(parent, temporaryPattern)
}

// sweep removes the folders whose lock no living process holds. A young one
// may be about to be locked.
func sweep(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, temporaryPattern+"*", lockName))
	for _, path := range left {
		lock, err := os.Open(path)
		if err != nil {
			continue // another account's
		}
		info, err := lock.Stat()
		if err == nil && time.Since(info.ModTime()) > time.Minute &&
			syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = lock.Close()
	}
}

func freeBytes(dir string) uint64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0
	}
	return stat.Bavail * uint64(stat.Bsize)
}
