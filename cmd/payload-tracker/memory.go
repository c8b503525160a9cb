package main

import (
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryShare of what the process may use is Go's soft limit: near it garbage is collected more often. The rest is for
// what Go does not count.
const memoryShare = 0.85

// limitMemory sets Go's soft memory limit by what the container or the machine has, unless GOMEMLIMIT says it. It
// returns the limit; 0 when it was left as it is.
func limitMemory(env lookup) int64 {
	if value, _ := env("GOMEMLIMIT"); value != "" {
		return 0 // the runtime has read it
	}
	available := availableMemory("/")
	if available == math.MaxInt64 {
		return 0
	}
	limit := int64(memoryShare * float64(available))
	debug.SetMemoryLimit(limit)
	return limit
}

// A consumer's garbage is batches of megabytes. Collected at three quarters of what is in use, rather than at as much
// again, they take a tenth less memory for a twelfth more processor time (docs/benchmarks.md).
const consumerGarbage = 75

// collectOften is for a process that takes events in, unless GOGC says how often.
func collectOften(env lookup) {
	if value, _ := env("GOGC"); value == "" {
		debug.SetGCPercent(consumerGarbage)
	}
}

// availableMemory is the least of the machine's memory and the limits of the process's control groups, version 2 or 1,
// below root; MaxInt64 where neither is known.
func availableMemory(root string) int64 {
	least := machineMemory(path.Join(root, "proc/meminfo"))
	groups, _ := os.ReadFile(path.Join(root, "proc/self/cgroup"))
	for line := range strings.Lines(string(groups)) {
		// 0::/path, or 4:memory:/path in version 1.
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[1] == "":
			least = min(least, groupMemory(path.Join(root, "sys/fs/cgroup"), parts[2], "memory.max"))
		case strings.Contains(","+parts[1]+",", ",memory,"):
			least = min(least, groupMemory(path.Join(root, "sys/fs/cgroup/memory"), parts[2], "memory.limit_in_bytes"))
		}
	}
	return least
}

// groupMemory is the least limit of a group and those above it. In a container the group's own path may lie outside of
// what is mounted: then the mount's root is the group.
func groupMemory(mount, group, file string) int64 {
	least := int64(math.MaxInt64)
	for dir := path.Join("/", group); ; dir = path.Dir(dir) {
		// Version 1 says "none" by a number near MaxInt64, version 2 by "max".
		text, _ := os.ReadFile(path.Join(mount, dir, file))
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && limit > 0 {
			least = min(least, limit)
		}
		if dir == "/" {
			return least
		}
	}
}

func machineMemory(file string) int64 {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "MemTotal:"); found {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	return math.MaxInt64
}
