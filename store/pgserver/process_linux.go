package pgserver

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// attributes keep a terminal's Ctrl-C away from the server, so that whoever
// started it decides when it stops, and end it when this process dies, even
// by kill -9.
func attributes(a *account, fast bool) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	if fast {
		attributes.Pdeathsig = syscall.SIGQUIT // nothing there is worth a clean end
	}
	if a != nil {
		attributes.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attributes
}

// isServer tells whether a process is a PostgreSQL on this data: a server
// works in its data folder.
func isServer(pid int, data string) bool {
	dir, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	if err != nil {
		return false
	}
	data, err = filepath.EvalSymlinks(data)
	return err == nil && dir == data
}
