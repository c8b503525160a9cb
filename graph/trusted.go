package graph

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// TrustedDocuments are documents that are known beforehand, by their ids: the
// SHA-256 of their text in hex, and whatever else they are called.
type TrustedDocuments struct {
	byID  map[string]string
	plain map[string]bool // as plainText writes them
	names map[string]bool // of their operations
}

// text is the document of an id, which may say how it was made
// ("sha256:…"); "" for none.
func (d *TrustedDocuments) text(id string) string {
	if text := d.byID[id]; text != "" {
		return text
	}
	return d.byID[strings.TrimPrefix(id, "sha256:")]
}

// knows tells whether a text is that of a trusted document, however it is
// spaced: clients print what they have parsed.
func (d *TrustedDocuments) knows(text string, tokens int) bool {
	if d.byID[hashOf(text)] != "" {
		return true
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, tokens)
	return err == nil && d.plain[plainText(doc)]
}

// plainText is a document in the one way to write it.
func plainText(doc *ast.QueryDocument) string {
	sorted := *doc
	sorted.Fragments = slices.Clone(doc.Fragments)
	slices.SortFunc(sorted.Fragments, func(a, b *ast.FragmentDefinition) int { return strings.Compare(a.Name, b.Name) })
	var text strings.Builder
	formatter.NewFormatter(&text).FormatQueryDocument(&sorted)
	return text.String()
}

// nameOf is an operation's name, when one of the documents has it: a metric
// must not take any name that anybody sends.
func (d *TrustedDocuments) nameOf(operation *graphql.OperationContext) string {
	if !d.names[operation.Operation.Name] {
		return ""
	}
	return operation.Operation.Name
}

// Len is how many ids there are.
func (d *TrustedDocuments) Len() int { return len(d.byID) }

// ReadDocuments adds the documents of a folder: each .graphql file is one, each
// .json file a manifest of many: {"id": "text"} as graphql-codegen and the
// Relay compiler write it, or Apollo's with a list of operations. One that the
// schema does not know is an error: its clients would find out.
func (d *TrustedDocuments) ReadDocuments(folder fs.FS) error {
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".graphql", ".gql":
			err = d.add("", string(content))
		case ".json":
			err = d.addManifest(content)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

func (d *TrustedDocuments) addManifest(content []byte) error {
	var apollo struct {
		Operations []struct{ ID, Body string }
	}
	texts := map[string]string{}
	if json.Unmarshal(content, &apollo) == nil && len(apollo.Operations) > 0 {
		for _, operation := range apollo.Operations {
			texts[operation.ID] = operation.Body
		}
	} else if err := json.Unmarshal(content, &texts); err != nil {
		return fmt.Errorf("is no manifest of documents: %w", err)
	}
	for id, text := range texts {
		if err := d.add(id, text); err != nil {
			return fmt.Errorf("document %s: %w", id, err)
		}
	}
	return nil
}

func (d *TrustedDocuments) add(id, text string) error {
	doc, errs := gqlparser.LoadQueryWithRules(knownSchema(), text, nil)
	if len(errs) > 0 {
		return errs[0]
	}
	if d.byID == nil {
		d.byID, d.plain, d.names = map[string]string{}, map[string]bool{}, map[string]bool{}
	}
	for _, operation := range doc.Operations {
		d.names[operation.Name] = true
	}
	d.plain[plainText(doc)] = true
	d.byID[hashOf(text)] = text
	if id != "" {
		d.byID[strings.TrimPrefix(id, "sha256:")] = text
	}
	return nil
}
