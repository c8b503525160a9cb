package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/payload-tracker/payload-tracker/consumer"
)

// letterOptions are the flags of `dead-letters list` and `dead-letters replay`.
type letterOptions struct {
	filter consumer.LetterFilter

	json, each, counts bool // list
	again, dryRun      bool // replay
}

// flags are those of a verb; of both when it is "".
func (o *letterOptions) flags(verb string) *flag.FlagSet {
	flags := flag.NewFlagSet("dead-letters", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // a wrong flag is told once, by dispatch
	flags.Func("reason", "only those of this `reason`, such as bad_date; several with commas between", func(value string) error {
		return list(&o.filter.Reasons)(strings.ToLower(value))
	})
	flags.Func("service", "only those that name this `service`; several with commas between", func(value string) error {
		return list(&o.filter.Services)(strings.ToLower(value))
	})
	flags.Func("since", "only messages sent since this `time`: 2026-03-04T12:00:00Z, 2026-03-04, or 2h for two hours ago", moment(&o.filter.Since))
	flags.Func("until", "only messages sent before this `time`", moment(&o.filter.Until))
	flags.Func("at", "only those at these places of the dead-letter topic, `partition:offset` with commas between", places(&o.filter.At))
	if verb != "replay" {
		flags.BoolVar(&o.json, "json", false, "list: write JSON")
		flags.BoolVar(&o.each, "each", false, "list: each letter for itself instead of groups")
		flags.BoolVar(&o.counts, "counts", false, "list: what the database counted, by the hour it came in; for 90 days, also what is only counted and what the topic no longer holds")
	}
	if verb != "list" {
		flags.BoolVar(&o.again, "again", false, "replay: also those that an earlier replay has sent")
		flags.BoolVar(&o.dryRun, "dry-run", false, "replay: only say what would be sent")
	}
	return flags
}

// runDeadLetters is `dead-letters list|replay`.
func runDeadLetters(ctx context.Context, std streams, args []string) error {
	if len(args) == 0 || args[0] != "list" && args[0] != "replay" {
		return usagef("say list or replay")
	}
	var o letterOptions
	flags := o.flags(args[0])
	if err := flags.Parse(args[1:]); err != nil {
		return usagef("%v", err)
	}
	if err := noArguments(flags.Args()); err != nil {
		return err
	}
	if o.counts && (o.each || len(o.filter.At) > 0) {
		return usagef("the database counts groups only: --counts goes with neither --each nor --at")
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	if o.counts {
		return listCounts(ctx, app, std, o)
	}
	config, err := app.consumerConfig()
	if err != nil {
		return err
	}
	letters, err := consumer.OpenDeadLetters(config)
	if err != nil {
		return err
	}
	defer letters.Close()
	switch {
	case args[0] == "replay":
		return replayLetters(ctx, letters, config.Topic, std, o)
	case o.each:
		return listEach(ctx, letters, std, o)
	}
	return listGroups(ctx, letters, std, o)
}

// moment parses a time, a day, or how long ago.
func moment(field *time.Time) func(string) error {
	return func(value string) error {
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if t, err := time.Parse(layout, value); err == nil {
				*field = t
				return nil
			}
		}
		ago, err := parseDuration(value)
		if err != nil {
			return errors.New("must be a time such as 2026-03-04T12:00:00Z, a day such as 2026-03-04, or how long ago, such as 90m")
		}
		*field = time.Now().Add(-ago)
		return nil
	}
}

func places(field *[]consumer.LetterPosition) func(string) error {
	return func(value string) error {
		for _, part := range split(value) {
			partition, offset, found := strings.Cut(part, ":")
			number, err := strconv.ParseInt(partition, 10, 32)
			at, atErr := strconv.ParseInt(offset, 10, 64)
			if !found || err != nil || atErr != nil || number < 0 || at < 0 {
				return errors.New("must be partition:offset, such as 0:12")
			}
			*field = append(*field, consumer.LetterPosition{Partition: int32(number), Offset: at})
		}
		return nil
	}
}

// line is a text cut for a table: what would break the line, or speak to the terminal, is a blank.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
