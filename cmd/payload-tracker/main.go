// Payload-tracker says where each upload of the Platform is, what happened to it, and why it failed: it stores the
// status events of a Kafka topic in PostgreSQL and answers questions about them by GraphQL, REST and a web page.
//
// This package is the only one that knows all the others: main.go holds the command table, config.go the settings,
// app.go builds the parts, server.go is the URL space on one page, and each command has a file of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // the image has no files of time zones
)

// command is one word of the command line.
type command struct {
	name, arguments, help string
	run                   func(ctx context.Context, std streams, args []string) error
	// flags are those of the command; nil for one without.
	flags func() *flag.FlagSet
}

// explain writes the command's flags.
func (c command) explain(w io.Writer) {
	if c.flags != nil {
		flags := c.flags()
		flags.SetOutput(w)
		flags.PrintDefaults()
	}
}

// streams are where a command reads its settings and writes its answer.
type streams struct {
	env      lookup
	out, err io.Writer
}

func commands() []command {
	return []command{
		{name: "run", help: "take events in and answer questions, in one process", run: runRun},
		{name: "consume", help: "take events in; listens on METRICSPORT only", run: runConsume},
		{name: "serve", help: "answer questions by GraphQL, REST and the web page", run: runServe},
		{
			name: "demo", arguments: "[--fresh] [--port N] …",
			help: "all of it on an embedded PostgreSQL and broker, with sample traffic",
			run:  runDemo, flags: func() *flag.FlagSet { return new(demoOptions).flags() },
		},
		{name: "migrate", arguments: "up|status|down --dev", help: "bring the database's schema up to date, show how far it is, or take its last step back", run: runMigrate},
		{name: "rules", arguments: "apply|show", help: "judge by the rules of the settings, or show those in force", run: runRules},
		{name: "rollups", arguments: "rebuild", help: "count the numbers over many payloads anew, beside running consumers", run: runRollups},
		{name: "retention", help: "give up once what RETENTION and MAX_DATABASE_BYTES say, as consumers do by themselves", run: runRetention},
		{
			name: "dead-letters", arguments: "list|replay [--reason R] …",
			help: "show what could not be read as an event, or send it again",
			run:  runDeadLetters, flags: func() *flag.FlagSet { return new(letterOptions).flags("") },
		},
		{name: "config", arguments: "[--markdown]", help: "show the settings in force, secrets masked, or their reference", run: runConfig},
		{name: "health", help: "ask the process that has these settings whether it is ready: the probe of a container", run: runHealth},
		{name: "version", help: "show the version", run: runVersion},
	}
}

func main() {
	ctx, stop := interruptible(context.Background(), os.Exit)
	code := dispatch(ctx, streams{env: os.LookupEnv, out: os.Stdout, err: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// oneStop is how long signals count as one: timeout(1) and some terminals signal a process and then its group.
const oneStop = 250 * time.Millisecond

// interruptible gives a context that the first SIGINT or SIGTERM ends; the second ends the process at once.
func interruptible(parent context.Context, exit func(int)) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		first := time.Now()
		cancel()
		for range signals {
			if time.Since(first) > oneStop {
				exit(130)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}

// dispatch runs the command that args name and gives the exit code: 0, 1 for an error, 2 for a wrong command line.
func dispatch(ctx context.Context, std streams, args []string) int {
	if len(args) == 0 {
		usage(std.err)
		return 2
	}
	switch args[0] {
	case "help", "-h", "--help":
		usage(std.out)
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		if last := args[len(args)-1]; len(args) > 1 && (last == "-h" || last == "--help") {
			fmt.Fprintf(std.out, "usage: payload-tracker %s %s\n\n%s\n", c.name, c.arguments, c.help)
			c.explain(std.out)
			return 0
		}
		err := c.run(ctx, std, args[1:])
		var wrong *usageError
		switch {
		case err == nil:
			return 0
		case errors.As(err, &wrong):
			fmt.Fprintf(std.err, "payload-tracker %s: %v\nusage: payload-tracker %s %s\n", c.name, err, c.name, c.arguments)
			return 2
		}
		fmt.Fprintf(std.err, "payload-tracker %s: %v\n", c.name, err)
		return 1
	}
	fmt.Fprintf(std.err, "payload-tracker: unknown command %q\n\n", args[0])
	usage(std.err)
	return 2
}

func usage(w io.Writer) {
	fmt.Fprint(w, "payload-tracker: where is an upload, what happened to it, and why did it fail?\n\n"+
		"usage: payload-tracker COMMAND\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s %-27s %s\n", c.name, c.arguments, c.help)
	}
	fmt.Fprint(w, "  help                                     show this\n\n"+
		"Settings come from the environment: `payload-tracker config` shows them all. `payload-tracker demo` needs none.\n")
}

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// noArguments refuses what a command would otherwise ignore.
func noArguments(args []string) error {
	if len(args) > 0 {
		return usagef("unexpected %q", args[0])
	}
	return nil
}
