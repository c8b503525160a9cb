package pgserver

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the server runs as; nil is whoever runs this process.
type account struct{ uid, gid uint32 }

// serverAccount is nobody when this process is root, since PostgreSQL refuses
// to run as root.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil // an account as well: our own
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root and there is no account nobody: %w", err)
	}
	// macOS numbers this account -2.
	uid, err := strconv.ParseInt(nobody.Uid, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("account nobody: %w", err)
	}
	gid, err := strconv.ParseInt(nobody.Gid, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("account nobody: %w", err)
	}
	return &account{uid: uint32(uid), gid: uint32(gid)}, nil
}

// own gives a file or folder to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// trusts refuses a folder that somebody else has made: /var/tmp is
// everybody's.
func (a *account) trusts(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner := owner(info)
	if owner != uint32(os.Geteuid()) && (a == nil || owner != a.uid) {
		return fmt.Errorf("%s belongs to another account (%d)", dir, owner)
	}
	return nil
}

// reaches tells whether the account may enter dir and every folder above it,
// as far as they are there.
func (a *account) reaches(dir string) bool {
	if a == nil {
		return true
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for !exists(dir) {
		dir = filepath.Dir(dir)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || !a.enters(info) {
			return false
		}
		above := filepath.Dir(dir)
		if above == dir {
			return true
		}
		dir = above
	}
}

func (a *account) enters(dir fs.FileInfo) bool {
	stat, ok := dir.Sys().(*syscall.Stat_t)
	switch mode := dir.Mode().Perm(); {
	case !ok:
		return false
	case stat.Uid == a.uid:
		return mode&0o100 != 0
	case stat.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

func owner(info fs.FileInfo) uint32 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Uid
	}
	return 0
}
