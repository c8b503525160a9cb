package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// decode reads a command's JSON.
func decode[T any](t *testing.T, text string) (value T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return value
}

func TestDeadLettersListed(t *testing.T) {
	t.Parallel()
	p := startProduct(t)
	const badDate = `{"service":"Puptoo","request_id":"00000000000000000000000000000001","status":"success","date":"%s"}`
	sent := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for i, value := range []string{
		fmt.Sprintf(badDate, "never"), "\x1b[31mred\x00\xff", fmt.Sprintf(badDate, "late"), "[]",
	} {
		p.kafka.ProduceRecords(&kgo.Record{Partition: 1, Value: []byte(value), Timestamp: sent.Add(time.Duration(i) * time.Hour)})
	}
	p.waitCounted(4)

	table := strings.Split(p.command("dead-letters", "list"), "\n")
	if len(table) != 5 || !strings.HasPrefix(table[0], "REASON") || !strings.Contains(table[1], "puptoo   2      2026-03-04T12:00:00Z  2026-03-04T14:00:00Z  0:2") {
		t.Errorf("table:\n%s", strings.Join(table, "\n"))
	}
	if text := strings.Join(table, ""); strings.ContainsAny(text, "\x1b\x00") || !strings.Contains(text, " [31mred") {
		t.Errorf("a letter speaks to the terminal: %q", text)
	}

	groups := decode[[]letterGroup](t, p.command("dead-letters", "list", "--json", "--reason", "BAD_DATE,nul"))
	want := letterGroup{
		Reason: "bad_date", Service: "puptoo", Count: 2, FirstAt: sent, LastAt: sent.Add(2 * time.Hour), Sample: fmt.Sprintf(badDate, "late"),
	}
	if len(groups) != 1 || *groups[0].From != (place{"platform.payload-status", 1, 2}) || *groups[0].Letter != (place{"platform.payload-status.dlq", 0, 2}) {
		t.Fatalf("groups %+v", groups)
	}
	if groups[0].From, groups[0].Letter = nil, nil; groups[0] != want {
		t.Errorf("group %+v, want %+v", groups[0], want)
	}
	if out := p.command("dead-letters", "list", "--json", "--reason", "too_long"); strings.TrimSpace(out) != "[]" {
		t.Errorf("none: %s", out)
	}
	if out := p.command("dead-letters", "list", "--since", "2026-03-04T13:00:00Z", "--until", "2026-03-04T14:00:00Z", "--json"); len(decode[[]letterGroup](t, out)) != 1 ||
		!strings.Contains(out, "invalid_utf8") {
		t.Errorf("by time: %s", out)
	}

	each := decode[[]eachLetter](t, p.command("dead-letters", "list", "--each", "--json"))
	if len(each) != 4 || each[1].Reason != "invalid_utf8" || each[1].Sample != "\x1b[31mred\uFFFD\uFFFD" || each[1].Size != 10 || each[2].From.Offset != 2 || each[2].Message == "" {
		t.Errorf("each %+v", each)
	}
	if out := p.command("dead-letters", "list", "--each", "--at", "0:3"); strings.Count(out, "\n") != 2 || !strings.Contains(out, "not_object") {
		t.Errorf("one: %s", out)
	}

	counts := decode[[]letterGroup](t, p.command("dead-letters", "list", "--counts", "--json", "--service", "puptoo", "--since", "1h"))
	if len(counts) != 1 || counts[0].Count != 2 || counts[0].Sample != fmt.Sprintf(badDate, "late") || time.Since(counts[0].LastAt) > time.Hour || counts[0].Letter != nil {
		t.Errorf("counts %+v", counts)
	}
}

func TestDeadLettersReplayed(t *testing.T) {
	t.Parallel()
	p := startProduct(t)
	p.kafka.Produce(0, "junk", `{"service":"puptoo"}`)
	p.waitCounted(2)
	replay := func(want string, args ...string) {
		t.Helper()
		if out := p.command(append([]string{"dead-letters", "replay"}, args...)...); !strings.Contains(out, want) {
			t.Errorf("replay %q: %s\nwant %s", args, out, want)
		}
	}
	replay("would send 2 dead letters of platform.payload-status.dlq to platform.payload-status\n", "--dry-run")
	replay("missing_field  puptoo   1\nsent 1 dead letters", "--service", "puptoo")
	p.waitCounted(3)
	replay("sent 0 dead letters of platform.payload-status.dlq to platform.payload-status; 1 were sent by an earlier replay", "--at", "0:1")
	replay("0:9 not sent: there is no such dead letter", "--at", "0:9")
	replay("sent 2 dead letters of platform.payload-status.dlq to platform.payload-status; 1 were", "--reason", "not_json,missing_field")
	p.waitCounted(5)
	replay("sent 1 dead letters", "--at", "0:1", "--again")
	p.waitCounted(6)
	if out := p.command("dead-letters", "list", "--each"); strings.Count(out, "puptoo") != 4 || !strings.Contains(out, "puptoo                      2  ") {
		t.Errorf("attempts:\n%s", out)
	}
}

// waitCounted waits until the database has counted so many dead letters.
func (p *product) waitCounted(want int64) {
	p.Helper()
	consumertest.Wait(p, "dead letters counted", func() error {
		var sum int64
		for _, g := range decode[[]letterGroup](p.T, p.command("dead-letters", "list", "--counts", "--json")) {
			sum += g.Count
		}
		if sum != want {
			return fmt.Errorf("%d counted, want %d", sum, want)
		}
		return nil
	})
}
