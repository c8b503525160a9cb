// Package web serves the page: the React application as Vite built it into
// dist, compressed at build time and embedded in the binary.
package web

import (
	"bytes"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var dist embed.FS

//go:embed src/gql/documents.json
var documents embed.FS

// Documents is a folder with the manifest of what the page asks.
func Documents() fs.FS {
	folder, err := fs.Sub(documents, "src/gql")
	if err != nil {
		panic(err) // the folder is named in the directive above
	}
	return folder
}

// Config says what of the page is served.
type Config struct {
	Playground bool
}

// Handler serves the page: what Vite built, precompressed where the client takes it.
// An address that no file has is the page's own affair, but only for a navigation;
// a missing script, style or picture is a 404, never the page.
// In a binary built without the page it says how to build it.
func Handler(config Config) http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is named in the directive above
	}
	return newHandler(files, config)
}

type handler struct {
	assets map[string]*asset // by path below dist, without a leading slash
}

func newHandler(files fs.FS, config Config) http.Handler {
	assets, err := readAssets(files)
	if err != nil {
		panic(err) // embedded: it reads, or the binary is broken
	}
	if assets["index.html"] == nil {
		return http.HandlerFunc(serveNotBuilt)
	}
	if !config.Playground {
		withoutPlayground(assets)
	}
	return &handler{assets: assets}
}

// playgroundMark on the page's html element lets it link to the playground.
const playgroundMark = ` data-playground=""`

// withoutPlayground takes the playground away, and the page's link to it.
func withoutPlayground(assets map[string]*asset) {
	for name := range assets {
		if strings.HasPrefix(name, "playground/") {
			delete(assets, name)
		}
	}
	page := assets["index.html"]
	assets[page.name] = newAsset(page.name, bytes.Replace(page.plain, []byte(playgroundMark), nil, 1))
}

func serveNotBuilt(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "The page is not in this binary. Run `make web`, then build again.", http.StatusNotFound)
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.Trim(r.URL.Path, "/")
	found := h.assets[name]
	switch {
	case found != nil:
	case name == "":
		found = h.assets["index.html"]
	case name == "playground": // turned off: no address of the page's own
		found = h.assets["playground/index.html"]
	case h.assets[name+"/index.html"] != nil: // a page of its own: the playground
		found = h.assets[name+"/index.html"]
	case isNavigation(r):
		w.Header().Add("Vary", "Accept")
		found = h.assets["index.html"]
	}
	if found == nil {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	found.serve(w, r)
}

// isNavigation tells a person who opens an address from a page that lacks a file.
func isNavigation(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/html") && path.Ext(r.URL.Path) == ""
}

// accepts tells whether the client takes that content coding; q=0 says no.
func accepts(r *http.Request, coding string) bool {
	for _, value := range r.Header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(value, ",") {
			name, parameters, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(name), coding) {
				continue
			}
			weight, given := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
			q, err := strconv.ParseFloat(weight, 64)
			return !given || err == nil && q > 0
		}
	}
	return false
}

func contentType(name string) string {
	// Not from the machine's table: what a binary serves does not depend on where it runs.
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".ttf":
		return "font/ttf"
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}
