package pgserver

import (
	"archive/tar"
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

func TestArchiveThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"missing": {http.NotFound, "404 Not Found"},
		"changed": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("other")) }, "not the pinned"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			defer server.Close()
			source := archiveSource{archive: archives[0], home: server.URL, cache: filepath.Join(t.TempDir(), "cache"), logger: slog.New(slog.DiscardHandler)}
			_, err := source.binaries(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "apt install postgresql") {
				t.Errorf("says %v", err)
			}
			left, _ := os.ReadDir(source.cache)
			if len(left) != 1 || left[0].Name() != lockName {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func pack(t *testing.T, entries ...tar.Header) io.ReadCloser {
	t.Helper()
	var packed bytes.Buffer
	compressed, err := xz.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(compressed)
	for _, entry := range entries {
		if entry.Typeflag == tar.TypeReg {
			entry.Size = int64(len(entry.Name))
		}
		if err := archive.WriteHeader(&entry); err != nil {
			t.Fatal(err)
		}
		if entry.Typeflag == tar.TypeReg {
			_, _ = io.WriteString(archive, entry.Name)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return io.NopCloser(&packed)
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	err := unpack(pack(t,
		tar.Header{Name: "./bin/", Typeflag: tar.TypeDir, Mode: 0o700},
		tar.Header{Name: "./bin/run", Typeflag: tar.TypeReg, Mode: 0o700},
		tar.Header{Name: "lib/deep/data", Typeflag: tar.TypeReg, Mode: 0o600},
		tar.Header{Name: "lib/link", Typeflag: tar.TypeSymlink, Linkname: "deep/data"},
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{"bin": 0o755, "bin/run": 0o755, "lib/deep": 0o755, "lib/deep/data": 0o644, "lib/link": 0o644} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

func TestUnpackStaysInside(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]tar.Header{
		"above":    {{Name: "../evil", Typeflag: tar.TypeReg, Mode: 0o600}},
		"absolute": {{Name: "/tmp/evil", Typeflag: tar.TypeReg, Mode: 0o600}},
		"by link":  {{Name: "out", Typeflag: tar.TypeSymlink, Linkname: ".."}, {Name: "out/evil", Typeflag: tar.TypeReg, Mode: 0o600}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			above := t.TempDir()
			if err := unpack(pack(t, entries...), filepath.Join(above, "made")); err == nil {
				t.Error("unpacked")
			}
			if exists(filepath.Join(above, "evil")) {
				t.Error("written outside")
			}
		})
	}
}

func TestReaches(t *testing.T) {
	t.Parallel()
	open := t.TempDir()
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(open, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(closed, filepath.Join(open, "link")); err != nil {
		t.Fatal(err)
	}
	stranger := &account{uid: uint32(os.Getuid()) + 1, gid: uint32(os.Getgid()) + 1}
	owner := &account{uid: uint32(os.Getuid()), gid: uint32(os.Getgid())}
	if stranger.reaches(filepath.Join(closed, "in", "it")) || stranger.reaches(filepath.Join(open, "link")) {
		t.Error("a stranger enters a closed folder")
	}
	if !owner.reaches(filepath.Join(closed, "in", "it")) {
		t.Error("the owner does not enter")
	}
	var self *account
	if !self.reaches(closed) {
		t.Error("we do not enter")
	}
	elsewhere, err := place(filepath.Join(closed, "postgres"), stranger)
	if err != nil || filepath.Dir(elsewhere) != "/var/tmp" {
		t.Errorf("placed at %s: %v", elsewhere, err)
	}
}
