package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

func parseDockerfile(t *testing.T) ([]instructions.Stage, map[string]string) {
	t.Helper()
	parsed, err := parser.Parse(bytes.NewReader(read(t, "../Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	warn := func(rule, description, _, message string, _ []parser.Range) {
		t.Errorf("Dockerfile: %s: %s (%s)", rule, message, description)
	}
	stages, arguments, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("Dockerfile: %s", w.Short)
	}
	versions := map[string]string{}
	for _, argument := range arguments {
		for _, a := range argument.Args {
			versions[a.Key] = a.ValueString()
		}
	}
	return stages, versions
}

// TestDockerfile: the last stage is the program alone, run as nobody; the others have the tools that the sources ask for.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	stages, versions := parseDockerfile(t)
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" {
		t.Errorf("the image is made from %s", last.BaseName)
	}
	if goVersion := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(read(t, "../go.mod")); versions["GO_VERSION"] != string(goVersion[1]) {
		t.Errorf("built with Go %s, go.mod says %s", versions["GO_VERSION"], goVersion[1])
	}
	said := map[string]string{}
	for _, command := range last.Commands {
		switch c := command.(type) {
		case *instructions.UserCommand:
			said["user"] = c.User
		case *instructions.EntrypointCommand:
			said["entrypoint"] = fmt.Sprint(c.CmdLine, c.PrependShell)
		case *instructions.CmdCommand:
			program{name: "the image", args: c.CmdLine}.checkCommand(t)
		case *instructions.ExposeCommand:
			slices.Sort(c.Ports)
			said["ports"] = fmt.Sprint(c.Ports)
		case *instructions.RunCommand:
			t.Errorf("%s: there is no shell", c)
		case *instructions.LabelCommand:
			for _, label := range c.Labels {
				said[label.Key] = label.Value
			}
		}
	}
	settings := program{name: "the image", args: []string{"run"}}.settings(t)
	for name, want := range map[string]string{
		"user":       "65532:65532",
		"entrypoint": "[/payload-tracker] false",
		"ports":      fmt.Sprintf("[%s %s]", settings["PUBLICPORT"], settings["METRICSPORT"]),
	} {
		if said[name] != want {
			t.Errorf("%s: %q, want %q", name, said[name], want)
		}
	}
	for _, label := range []string{"title", "description", "source", "licenses", "version", "revision"} {
		if said["org.opencontainers.image."+label] == "" {
			t.Errorf("no label org.opencontainers.image.%s", label)
		}
	}
}

// TestBuildSteps: what is copied from here is there and not ignored, and what RUN names is relative, so that the steps
// can be taken without an engine.
func TestBuildSteps(t *testing.T) {
	t.Parallel()
	patterns, err := ignorefile.ReadAll(bytes.NewReader(read(t, "../.dockerignore")))
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	stages, _ := parseDockerfile(t)
	for _, stage := range stages {
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.CopyCommand:
				for _, source := range c.SourcePaths {
					if c.From != "" {
						continue
					}
					if _, err := os.Stat(filepath.Join("..", source)); err != nil {
						t.Errorf("%s: %v", c, err)
					}
					if out, err := ignored.MatchesOrParentMatches(path.Clean(source)); source != "." && (out || err != nil) {
						t.Errorf("%s: .dockerignore leaves %s out (%v)", c, source, err)
					}
				}
			case *instructions.RunCommand:
				if absolute := regexp.MustCompile(`(^|[\s=])/\S+`).FindString(strings.Join(c.CmdLine, " ")); absolute != "" {
					t.Errorf("%s names %s", c, absolute)
				}
			}
		}
	}
}

// TestNodeVersion: the page is built by a Node that it says it can be built by.
func TestNodeVersion(t *testing.T) {
	t.Parallel()
	var page struct{ Engines struct{ Node string } }
	if err := json.Unmarshal(read(t, "../web/package.json"), &page); err != nil {
		t.Fatal(err)
	}
	var least, built int
	_, versions := parseDockerfile(t)
	if _, err := fmt.Sscanf(page.Engines.Node, ">=%d", &least); err != nil {
		t.Fatalf("engines.node is %q: %v", page.Engines.Node, err)
	}
	if _, err := fmt.Sscanf(versions["NODE_VERSION"], "%d", &built); err != nil || built <= least {
		t.Errorf("built with Node %q, the page needs %s", versions["NODE_VERSION"], page.Engines.Node)
	}
}
