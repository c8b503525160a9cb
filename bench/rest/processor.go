package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processor is the processor time that was used so far, in user and kernel, by this program and by those it started.
// Where others share the machine it says more of the cost of a request than the time that passed.
type processor struct{ load, serve, database time.Duration }

func (p processor) since(earlier processor, requests int) string {
	each := func(now, before time.Duration) int64 { return (now - before).Microseconds() / int64(max(requests, 1)) }
	return fmt.Sprintf("%d µs, %d µs, %d µs", each(p.serve, earlier.serve), each(p.database, earlier.database), each(p.load, earlier.load))
}

// processorTime reads it; serve is that process's id.
func processorTime(serve int) (p processor) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The second field is the name in brackets; the twelfth and thirteenth after it are ticks of 10 ms.
		fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
		user, _ := strconv.ParseInt(fields[11], 10, 64)
		kernel, _ := strconv.ParseInt(fields[12], 10, 64)
		used := time.Duration(user+kernel) * 10 * time.Millisecond
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		switch {
		case id == os.Getpid():
			p.load += used
		case id == serve:
			p.serve += used
		case bytes.Contains(content, []byte("(postgres)")) && startedHere(fields[1]):
			p.database += used
		}
	}
	return p
}

// startedHere tells whether a process, or the one that started it, was started by this program.
func startedHere(parent string) bool {
	if parent == strconv.Itoa(os.Getpid()) {
		return true
	}
	content, err := os.ReadFile("/proc/" + parent + "/stat")
	if err != nil {
		return false
	}
	return strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))[1] == strconv.Itoa(os.Getpid())
}
