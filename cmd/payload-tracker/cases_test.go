package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload"
)

// productCase is a line of testdata/cases/events.jsonl. What expect leaves out is not looked at; null is absent.
type productCase struct {
	Name     string            `json:"name"`
	Messages []json.RawMessage `json:"messages"`
	Expect   struct {
		Stored     int               `json:"stored"`
		Payload    map[string]any    `json:"payload"`
		Verdict    map[string]any    `json:"verdict"`
		Statuses   []askedStatus     `json:"statuses"`
		DeadLetter map[string]string `json:"dead_letter"`
	} `json:"expect"`
}

func (c *productCase) values(t *testing.T) [][]byte {
	t.Helper()
	var values [][]byte
	for _, raw := range c.Messages {
		var text string
		var coded struct {
			Base64 []byte `json:"base64"`
		}
		if json.Unmarshal(raw, &text) == nil {
			values = append(values, []byte(text))
		} else if err := json.Unmarshal(raw, &coded); err != nil {
			t.Fatal(err)
		} else {
			values = append(values, coded.Base64)
		}
	}
	return values
}

// TestCasesThroughTheProduct sends what producers really send through Kafka and asks for it by GraphQL and REST.
func TestCasesThroughTheProduct(t *testing.T) {
	t.Parallel()
	startProduct(t).checkCases(t)
}

func (p *product) checkCases(t *testing.T) {
	t.Helper()
	cases := readCases(t)
	var records []*kgo.Record
	letters := 0
	for _, c := range cases {
		for _, value := range c.values(t) {
			records = append(records, &kgo.Record{Value: value})
		}
		letters += len(c.Expect.DeadLetter)
	}
	p.kafka.ProduceRecords(records...)
	reasons := map[string]int{}
	for _, letter := range p.kafka.Read(p.kafka.DeadLetterTopic, letters) {
		for _, h := range letter.Headers {
			if h.Key == "error.code" {
				reasons[string(h.Value)]++
			}
		}
	}
	for _, c := range cases {
		for _, reason := range c.Expect.DeadLetter {
			reasons[reason]--
		}
		if c.Expect.Stored > 0 {
			p.checkCase(t, c)
		}
	}
	for reason, left := range reasons {
		if left != 0 {
			t.Errorf("%+d dead letters for %s", left, reason)
		}
	}
}

func (p *product) checkCase(t *testing.T, c productCase) {
	t.Helper()
	var id payload.RequestID
	for i, value := range c.values(t) {
		if _, dead := c.Expect.DeadLetter[strconv.Itoa(i)]; dead {
			continue
		}
		event, err := payload.Decoder{}.Decode(value)
		if err != nil {
			t.Fatalf("%s, message %d: %v", c.Name, i, err)
		}
		id = event.RequestID
	}
	got := p.await(id, c.Expect.Stored)
	if len(got.Timeline.Nodes) != c.Expect.Stored {
		t.Errorf("%s: %d statuses, want %d", c.Name, len(got.Timeline.Nodes), c.Expect.Stored)
	}
	told := map[string]any{
		"requestId": got.RequestID, "orgId": text0(got.OrgID), "account": text0(got.Account),
		"inventoryId": text0(got.InventoryID), "systemId": text0(got.SystemID),
		"state": got.Verdict.State, "servicesPassed": float64(got.Verdict.ServicesPassed),
		"failedService": nil, "failedSource": nil, "failedStatus": nil, "failedMessage": nil,
	}
	if f := got.Verdict.Failure; f != nil {
		told["failedService"], told["failedStatus"] = f.Service, f.Status
		told["failedSource"], told["failedMessage"] = text0(f.Source), text0(f.Message)
	}
	for _, expected := range []map[string]any{c.Expect.Payload, c.Expect.Verdict} {
		for key, want := range expected {
			if told[key] != want {
				t.Errorf("%s: %s is %v, want %v", c.Name, key, told[key], want)
			}
		}
	}
	for i, want := range c.Expect.Statuses {
		status := got.Timeline.Nodes[i]
		if !status.Date.Equal(want.Date) {
			t.Errorf("%s: status %d at %s, want %s", c.Name, i, status.Date, want.Date)
		}
		status.Date = want.Date
		if !reflect.DeepEqual(status, want) {
			t.Errorf("%s: status %d differs:\n%+v\n%+v", c.Name, i, status, want)
		}
	}
	code, body := fetch(t, p.base+"/api/v1/payloads/"+id.String()+"?verbosity=2")
	if code != http.StatusOK || strings.Count(body, `"service":`) != c.Expect.Stored {
		t.Errorf("%s: REST: %d %s", c.Name, code, body)
	}
}

// text0 is a text, or nil where there is none.
func text0(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}
