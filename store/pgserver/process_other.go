//go:build !linux

package pgserver

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// attributes keep a terminal's Ctrl-C away from the server, so that whoever
// started it decides when it stops. A server that outlives a killed parent is
// stopped by the next start on its folder.
func attributes(a *account, _ bool) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		attributes.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attributes
}

// isServer tells whether a process is a PostgreSQL on this data: the folder
// stands among its arguments.
func isServer(pid int, data string) bool {
	output, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output() //nolint:noctx // ends at once
	return err == nil && strings.Contains(string(output), data)
}
