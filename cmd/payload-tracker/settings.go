package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

//go:generate sh -c "go run . config --markdown > ../../docs/configuration.md"

// runConfig is `config`.
func runConfig(_ context.Context, std streams, args []string) error {
	if len(args) == 1 && args[0] == "--markdown" {
		return writeReference(std.out)
	}
	if err := noArguments(args); err != nil {
		return err
	}
	return printConfig(std.out, std.env)
}

// printConfig writes the settings in force, secrets masked, and what each means.
func printConfig(w io.Writer, env lookup) error {
	if _, err := readConfig(env); err != nil {
		return err
	}
	env, err := withClowder(env)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVALUE\tFROM\tUNIT\tMEANING")
	for _, s := range new(config).settings() {
		value, set, err := s.value(env)
		if err != nil {
			return err
		}
		from := "default"
		if set {
			from = "set"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.name, cmp.Or(oneLine(s.shown(value)), "-"), from, s.unitText(), s.meaning)
	}
	return table.Flush()
}

// unitText says in what a value is given.
func (s setting) unitText() string {
	if _, err := strconv.Atoi(s.standard); err == nil && s.unit == "" {
		return "number"
	}
	return cmp.Or(s.unit, "text")
}

const referenceHead = `<!-- Written by "make generate" from cmd/payload-tracker/table.go. -->

# Configuration

Every setting is an environment variable; an empty one counts as absent. A wrong value stops the start with one line that names it. ` + "`payload-tracker config`" + ` shows what is in force, secrets masked.

A secret (marked ✱) may also stand in a file: ` + "`DB_PASSWORD_FILE=/run/secrets/password`" + `. What the environment lacks is taken from the file of Clowder that ` + "`ACG_CONFIG`" + ` names: ports, PostgreSQL with its authority, Kafka with its brokers, user and authority, and the topic that Clowder has for the one asked for.

Durations are written ` + "`500ms`, `10s`, `15m` or `2h`" + `, in days too (` + "`90d`" + `) where something is kept; lists have commas between.
`

// writeReference writes the settings as a page of the documentation.
func writeReference(w io.Writer) error {
	var page strings.Builder
	page.WriteString(referenceHead)
	for _, section := range new(config).sections() {
		fmt.Fprintf(&page, "\n## %s\n\n| setting | default | unit | meaning |\n| --- | --- | --- | --- |\n", section.title)
		for _, s := range section.settings {
			name, standard := "`"+s.name+"`", ""
			if s.secret {
				name += " ✱"
			}
			if s.standard != "" {
				standard = "`" + s.standard + "`"
			}
			fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", name, standard, s.unitText(), strings.ReplaceAll(s.meaning, "|", "\\|"))
		}
	}
	_, err := io.WriteString(w, page.String())
	return err
}
