package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/payload-tracker/payload-tracker/consumer"
)

// replayReport is what a replay did.
type replayReport struct {
	out      io.Writer
	sent     map[[2]string]int // by reason and service
	outcomes map[consumer.Outcome]int
	met      map[consumer.LetterPosition]bool // of those asked for by their place
}

// replayLetters sends letters to their topic again, and says what it did.
func replayLetters(ctx context.Context, letters *consumer.DeadLetters, topic string, std streams, o letterOptions) error {
	report := &replayReport{
		out: std.out, sent: map[[2]string]int{}, outcomes: map[consumer.Outcome]int{}, met: map[consumer.LetterPosition]bool{},
	}
	for _, at := range o.filter.At {
		report.met[at] = false
	}
	err := letters.Replay(ctx, consumer.Replay{LetterFilter: o.filter, Again: o.again, DryRun: o.dryRun}, report.hear)
	if err == nil {
		report.missing()
	}
	report.summarize(letters.Topic(), topic, o.dryRun)
	return err
}

// hear notes what became of a letter; what was not sent has a line of its own.
func (r *replayReport) hear(l *consumer.DeadLetter, outcome consumer.Outcome) {
	r.outcomes[outcome]++
	_, asked := r.met[l.LetterPosition]
	if asked {
		r.met[l.LetterPosition] = true
	}
	switch outcome {
	case consumer.OutcomeSent:
		r.sent[[2]string{string(l.Reason), l.Service}]++
	case consumer.OutcomeTruncated:
		fmt.Fprintf(r.out, "%s %s, %d of %d bytes\n", l.LetterPosition, outcome, len(l.Value), l.Size)
	case consumer.OutcomeForeign, consumer.OutcomeTooLarge:
		fmt.Fprintf(r.out, "%s %s\n", l.LetterPosition, outcome)
	case consumer.OutcomeBefore:
		if asked {
			fmt.Fprintf(r.out, "%s not sent: an earlier replay sent it; --again sends it once more\n", l.LetterPosition)
		}
	}
}

// missing names the places asked for where nothing was found.
func (r *replayReport) missing() {
	places := slices.SortedFunc(maps.Keys(r.met), func(a, b consumer.LetterPosition) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	for _, at := range places {
		if !r.met[at] {
			fmt.Fprintf(r.out, "%s not sent: there is no such dead letter, or the other filters leave it out\n", at)
		}
	}
}

func (r *replayReport) summarize(from, to string, dryRun bool) {
	if len(r.sent) > 0 {
		table := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "REASON\tSERVICE\tLETTERS")
		for _, k := range slices.SortedFunc(maps.Keys(r.sent), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
			fmt.Fprintf(table, "%s\t%s\t%d\n", line(k[0], 40), line(cmp.Or(k[1], "-"), 40), r.sent[k])
		}
		_ = table.Flush()
	}
	verb := "sent"
	if dryRun {
		verb = "would send"
	}
	parts := []string{fmt.Sprintf("%s %d dead letters of %s to %s", verb, r.outcomes[consumer.OutcomeSent], from, to)}
	unsent := r.outcomes[consumer.OutcomeTruncated] + r.outcomes[consumer.OutcomeForeign] + r.outcomes[consumer.OutcomeTooLarge]
	if unsent > 0 {
		parts = append(parts, fmt.Sprintf("%d cannot be sent", unsent))
	}
	if before := r.outcomes[consumer.OutcomeBefore]; before > 0 {
		parts = append(parts, fmt.Sprintf("%d were sent by an earlier replay (--again sends them too)", before))
	}
	fmt.Fprintln(r.out, strings.Join(parts, "; "))
}
