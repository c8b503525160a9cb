package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
)

func TestAvailableMemoryIsTheLeastLimit(t *testing.T) {
	t.Parallel()
	const machine = "MemTotal:        1024000 kB\nMemFree:  5 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing known":       {nil, math.MaxInt64},
		"a machine":           {map[string]string{"proc/meminfo": machine}, 1024000 << 10},
		"a pod, version 2":    {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		"version 2, no limit": {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n"}, 1024000 << 10},
		"the group above": {map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "536870912\n", "sys/fs/cgroup/a/memory.max": "268435456\n",
		}, 256 << 20},
		"a path outside of the mount": {map[string]string{"proc/self/cgroup": "0::/../x\n", "sys/fs/cgroup/memory.max": "268435456\n"}, 256 << 20},
		"version 1": {map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/c\n4:memory:/docker/x\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n",
			"sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "9223372036854771712\n",
		}, 256 << 20},
		"more than the machine has": {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912000\n"}, 1024000 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for name, content := range c.files {
				file := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := availableMemory(root); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestMemoryIsLimitedUnlessTheEnvironmentSays(t *testing.T) { //nolint:paralleltest // the limit is the process's
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	if got := limitMemory(from(map[string]string{"GOMEMLIMIT": "100MiB"})); got != 0 || debug.SetMemoryLimit(-1) != before {
		t.Errorf("set to %d", got)
	}
	available := availableMemory("/")
	got := limitMemory(from(nil))
	if got != debug.SetMemoryLimit(-1) || got <= 0 || got >= available {
		t.Errorf("set to %d of %d, is %d", got, available, debug.SetMemoryLimit(-1))
	}
}

func TestAConsumerCollectsOftenUnlessTheEnvironmentSays(t *testing.T) { //nolint:paralleltest // the percentage is the process's
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	collectOften(from(map[string]string{"GOGC": "100"}))
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("set to %d against GOGC", got)
	}
	collectOften(from(nil))
	if got := debug.SetGCPercent(100); got != consumerGarbage {
		t.Errorf("set to %d, want %d", got, consumerGarbage)
	}
}
