package consumer_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// eventCase is a line of testdata/cases/events.jsonl.
type eventCase struct {
	Name     string
	Messages []json.RawMessage
	Expect   struct {
		Stored     int
		Payload    map[string]*string
		Verdict    *caseVerdict
		Statuses   []caseStatus
		DeadLetter map[string]string `json:"dead_letter"`
	}
}

type caseVerdict struct {
	State          string
	ServicesPassed int
	FailedService  *string
	FailedSource   *string
	FailedStatus   *string
	FailedMessage  *string
}

type caseStatus struct {
	Service, Status string
	Source, Message *string
	Date            time.Time
}

func readCases(t *testing.T) []eventCase {
	t.Helper()
	file, err := os.Open("../testdata/cases/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var cases []eventCase
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var c eventCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil || len(cases) < 44 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	return cases
}

func (c *eventCase) values(t *testing.T) []string {
	t.Helper()
	var values []string
	for _, raw := range c.Messages {
		var text string
		var coded struct{ Base64 []byte }
		if json.Unmarshal(raw, &text) == nil {
			values = append(values, text)
		} else if err := json.Unmarshal(raw, &coded); err == nil {
			values = append(values, string(coded.Base64))
		} else {
			t.Fatal(err)
		}
	}
	return values
}

// requestID of the payload that a case's events belong to.
func (c *eventCase) requestID(t *testing.T) payload.RequestID {
	t.Helper()
	for i, value := range c.values(t) {
		if _, dead := c.Expect.DeadLetter[strconv.Itoa(i)]; dead {
			continue
		}
		event, err := payload.Decoder{}.Decode([]byte(value))
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		return event.RequestID
	}
	return payload.RequestID{}
}

// TestCases sends every case through Kafka into the database, and asks for
// what became of it.
func TestCases(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cases := readCases(t)
	var all []string
	first := make([]int, len(cases)) // offset of each case's first message
	letters := 0
	for i := range cases {
		first[i] = len(all)
		all = append(all, cases[i].values(t)...)
		letters += len(cases[i].Expect.DeadLetter)
	}
	b.Produce(0, all...)
	b.start()
	b.waitPosition(0, int64(len(all)))
	dead := map[string]string{} // value by offset, in Base64, with its reason
	for _, l := range b.Read(b.DeadLetterTopic, letters) {
		h := headers(l)
		dead[h["__connect.errors.offset"]] = h["error.code"] + " " + base64.StdEncoding.EncodeToString(l.Value)
	}
	if len(dead) != letters {
		t.Errorf("%d dead letters, want %d", len(dead), letters)
	}
	for i := range cases {
		c := &cases[i]
		t.Run(c.Name, func(t *testing.T) {
			for index, value := range c.values(t) {
				want := ""
				if reason, ok := c.Expect.DeadLetter[strconv.Itoa(index)]; ok {
					want = reason + " " + base64.StdEncoding.EncodeToString([]byte(value))
				}
				if got := dead[strconv.Itoa(first[i]+index)]; got != want {
					t.Errorf("message %d: dead letter %.80q, want %.80q", index, got, want)
				}
			}
			if c.Expect.Stored > 0 {
				b.checkCase(t, c)
			}
		})
	}
}

func (b *bundle) checkCase(t *testing.T, c *eventCase) {
	t.Helper()
	id := c.requestID(t)
	p, err := b.store.Payload(t.Context(), store.PayloadKey{RequestID: &id})
	if err != nil || p == nil {
		t.Fatalf("payload %v: %v, %v", id, p, err)
	}
	fields := map[string]string{
		"requestId": p.RequestID.String(), "orgId": p.OrgID, "account": p.Account,
		"inventoryId": p.InventoryID, "systemId": p.SystemID,
	}
	for name, want := range c.Expect.Payload {
		got, known := fields[name]
		if !known {
			t.Errorf("the case expects field %s", name)
		}
		if got != text(want) {
			t.Errorf("%s is %q, want %q", name, got, text(want))
		}
	}
	pages, err := b.store.Timelines(t.Context(), []*store.Payload{p}, store.Page{First: new(500)})
	if err != nil {
		t.Fatal(err)
	}
	statuses := pages[p.ID].Items
	if len(statuses) != c.Expect.Stored {
		t.Errorf("%d statuses, want %d", len(statuses), c.Expect.Stored)
	}
	checkStatuses(t, statuses, c.Expect.Statuses)
	if c.Expect.Verdict != nil {
		rules, err := b.store.Rules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkVerdict(t, p.Journey.Verdict(&rules, b.store.Now()), c.Expect.Verdict)
	}
}

// checkStatuses compares a timeline with what a case lists, where it does.
func checkStatuses(t *testing.T, statuses []*store.Status, want []caseStatus) {
	t.Helper()
	for i, w := range want {
		if i >= len(statuses) {
			t.Errorf("status %d is missing: %+v", i, w)
			continue
		}
		s := statuses[i]
		if s.Service != w.Service || s.Status != w.Status || s.Source != text(w.Source) || s.Message != text(w.Message) || !s.Date.Equal(w.Date) {
			t.Errorf("status %d is %+v, want %+v", i, *s, w)
		}
	}
}

func checkVerdict(t *testing.T, v payload.Verdict, want *caseVerdict) {
	t.Helper()
	if string(v.State) != want.State || v.ServicesPassed != want.ServicesPassed {
		t.Errorf("verdict %s with %d services passed, want %s with %d", v.State, v.ServicesPassed, want.State, want.ServicesPassed)
	}
	got := payload.Failure{}
	if v.Failure != nil {
		got = *v.Failure
	}
	for _, field := range []struct {
		name, got string
		want      *string
	}{
		{"service", got.Service, want.FailedService},
		{"source", got.Source, want.FailedSource},
		{"status", got.Status, want.FailedStatus},
		{"message", got.Message, want.FailedMessage},
	} {
		if field.want != nil && field.got != *field.want {
			t.Errorf("failed %s is %q, want %q", field.name, field.got, *field.want)
		}
	}
	if want.State != string(payload.StateFailed) && v.Failure != nil {
		t.Errorf("failure %+v, want none", got)
	}
}

func text(t *string) string {
	if t == nil {
		return ""
	}
	return *t
}
