package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// What a page may load: this host alone, and no script or style written into it.
// The data: pictures are arrows and the like inside PatternFly's style sheets.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// The playground's editor (Monaco) writes style elements and starts workers. Scripts come from this host alone there too.
const playgroundPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset is one file of the build with its compressed forms; gzip and brotli are nil where they would not be smaller.
type asset struct {
	name         string
	contentType  string
	plain        []byte
	gzip, brotli []byte
	tag          string // the content's hash, as an ETag without quotes
}

func readAssets(files fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		if ext := path.Ext(name); ext == ".gz" || ext == ".br" {
			return nil // read with the file it is a form of
		}
		read, err := readAsset(files, name)
		if err != nil {
			return err
		}
		assets[name] = read
		return nil
	})
	return assets, err
}

func readAsset(files fs.FS, name string) (*asset, error) {
	plain, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	a := newAsset(name, plain)
	if packed, err := fs.ReadFile(files, name+".gz"); err == nil {
		a.gzip = packed
	}
	if packed, err := fs.ReadFile(files, name+".br"); err == nil {
		a.brotli = packed
	}
	return a, nil
}

func newAsset(name string, plain []byte) *asset {
	sum := sha256.Sum256(plain)
	return &asset{name: name, contentType: contentType(name), plain: plain, tag: hex.EncodeToString(sum[:8])}
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Add("Vary", "Accept-Encoding")
	if strings.HasPrefix(a.name, "assets/") { // Vite puts the hash into these names
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		header.Set("Cache-Control", "no-cache")
	}
	if strings.HasSuffix(a.name, ".html") {
		header.Set("Content-Security-Policy", policy(a.name))
		header.Set("Referrer-Policy", "no-referrer")
	}
	body, coding := a.body(r)
	tag := `"` + a.tag + `"`
	if coding != "" {
		tag = `"` + a.tag + "-" + coding + `"`
	}
	header.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if coding != "" {
		header.Set("Content-Encoding", coding)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the caller has gone: nobody to tell
}

// body is the smallest form that the client takes, and its content coding ("" for none).
func (a *asset) body(r *http.Request) ([]byte, string) {
	switch {
	case a.brotli != nil && accepts(r, "br"):
		return a.brotli, "br"
	case a.gzip != nil && accepts(r, "gzip"):
		return a.gzip, "gzip"
	}
	return a.plain, ""
}

func policy(name string) string {
	if strings.HasPrefix(name, "playground/") {
		return playgroundPolicy
	}
	return pagePolicy
}
