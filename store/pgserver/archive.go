package pgserver

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	archiveHome  = "https://repo1.maven.org/maven2"
	archiveGroup = "io/zonky/test/postgres"
	fetchWait    = 10 * time.Minute

	howToInstall = "Debian and Ubuntu: apt install postgresql; Fedora: dnf install postgresql-server; Alpine: apk add postgresql; macOS: brew install postgresql@18"
)

// archive is one PostgreSQL, built for several platforms.
type archive struct {
	version string
	major   int
	builds  map[string]build // by Go's names of the platform
}

// build is pinned by the SHA-256 of its jar. On Linux it needs glibc.
type build struct {
	name, sum string
	megabytes int
}

// archives are the newest PostgreSQL and the oldest that the SQL runs on.
var archives = []archive{
	{"18.6.0", 18, map[string]build{
		"linux/amd64":  {"linux-amd64", "008ee189eaa7ca2b58bd01dd950291e638b998392cf982297acd4779ec898ac1", 15},
		"linux/arm64":  {"linux-arm64v8", "5f54e016723afa6213925a8acb939bac52944b1d348f65c7a20f0cd2928c31be", 14},
		"darwin/amd64": {"darwin-amd64", "690941008aac9ee360820fde9bb7870a4f3dcac5e9e2f9e45e42333a436ad0f9", 71},
		"darwin/arm64": {"darwin-arm64v8", "8f6ed6f38195b50a40712ada8b2a12060b6193c1a6977a6eb5cff053bb5a1b89", 71},
	}},
	{"15.19.0", oldest, map[string]build{
		"linux/amd64":  {"linux-amd64", "95f0b66fe72d4ca66c815773c44cb1196ea38552463e89a35f18114b3ed1565f", 15},
		"linux/arm64":  {"linux-arm64v8", "95baf4bd4af31b91b3050118df59388ed0064756b556b850669e0300aa7b9911", 14},
		"darwin/amd64": {"darwin-amd64", "11d0a55e26f4c74c6ea6c72c5e4e6ac959b29a06cc6da5e5ac8162f9fd9f8055", 61},
		"darwin/arm64": {"darwin-arm64v8", "9bfc44d3f50298bb14fa125da4b67a36f382f8134ab2fc95349b72bcd5ec4e87", 61},
	}},
}

// fetchArchive returns the unpacked archive from the cache, and brings it there
// when it is not. PG_ARCHIVE_URL names another Maven repository.
func fetchArchive(ctx context.Context, of archive, a *account, logger *slog.Logger) (binaries, error) {
	cache, err := cacheDir(a)
	if err != nil {
		return binaries{}, fmt.Errorf("cache for PostgreSQL: %w", err)
	}
	source := archiveSource{archive: of, home: strings.TrimRight(cmp.Or(os.Getenv("PG_ARCHIVE_URL"), archiveHome), "/"), cache: cache, logger: logger}
	return source.binaries(ctx)
}

// cacheDir is the user's cache, or for root a place that the server's account
// can read.
func cacheDir(a *account) (string, error) {
	if a != nil {
		return "/var/cache/payload-tracker", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "payload-tracker"), err
}

// archiveSource brings an archive from a Maven repository into a folder.
type archiveSource struct {
	archive
	home, cache string
	logger      *slog.Logger
}

func (s archiveSource) binaries(ctx context.Context) (binaries, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	build, known := s.builds[platform]
	if !known || !hasGlibc() {
		return binaries{}, fmt.Errorf("no PostgreSQL %d or newer is on this machine and there is no archive for it (%s): install one (%s)",
			oldest, platform, howToInstall)
	}
	dir := filepath.Join(s.cache, "postgresql-"+s.version+"-"+build.name)
	done := binaries{dir: filepath.Join(dir, "bin"), major: s.major}
	if exists(dir) {
		return done, nil
	}
	unlock, err := lockCache(s.cache)
	if err != nil {
		return binaries{}, fmt.Errorf("cache for PostgreSQL: %w", err)
	}
	defer unlock()
	if exists(dir) { // another process brought it while we waited
		return done, nil
	}
	artifact := "embedded-postgres-binaries-" + build.name
	url := strings.Join([]string{s.home, archiveGroup, artifact, s.version, artifact + "-" + s.version + ".jar"}, "/")
	s.logger.InfoContext(ctx, "fetching PostgreSQL", slog.String("version", s.version),
		slog.Int("megabytes", build.megabytes), slog.String("url", url))
	if err := s.install(ctx, url, build.sum, dir); err != nil {
		return binaries{}, fmt.Errorf("no PostgreSQL %d or newer is on this machine and its archive could not be fetched: %w; "+
			"install PostgreSQL (%s) or set PG_ARCHIVE_URL to a Maven repository that can be reached", oldest, err, howToInstall)
	}
	return done, nil
}

// hasGlibc is false on Alpine and its like; elsewhere than on Linux it does
// not matter.
func hasGlibc() bool {
	loaders, _ := filepath.Glob("/lib*/ld-linux*")
	return runtime.GOOS != "linux" || len(loaders) > 0
}

// install leaves dir whole or not there at all.
func (s archiveSource) install(ctx context.Context, url, sum, dir string) error {
	jar, err := os.CreateTemp(s.cache, "archive-")
	if err != nil {
		return err
	}
	defer func() {
		_ = jar.Close()
		_ = os.Remove(jar.Name())
	}()
	if err := download(ctx, url, sum, jar); err != nil {
		return err
	}
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := unpackJar(jar.Name(), unfinished); err != nil {
		return fmt.Errorf("unpack %s: %w", url, err)
	}
	return os.Rename(unfinished, dir)
}

func download(ctx context.Context, url, sum string, to io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections() // one fetch in the life of a process
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to, hash), io.LimitReader(answer.Body, 200<<20)); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != sum {
		return fmt.Errorf("%s has SHA-256 %s, not the pinned %s", url, got, sum)
	}
	return nil
}

// lockCache makes the folder and lets one process at a time fetch into it.
func lockCache(dir string) (unlock func(), err error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return func() { _ = lock.Close() }, nil
}

// unpackJar unpacks the one .txz in the jar into dir.
func unpackJar(jar, dir string) error {
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }()
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, ".txz") {
			continue
		}
		packed, err := file.Open()
		if err != nil {
			return err
		}
		return unpack(packed, dir)
	}
	return fmt.Errorf("no .txz in it")
}
