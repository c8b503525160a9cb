package sample

import (
	"fmt"
	"strconv"
	"strings"
)

var words = []string{
	"kernel", "samba", "openssl", "bond", "cgroup", "vdo", "sssd", "selinux", "tuned", "nfs", "dnf", "podman", "ceph",
}

var agents = []string{"insights-client/3.2.8", "insights-client/3.5.1", "rhc-worker-playbook/0.1.9", "curl/8.6.0"}

var packages = []string{"vim minimal-8.2", "openssl-libs-1.1.1k-12.el8_9", "kernel", "python3.11-3.11", "glibc 2.28"}

// text picks one of the texts and fills it; "" of none.
func (w *way) text(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return w.fill(texts[w.generator.random.IntN(len(texts))])
}

// fill replaces what stands in braces by something that differs from journey to journey.
func (w *way) fill(text string) string {
	var filled strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		filled.WriteString(before)
		if !found {
			return filled.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		filled.WriteString(w.detail(name))
		text = after
	}
}

func (w *way) detail(name string) string {
	g := w.generator
	switch name {
	case "n":
		return strconv.Itoa(2 + g.random.IntN(1<<(2+g.random.IntN(20))))
	case "ip":
		return fmt.Sprintf("10.%d.%d.%d", g.random.IntN(256), g.random.IntN(256), 1+g.random.IntN(254))
	case "host":
		return fmt.Sprintf("%s-%02d.prod.example.net", words[g.random.IntN(len(words))], g.random.IntN(40))
	case "path":
		return fmt.Sprintf("/var/tmp/%08x/insights.tar.gz", g.random.Uint32())
	case "uuid":
		return dashed(g.uuid())
	case "org":
		return w.customer.org
	case "package":
		return packages[g.random.IntN(len(packages))]
	case "agent":
		return agents[g.random.IntN(len(agents))]
	case "WORD":
		return strings.ToUpper(words[g.random.IntN(len(words))])
	default:
		return words[g.random.IntN(len(words))]
	}
}
