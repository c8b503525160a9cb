package pgserver

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

const oldest = 15 // major version that the SQL needs at least

// binaries is a folder with the programs of one PostgreSQL.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// places are where packages put the server besides PATH: Debian and Ubuntu,
// Red Hat's and PostgreSQL's own RPMs, Alpine, Homebrew, Postgres.app.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/lib64/pgsql/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	"/usr/local/pgsql/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// find returns the newest binaries on the machine, else those of the archive.
// wanted is "", a major version, or "archive".
func find(ctx context.Context, wanted string, a *account, logger *slog.Logger) (binaries, error) {
	if wanted == "archive" {
		return fetchArchive(ctx, archives[0], a, logger)
	}
	major := 0
	if wanted != "" {
		var err error
		if major, err = strconv.Atoi(wanted); err != nil || major < oldest {
			return binaries{}, fmt.Errorf("PostgreSQL version %q: say a major version from %d on, or archive", wanted, oldest)
		}
	}
	found := installed(ctx, a)
	found = slices.DeleteFunc(found, func(b binaries) bool { return major != 0 && b.major != major })
	if len(found) > 0 {
		return slices.MaxFunc(found, func(a, b binaries) int { return cmp.Compare(a.major, b.major) }), nil
	}
	for _, archive := range archives {
		if major == 0 || major == archive.major {
			return fetchArchive(ctx, archive, a, logger)
		}
	}
	return binaries{}, fmt.Errorf("PostgreSQL %d is not on this machine: install it (%s)", major, howToInstall)
}

// installed lists the usable servers on this machine: new enough, with initdb
// beside, and within the account's reach.
func installed(ctx context.Context, a *account) []binaries {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, place := range places {
		found, _ := filepath.Glob(place) // fails for a bad pattern only
		dirs = append(dirs, found...)
	}
	var list []binaries
	for _, dir := range dirs {
		if !exists(filepath.Join(dir, "initdb")) || !a.reaches(dir) {
			continue
		}
		major, err := majorVersion(ctx, filepath.Join(dir, "postgres"))
		if err == nil && major >= oldest {
			list = append(list, binaries{dir: dir, major: major})
		}
	}
	return list
}

var versionText = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

func majorVersion(ctx context.Context, postgres string) (int, error) {
	output, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		return 0, err
	}
	match := versionText.FindSubmatch(output)
	if match == nil {
		return 0, fmt.Errorf("%s --version says %q", postgres, output)
	}
	return strconv.Atoi(string(match[1]))
}
