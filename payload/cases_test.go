package payload_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// eventCase is a line of events.jsonl; testdata/cases/README.md describes it.
type eventCase struct {
	Name     string
	Messages []json.RawMessage
	Expect   struct {
		Stored  *int
		Payload struct {
			RequestID                             string `json:"requestId"`
			OrgID, Account, InventoryID, SystemID json.RawMessage
		}
		Verdict struct {
			State                                                    payload.State
			ServicesPassed                                           *int
			FailedService, FailedSource, FailedStatus, FailedMessage *string
		}
		Statuses []struct {
			Service, Status string
			Source, Message *string
			Date            time.Time
		}
		DeadLetter map[string]payload.Reason `json:"dead_letter"`
	}
}

func eventCases(t testing.TB) []eventCase {
	t.Helper()
	f, err := os.Open("../testdata/cases/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var cases []eventCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var c eventCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 40 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}

// bytesOf a message: a text, or base64 where the bytes are no UTF-8.
func bytesOf(t testing.TB, raw json.RawMessage) []byte {
	t.Helper()
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(text)
	}
	var encoded struct{ Base64 string }
	if err := json.Unmarshal(raw, &encoded); err != nil {
		t.Fatal(err)
	}
	b, err := base64.StdEncoding.DecodeString(encoded.Base64)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCases(t *testing.T) {
	t.Parallel()
	for _, c := range eventCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			events := decodeCase(t, &c, now)
			if c.Expect.Stored != nil && len(events) != *c.Expect.Stored {
				t.Errorf("%d events, want %d", len(events), *c.Expect.Stored)
			}
			if len(events) == 0 {
				return
			}
			rules := payload.DefaultRules()
			var j payload.Journey
			j.Merge(&rules, events...)
			checkPayload(t, &c, events[0].RequestID, &j)
			checkVerdict(t, &c, j.Verdict(&rules, now))
			checkStatuses(t, &c, &rules, events)
		})
	}
}

// decodeCase returns the distinct events, each completed by its repeats as
// far as the journey is concerned, and checks the dead letters.
func decodeCase(t *testing.T, c *eventCase, now time.Time) []payload.Event {
	t.Helper()
	var events []payload.Event
	for i, raw := range c.Messages {
		e, err := payload.Decoder{}.Decode(bytesOf(t, raw))
		want := c.Expect.DeadLetter[strconv.Itoa(i)]
		var rejection *payload.Rejection
		if errors.As(err, &rejection) != (want != "") || (rejection != nil && rejection.Reason != want) {
			t.Errorf("message %d: %v, want %q", i, err, want)
		}
		if err != nil {
			continue
		}
		e.TakenIn = now
		same := func(o payload.Event) bool { return o.Hash() == e.Hash() }
		if at := slices.IndexFunc(events, same); at >= 0 {
			if e.InventoryID != "" {
				events[at].InventoryID = e.InventoryID
			}
			continue
		}
		events = append(events, e)
	}
	return events
}

func checkPayload(t *testing.T, c *eventCase, id payload.RequestID, j *payload.Journey) {
	t.Helper()
	want := c.Expect.Payload
	if want.RequestID != "" && id.String() != want.RequestID {
		t.Errorf("request id %s, want %s", id, want.RequestID)
	}
	for _, f := range []struct {
		name, got string
		want      json.RawMessage
	}{
		{"org", j.OrgID(), want.OrgID},
		{"account", j.Account(), want.Account},
		{"inventory id", j.InventoryID(), want.InventoryID},
		{"system id", j.SystemID(), want.SystemID},
	} {
		if f.want == nil {
			continue
		}
		var text string
		if err := json.Unmarshal(f.want, &text); err != nil {
			t.Fatal(err)
		}
		if f.got != text {
			t.Errorf("%s %q, want %q", f.name, f.got, text)
		}
	}
}

func checkVerdict(t *testing.T, c *eventCase, v payload.Verdict) {
	t.Helper()
	want := c.Expect.Verdict
	if v.State != want.State {
		t.Errorf("state %s (%s), want %s", v.State, v.Sentence, want.State)
	}
	if want.ServicesPassed != nil && v.ServicesPassed != *want.ServicesPassed {
		t.Errorf("%d services passed, want %d", v.ServicesPassed, *want.ServicesPassed)
	}
	var failure payload.Failure
	if v.Failure != nil {
		failure = *v.Failure
	}
	for name, pair := range map[string][2]*string{
		"service": {&failure.Service, want.FailedService}, "source": {&failure.Source, want.FailedSource},
		"status": {&failure.Status, want.FailedStatus}, "message": {&failure.Message, want.FailedMessage},
	} {
		if pair[1] != nil && *pair[0] != *pair[1] {
			t.Errorf("failed %s %q, want %q", name, *pair[0], *pair[1])
		}
	}
}

func checkStatuses(t *testing.T, c *eventCase, rules *payload.Rules, events []payload.Event) {
	t.Helper()
	if c.Expect.Statuses == nil {
		return
	}
	slices.SortFunc(events, func(a, b payload.Event) int { return payload.Compare(&a, &b, rules) })
	if len(events) != len(c.Expect.Statuses) {
		t.Fatalf("%d statuses, want %d", len(events), len(c.Expect.Statuses))
	}
	text := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	for i, want := range c.Expect.Statuses {
		got := events[i]
		if got.Service != want.Service || got.Status != want.Status || got.Source != text(want.Source) ||
			got.Message != text(want.Message) || !got.Date.Equal(want.Date) {
			t.Errorf("status %d: %+v, want %+v", i, got, want)
		}
	}
}
