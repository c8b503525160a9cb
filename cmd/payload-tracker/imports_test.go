package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/payload-tracker/payload-tracker"

// allowed says what each of our packages may import of ours, in files that are no tests. A package that is missing
// here fails the test: say where it belongs.
var allowed = map[string][]string{
	"":           {},
	"payload":    {},
	"migrations": {},
	"web":        {},
	"identity":   {},
	"exemplar":   {},

	"payload/sample": {"payload"},
	"rollup":         {"payload"},

	"store":           {"payload", "rollup", "migrations", "identity", "exemplar"},
	"store/pgserver":  {},
	"store/storetest": {"payload", "payload/sample", "store", "store/pgserver"},

	"consumer":              {"payload", "store", "exemplar"},
	"consumer/broker":       {},
	"consumer/consumertest": {"payload", "payload/sample", "store", "store/storetest", "consumer", "consumer/broker"},
	"graph":                 {"", "payload", "store", "identity", "exemplar"},
	"rest":                  {"payload", "store", "identity"},

	"cmd/payload-tracker": {
		"", "payload", "payload/sample", "store", "store/pgserver", "consumer", "consumer/broker", "graph", "rest", "identity", "web",
		"exemplar",
	},
}

// siblings never import each other, not even in tests.
var siblings = []string{"consumer", "graph", "rest"}

// demoOnly are packages that only demo*.go and tests import: a production process carries no database and no broker.
var demoOnly = []string{"store/pgserver", "consumer/broker", "payload/sample"}

// database are the modules that only the store (and its tests' tools) may import.
var database = []string{"github.com/jackc/", "github.com/uptrace/bun", "database/sql"}

type edge struct {
	file, from, to string
	test           bool
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	edges := readEdges(t)
	if len(edges) < 50 {
		t.Fatalf("only %d imports found: is this the module's tree?", len(edges))
	}
	for _, e := range edges {
		if fault := e.fault(); fault != "" {
			t.Errorf("%s: %q imports %q: %s", e.file, e.from, e.to, fault)
		}
	}
}

func TestForbiddenEdgesAreNamed(t *testing.T) {
	t.Parallel()
	for _, e := range []edge{
		{file: "payload/x.go", from: "payload", to: module + "/store"},
		{file: "payload/x.go", from: "payload", to: "golang.org/x/sync/errgroup"},
		{file: "store/x.go", from: "store", to: module + "/graph"},
		{file: "graph/x.go", from: "graph", to: module + "/rest"},
		{file: "graph/x_test.go", from: "graph", to: module + "/consumer", test: true},
		{file: "rest/x.go", from: "rest", to: "github.com/jackc/pgx/v5"},
		{file: "cmd/payload-tracker/run.go", from: "cmd/payload-tracker", to: module + "/store/pgserver"},
		{file: "nowhere/x.go", from: "nowhere", to: module + "/payload"},
	} {
		if e.fault() == "" {
			t.Errorf("%s: %q importing %q is let through", e.file, e.from, e.to)
		}
	}
}

// fault says why an import is forbidden; "" when it is not.
func (e edge) fault() string {
	ours, isOurs := strings.CutPrefix(e.to, module)
	ours = strings.TrimPrefix(ours, "/")
	if !isOurs {
		return e.foreignFault()
	}
	if slices.Contains(siblings, e.from) && slices.Contains(siblings, ours) && e.from != ours {
		return "siblings never import each other"
	}
	if e.test || e.from == ours {
		return ""
	}
	may, known := allowed[e.from]
	switch {
	case !known && !strings.HasPrefix(e.from, "bench"):
		return "the package is not in the table of this test"
	case known && !slices.Contains(may, ours):
		return "against payload ← store ← {consumer, graph, rest} ← cmd"
	case e.from == "cmd/payload-tracker" && slices.Contains(demoOnly, ours) && !strings.HasPrefix(path.Base(e.file), "demo"):
		return "only demo*.go and tests may"
	}
	return ""
}

func (e edge) foreignFault() string {
	if e.test {
		return ""
	}
	if (e.from == "payload" || e.from == "payload/sample") && strings.Contains(strings.Split(e.to, "/")[0], ".") {
		return "the domain needs the standard library alone"
	}
	for _, prefix := range database {
		if strings.HasPrefix(e.to, prefix) && !strings.HasPrefix(e.from, "store") && e.from != "" && !strings.HasPrefix(e.from, "bench") {
			return "only the store speaks to the database"
		}
	}
	return ""
}

// readEdges parses the imports of every Go file of the module.
func readEdges(t *testing.T) []edge {
	t.Helper()
	root := filepath.Join("..", "..")
	var edges []edge
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			from := path.Dir(name)
			if from == "." {
				from = ""
			}
			edges = append(edges, edge{file: name, from: from, to: to, test: strings.HasSuffix(name, "_test.go")})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return edges
}
