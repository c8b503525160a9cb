package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/store"
)

// letterGroup is the dead letters of one reason and service, with the newest as a sample.
type letterGroup struct {
	Reason  string    `json:"reason"`
	Service string    `json:"service"`
	Count   int64     `json:"count"`
	FirstAt time.Time `json:"firstAt"`
	LastAt  time.Time `json:"lastAt"`
	Sample  string    `json:"sample"`
	From    *place    `json:"from"`             // where the sample's message stood
	Letter  *place    `json:"letter,omitempty"` // where the sample stands in the dead-letter topic
}

// place is where a record stands.
type place struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

func (p *place) String() string { return fmt.Sprintf("%d:%d", p.Partition, p.Offset) }

// eachLetter is one dead letter.
type eachLetter struct {
	Letter    place     `json:"letter"`
	From      place     `json:"from"`
	Time      time.Time `json:"time"`
	Reason    string    `json:"reason"`
	Message   string    `json:"message"`
	Service   string    `json:"service"`
	Attempts  int       `json:"attempts"`
	Size      int       `json:"size"`
	Truncated bool      `json:"truncated"`
	Sample    string    `json:"sample"`
}

// listGroups lists the letters of the topic by reason and service.
func listGroups(ctx context.Context, letters *consumer.DeadLetters, std streams, o letterOptions) error {
	type key struct{ reason, service string }
	groups := map[key]*letterGroup{}
	samples := map[key][]byte{}
	err := letters.Read(ctx, o.filter, func(l *consumer.DeadLetter) error {
		k := key{string(l.Reason), l.Service}
		g := groups[k]
		if g == nil {
			g = &letterGroup{Reason: k.reason, Service: k.service, FirstAt: l.Time.UTC()}
			groups[k] = g
		}
		g.Count++
		if l.Time.Before(g.FirstAt) {
			g.FirstAt = l.Time.UTC()
		}
		if !l.Time.Before(g.LastAt) {
			g.LastAt = l.Time.UTC()
			g.From = &place{l.Topic, l.FromPartition, l.FromOffset}
			g.Letter = &place{letters.Topic(), l.Partition, l.Offset}
			samples[k] = append(samples[k][:0], l.Value[:min(len(l.Value), store.LetterSampleBytes)]...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, g := range groups {
		g.Sample = store.LetterSample(samples[k])
	}
	return writeGroups(std.out, slices.SortedFunc(maps.Values(groups), func(a, b *letterGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Service, b.Service))
	}), o.json)
}

// listCounts lists what the database counted.
func listCounts(ctx context.Context, app *app, std streams, o letterOptions) error {
	filter := store.DeadLetterFilter{TakenIn: &store.Window{}}
	if o.filter.Reasons != nil {
		filter.Reason = &store.Text{In: o.filter.Reasons}
	}
	if o.filter.Services != nil {
		filter.Service = &store.Text{In: o.filter.Services}
	}
	if !o.filter.Since.IsZero() {
		filter.TakenIn.From = &o.filter.Since
	}
	if !o.filter.Until.IsZero() {
		filter.TakenIn.To = &o.filter.Until
	}
	counted, err := app.store.DeadLetters(identity.WithScope(ctx, identity.Everything()), filter)
	if err != nil {
		return err
	}
	groups := make([]*letterGroup, len(counted))
	for i, g := range counted {
		groups[i] = &letterGroup{
			Reason: string(g.Reason), Service: g.Service, Count: g.Count, FirstAt: g.FirstAt, LastAt: g.LastAt,
			Sample: g.Sample, From: &place{g.SampleTopic, g.SamplePartition, g.SampleOffset},
		}
	}
	return writeGroups(std.out, groups, o.json)
}

func writeGroups(w io.Writer, groups []*letterGroup, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		if groups == nil {
			groups = []*letterGroup{}
		}
		return encoder.Encode(groups)
	}
	if len(groups) == 0 {
		fmt.Fprintln(w, "no dead letters")
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REASON\tSERVICE\tCOUNT\tFIRST\tLAST\tNEWEST\tSAMPLE")
	for _, g := range groups {
		newest := g.Letter
		if newest == nil {
			newest = g.From
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", line(cmp.Or(g.Reason, "-"), 40), line(cmp.Or(g.Service, "-"), 40), g.Count,
			g.FirstAt.Format(time.RFC3339), g.LastAt.Format(time.RFC3339), newest, line(g.Sample, 80))
	}
	return table.Flush()
}

// listEach lists letter by letter as they are read: there may be many.
func listEach(ctx context.Context, letters *consumer.DeadLetters, std streams, o letterOptions) error {
	const row = "%-10s %-20s %-14s %-20s %8s  %s\n"
	count := 0
	err := letters.Read(ctx, o.filter, func(l *consumer.DeadLetter) error {
		count++
		if !o.json {
			if count == 1 {
				fmt.Fprintf(std.out, row, "AT", "TIME", "REASON", "SERVICE", "ATTEMPTS", "WHAT IS WRONG")
			}
			_, err := fmt.Fprintf(std.out, row, l.LetterPosition, l.Time.UTC().Format(time.RFC3339), line(cmp.Or(string(l.Reason), "-"), 40),
				line(cmp.Or(l.Service, "-"), 40), fmt.Sprint(l.Attempts), line(l.Message, 120))
			return err
		}
		text, err := json.Marshal(eachLetter{
			Letter: place{letters.Topic(), l.Partition, l.Offset}, From: place{l.Topic, l.FromPartition, l.FromOffset},
			Time: l.Time.UTC(), Reason: string(l.Reason), Message: l.Message, Service: l.Service,
			Attempts: l.Attempts, Size: l.Size, Truncated: l.Truncated, Sample: store.LetterSample(l.Value),
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.out, "%s%s", map[bool]string{true: "[\n", false: ",\n"}[count == 1], text)
		return err
	})
	switch {
	case err != nil:
		return err
	case o.json && count == 0:
		fmt.Fprintln(std.out, "[]")
	case o.json:
		fmt.Fprintln(std.out, "\n]")
	case count == 0:
		fmt.Fprintln(std.out, "no dead letters")
	}
	return nil
}
