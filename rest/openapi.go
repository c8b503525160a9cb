package rest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
)

// document describes the routes. A test walks it against the running service, in both directions.
//
//go:embed openapi.json
var document []byte

//go:embed docs.html
var docsPage string

func (h *handler) openAPI(w http.ResponseWriter, _ *http.Request, _ url.Values) error {
	w.Header().Set("Content-Type", mediaJSON)
	_, _ = w.Write(document) // the caller has gone: nobody to tell
	return nil
}

// docs answers with the document as a page. It has no script, and nothing of it comes from elsewhere.
func (h *handler) docs(w http.ResponseWriter, _ *http.Request, _ url.Values) error {
	page, err := readable()
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(page)
	return nil
}

// openAPI is as much of OpenAPI as the page shows.
type openAPI struct {
	OpenAPI string
	Info    struct{ Title, Description string }
	Paths   map[string]struct{ Get operation }

	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
	}
	Routes []operation `json:"-"` // in the order of their paths
}

type operation struct {
	ID                   string `json:"operationId"`
	Path                 string `json:"-"`
	Summary, Description string
	Parameters           []parameter
	Responses            map[string]response
	Answers              []response `json:"-"` // by status
}

type parameter struct {
	Ref                   string `json:"$ref"`
	Name, In, Description string
	Schema                schema
}

type schema struct {
	Type, Format string
	Enum         []any
	Default      any
}

// Values says what a parameter may be.
func (s schema) Values() string {
	text := s.Type
	if s.Format != "" {
		text = s.Format
	}
	var words []string
	for _, value := range s.Enum {
		words = append(words, fmt.Sprint(value))
	}
	if len(words) > 0 {
		text = strings.Join(words, ", ")
	}
	if s.Default != nil {
		text += fmt.Sprintf(" (%v when absent)", s.Default)
	}
	return text
}

type response struct {
	Ref         string `json:"$ref"`
	Status      string `json:"-"`
	Description string
	Content     map[string]struct{ Example json.RawMessage }
}

// Types are the media types of an answer.
func (r response) Types() []string { return slices.Sorted(maps.Keys(r.Content)) }

// Example is one of the answers, if the document has one.
func (r response) Example() string {
	for _, media := range r.Types() {
		if example := r.Content[media].Example; len(example) > 0 {
			var compact bytes.Buffer
			_ = json.Compact(&compact, example) // it was read as JSON
			return compact.String()
		}
	}
	return ""
}

// readable is the document as a page, made once.
var readable = sync.OnceValues(func() ([]byte, error) {
	var d openAPI
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	for _, at := range slices.Sorted(maps.Keys(d.Paths)) {
		o := d.Paths[at].Get
		o.Path = at
		for i, p := range o.Parameters {
			if p.Ref != "" {
				o.Parameters[i] = d.Components.Parameters[path.Base(p.Ref)]
			}
		}
		for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
			r := o.Responses[status]
			if r.Ref != "" {
				r = d.Components.Responses[path.Base(r.Ref)]
			}
			r.Status = status
			o.Answers = append(o.Answers, r)
		}
		d.Routes = append(d.Routes, o)
	}
	page, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, fmt.Errorf("read the page of the OpenAPI document: %w", err)
	}
	var text bytes.Buffer
	if err := page.Execute(&text, d); err != nil {
		return nil, fmt.Errorf("write the page of the OpenAPI document: %w", err)
	}
	return text.Bytes(), nil
})
