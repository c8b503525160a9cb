package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

func TestPayloadIsTagged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.journey()
	const target = "/api/v1/payloads/" + known
	status, whole, first := b.ask(target)
	tag := first.Header.Get("ETag")
	if status != http.StatusOK || len(tag) < 10 || first.Header.Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("%d %v", status, first.Header)
	}
	for header, want := range map[string]int{
		tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200, strings.Trim(tag, `"`): 200, "": 200,
	} {
		status, body, answer := b.ask(target, "If-None-Match: "+header)
		if status != want || answer.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %v", header, status, answer.Header)
		}
		if want == http.StatusNotModified && (body != "" || answer.Header.Get("Content-Type") != "") {
			t.Errorf("304 with %s %q", answer.Header.Get("Content-Type"), body)
		}
		if want == http.StatusOK && body != whole {
			t.Errorf("If-None-Match %s: another body", header)
		}
	}
	if _, _, other := b.ask(target + "?sort_dir=asc"); other.Header.Get("ETag") == tag {
		t.Error("another order has the same tag")
	}
	b.ingest(payload.Event{Service: "inventory", Status: "received", Date: noon})
	if status, _, answer := b.ask(target, "If-None-Match: "+tag); status != http.StatusOK || answer.Header.Get("ETag") == tag {
		t.Errorf("after a new status: %d %v", status, answer.Header)
	}
}

func TestVerdictIsForWhoAsks(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	long := "no facts: " + strings.Repeat("because ", 400)
	b.journey()
	b.ingest(payload.Event{Service: "inventory", Status: "failed", Message: long, Date: noon.Add(3 * time.Second)})
	const target = "/api/v1/payloads/" + known
	for _, query := range []string{"", "?verdict=", "?verdict=false", "?verdict=1"} {
		if _, body, _ := b.ask(target + query); strings.Contains(body, "verdict") {
			t.Errorf("%s: %s", query, body)
		}
	}
	var answer struct {
		Verdict struct {
			State    string
			Sentence string
			Final    bool
			Failure  struct {
				Service, Source, Status string
				Message                 string `json:"status_msg"`
			}
		}
	}
	_, body, _ := b.ask(target + "?verdict=true&verbosity=2")
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	found, err := b.store.Payload(t.Context(), keyOf(t))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := b.store.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := found.Journey.Verdict(&rules, b.store.Now())
	v := answer.Verdict
	if v.State != string(payload.StateFailed) || v.Sentence != want.Sentence || v.Final != want.Final || v.Failure.Service != "inventory" || v.Failure.Message != long {
		t.Errorf("verdict %+v, want %+v", v, want)
	}
}
