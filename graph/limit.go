package graph

import (
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits bound what one request may ask. Zero takes the default.
type Limits struct {
	RequestBytes int64         // of a body; default 1 MiB
	Tokens       int           // of a document; default 10,000
	Depth        int           // fields within fields; default 20, which the schema's own introspection needs
	Complexity   int           // fields of the answer, by page size; default 100,000
	Aliases      int           // of a document; default 50
	Directives   int           // of a document; default 50
	RootFields   int           // of an operation; default 20
	Errors       int           // of an answer; default 10
	AnswerBytes  int           // of an answer's data; default 32 MiB
	HeldBytes    int64         // of all questions under way, and answers that are not taken yet; default 64 MiB
	Concurrent   int           // questions worked on at a time; default 100
	Deadline     time.Duration // of a question, its SQL included; default 5 s
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.RequestBytes, 1<<20)
	setDefault(&l.Tokens, 10_000)
	setDefault(&l.Depth, 20)
	setDefault(&l.Complexity, 100_000)
	setDefault(&l.Aliases, 50)
	setDefault(&l.Directives, 50)
	setDefault(&l.RootFields, 20)
	setDefault(&l.Errors, 10)
	setDefault(&l.AnswerBytes, 32<<20)
	setDefault(&l.HeldBytes, 64<<20)
	setDefault(&l.Concurrent, 100)
	setDefault(&l.Deadline, 5*time.Second)
	return l
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

// count checks what can be counted without understanding the document: it
// comes before validation, which would write an error for each.
func (l Limits) count(doc *ast.QueryDocument) *gqlerror.Error {
	c := counter{names: map[string]int{}}
	for _, o := range doc.Operations {
		c.directives += len(o.Directives)
		for _, v := range o.VariableDefinitions {
			c.directives += len(v.Directives)
		}
		c.add(o.SelectionSet)
	}
	for _, f := range doc.Fragments {
		c.directives += len(f.Directives)
		c.add(f.SelectionSet)
	}
	switch {
	case c.aliases > l.Aliases:
		return tooMany("aliases", l.Aliases)
	case c.directives > l.Directives:
		return tooMany("directives", l.Directives)
	}
	for _, n := range c.names {
		if n > maxRepeats {
			return tooMany("fields of one name", maxRepeats)
		}
	}
	return nil
}

func tooMany(what string, most int) *gqlerror.Error {
	return codedf(codeComplexityLimit, "the question has too many %s: at most %d", what, most)
}

// maxRepeats bounds how often a document names one field: validation compares
// them all in pairs. Nine thousand took nine seconds, two hundred some tens of
// milliseconds.
const maxRepeats = 200

type counter struct {
	aliases, directives int
	names               map[string]int // of fields in the answer
}

func (c *counter) add(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Alias != s.Name {
				c.aliases++
			}
			c.names[s.Alias]++
			c.directives += len(s.Directives)
			c.add(s.SelectionSet)
		case *ast.InlineFragment:
			c.directives += len(s.Directives)
			c.add(s.SelectionSet)
		case *ast.FragmentSpread:
			c.directives += len(s.Directives)
		}
	}
}
