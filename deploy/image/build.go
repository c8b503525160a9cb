package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	image "github.com/opencontainers/image-spec/specs-go/v1"
)

// builder takes the steps of one Dockerfile.
type builder struct {
	source, out string
	args        map[string]string // given from outside
	ignored     *patternmatcher.PatternMatcher
	lex         *shell.Lex
	stages      []*stage
}

// stage is one FROM: its files below root, and what the steps so far said.
type stage struct {
	name, root string
	workdir    string
	env        map[string]string // ARG and ENV
	config     image.ImageConfig
}

func newBuilder(source, out string) (*builder, error) {
	source, err := filepath.Abs(source)
	if err != nil {
		return nil, err
	}
	out, err = filepath.Abs(out)
	if err != nil {
		return nil, err
	}
	b := &builder{
		source: source, out: out, lex: shell.NewLex('\\'),
		args: map[string]string{"TARGETOS": runtime.GOOS, "TARGETARCH": runtime.GOARCH, "BUILDPLATFORM": runtime.GOOS + "/" + runtime.GOARCH},
	}
	file, err := os.Open(filepath.Join(source, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf(".dockerignore: %w", err)
	}
	b.ignored, err = patternmatcher.New(patterns)
	return b, err
}

// build takes all steps, and writes how the image is run.
func (b *builder) build(ctx context.Context) error {
	file, err := os.Open(filepath.Join(b.source, "Dockerfile"))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	parsed, err := parser.Parse(file)
	if err != nil {
		return err
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return err
	}
	for i, steps := range stages {
		last := i == len(stages)-1
		if err := b.begin(steps, last); err != nil {
			return err
		}
		for _, step := range steps.Commands {
			if err := b.take(ctx, step); err != nil {
				return fmt.Errorf("%s: %w", step, err)
			}
		}
	}
	text, err := json.MarshalIndent(b.now().config, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.out, "config.json"), append(text, '\n'), 0o644)
}

func (b *builder) begin(steps instructions.Stage, last bool) error {
	root := filepath.Join(b.out, "stage-"+steps.Name)
	if last {
		root = filepath.Join(b.out, "root")
		if steps.BaseName != "scratch" {
			return fmt.Errorf("the last stage begins with %s: only scratch is the same on every machine", steps.BaseName)
		}
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	b.stages = append(b.stages, &stage{name: steps.Name, root: root, workdir: "/", env: map[string]string{}})
	return nil
}

// now is the stage that the steps are taken in.
func (b *builder) now() *stage { return b.stages[len(b.stages)-1] }

func (b *builder) take(ctx context.Context, step instructions.Command) error {
	s := b.now()
	if e, can := step.(instructions.SupportsSingleWordExpansion); can {
		expand := func(word string) (string, error) {
			result, err := b.lex.ProcessWordWithMatches(word, variables(s.env))
			return result.Result, err
		}
		if err := e.Expand(expand); err != nil {
			return err
		}
	}
	switch c := step.(type) {
	case *instructions.ArgCommand:
		for _, arg := range c.Args {
			s.env[arg.Key] = b.argument(arg)
		}
	case *instructions.WorkdirCommand:
		s.workdir = path.Join(s.workdir, c.Path)
		s.config.WorkingDir = s.workdir
		return os.MkdirAll(s.path("."), 0o755)
	case *instructions.CopyCommand:
		return b.copy(c)
	case *instructions.RunCommand:
		return s.run(ctx, c)
	case *instructions.LabelCommand:
		for _, label := range c.Labels {
			if s.config.Labels == nil {
				s.config.Labels = map[string]string{}
			}
			s.config.Labels[label.Key] = label.Value
		}
	case *instructions.UserCommand:
		s.config.User = c.User
	case *instructions.ExposeCommand:
		s.config.ExposedPorts = map[string]struct{}{}
		for _, port := range c.Ports {
			s.config.ExposedPorts[port+"/tcp"] = struct{}{}
		}
	case *instructions.EntrypointCommand:
		s.config.Entrypoint = c.CmdLine
	case *instructions.CmdCommand:
		s.config.Cmd = c.CmdLine
	default:
		return errors.New("this builder cannot take such a step")
	}
	return nil
}

// argument is what was given for it, else its default.
func (b *builder) argument(arg instructions.KeyValuePairOptional) string {
	if value, given := b.args[arg.Key]; given {
		return value
	}
	return arg.ValueString()
}

// path is where a path of the stage is on this machine.
func (s *stage) path(name string) string {
	if !path.IsAbs(name) {
		name = path.Join(s.workdir, name)
	}
	return filepath.Join(s.root, name)
}

// run takes a RUN step, in the stage's folder and with this machine's tools.
func (s *stage) run(ctx context.Context, step *instructions.RunCommand) error {
	if !step.PrependShell {
		return errors.New("this builder runs steps by a shell")
	}
	command := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c"}, step.CmdLine...)...)
	command.Dir = s.path(".")
	command.Env = os.Environ()
	for name, value := range s.env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	return command.Run()
}

func (b *builder) copy(step *instructions.CopyCommand) error {
	if len(step.SourceContents) > 0 || step.Chmod != "" || step.Chown != "" {
		return errors.New("this builder copies files as they are")
	}
	target := b.now().path(step.DestPath)
	into := strings.HasSuffix(step.DestPath, "/") || len(step.SourcePaths) > 1 || path.Base(step.DestPath) == "."
	for _, name := range step.SourcePaths {
		from, ignored, err := b.find(step.From, name)
		if err != nil {
			return err
		}
		if err := copyTree(from, target, into, ignored); err != nil {
			return err
		}
	}
	return nil
}

// find says where a source of a COPY is, and which of the files below it are left out.
func (b *builder) find(from, name string) (string, func(string) (bool, error), error) {
	if from == "" {
		return filepath.Join(b.source, name), func(file string) (bool, error) {
			relative, err := filepath.Rel(b.source, file)
			if err != nil || relative == "." {
				return false, err
			}
			return b.ignored.MatchesOrParentMatches(filepath.ToSlash(relative))
		}, nil
	}
	i := slices.IndexFunc(b.stages, func(s *stage) bool { return s.name == from })
	if i < 0 {
		return "", nil, fmt.Errorf("no stage is called %q", from)
	}
	file := b.stages[i].path(name)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		file = name // from its base image: this machine
	}
	return file, func(string) (bool, error) { return false, nil }, nil
}

// variables are what a step may name.
type variables map[string]string

func (v variables) Get(name string) (string, bool) { value, found := v[name]; return value, found }

func (v variables) Keys() []string {
	var names []string
	for name := range v {
		names = append(names, name)
	}
	return names
}
