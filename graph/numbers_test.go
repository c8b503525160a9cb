package graph_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

const (
	question7 = `{ failures(window: {since: "PT24H"}) { fingerprint sample service source total open firstSeen lastSeen trend { at count } isNew orgs share payloads(first: 3) { nodes { requestId } } } }`
	question8 = `{ services(window: {since: "PT24H"}) { name received succeeded failed open successRate duration { p50 p95 p99 } before { successRate duration { p95 } } trend { at received failed p95 } }
  flow(window: {since: "PT1H"}) { nodes { service payloads failed } edges { from to payloads failed handover { p50 p95 } } }
  slowest(window: {since: "PT24H"}, service: "inventory", first: 10) { nodes { requestId duration } } }`
	question9  = `query ($a: RequestID!, $b: RequestID!) { compare(a: $a, b: $b) { stages { service source a { state duration } b { state duration } ratio } onlyInA onlyInB } }`
	question10 = `{ ingest { partitions { topic partition position end lag } eventsPerSecond oldestEvent lastEvent { service date } unknownStatuses { status service count } deadLetters { reason service count lastAt sample } } }`
)

// numbered feeds events and counts them.
func (b *bundle) numbered(events ...payload.Event) {
	b.t.Helper()
	b.feed(events...)
	if err := b.store.FoldRollups(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// passing are the events of an upload that succeeds in the inventory after so
// many seconds there.
func passing(n, seconds int, before time.Duration) []payload.Event {
	return []payload.Event{
		event(n, "ingress", "received", before), event(n, "ingress", "success", before-2*time.Second),
		event(n, "inventory", "received", before-5*time.Second),
		event(n, "inventory", "success", before-time.Duration(5+seconds)*time.Second),
	}
}

func TestQuestion8TellsHowThePlatformDoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.numbered(append(append(failing(1, "no such host"), passing(2, 4, 30*time.Minute)...), passing(3, 40, 30*time.Hour)...)...)
	data := b.data(question8, nil)

	inventory := at(t, data, "services", 1)
	want(t, inventory, "inventory", "name")
	for field, n := range map[string]int{"received": 2, "succeeded": 1, "failed": 1, "open": 0} {
		want(t, inventory, n, field)
	}
	want(t, inventory, 0.5, "successRate")
	want(t, inventory, 1, "before", "successRate")
	if p95, ok := at(t, inventory, "before", "duration", "p95").(string); !ok || !strings.HasPrefix(p95, "PT39") && !strings.HasPrefix(p95, "PT4") {
		t.Errorf("it took %v the day before, want 40 s within 5 %%", p95)
	}
	received := 0.0
	trend := at(t, inventory, "trend").([]any)
	for i := range trend {
		received += at(t, trend, i, "received").(float64)
	}
	if len(trend) < 24 || received != 2 {
		t.Errorf("a trend of %d points with %v payloads", len(trend), received)
	}

	want(t, data, map[string]any{"service": "ingress", "payloads": 2, "failed": 0}, "flow", "nodes", 0)
	want(t, data, "ingress", "flow", "edges", 0, "from")
	want(t, data, "inventory", "flow", "edges", 0, "to")
	want(t, data, 1, "flow", "edges", 0, "payloads")
	if wait, ok := at(t, data, "flow", "edges", 0, "handover", "p50").(string); !ok || !strings.HasPrefix(wait, "PT2.9") && !strings.HasPrefix(wait, "PT3") {
		t.Errorf("handed over in %v, want 3 s within 5 %%", wait)
	}

	want(t, data, []any{
		map[string]any{"requestId": requestID(1).String(), "duration": "PT1M"},
		map[string]any{"requestId": requestID(2).String(), "duration": "PT9S"},
	}, "slowest", "nodes")
}

func TestNumbersAreOfWhatTheFilterSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := event(2, "ingress", "success", time.Minute)
	other.OrgID = "org2"
	b.numbered(append(failing(1, "x"), other)...)
	data := b.data(`{
		ofOrg: services(window: {since: "PT24H"}, filter: {orgId: {eq: "org2"}}) { name received }
		ofSource: services(window: {since: "PT24H"}, filter: {source: {eq: "inventory-mq"}}) { name failed }
		around: flow(window: {since: "PT24H"}, filter: {service: {eq: "PUPTOO"}}) { edges { from to } }
		slow: slowest(window: {since: "PT24H"}, orgId: "org2") { nodes { requestId verdict { state } } }
		none: slowest(window: {since: "PT24H"}, first: 0) { nodes { requestId } } }`, nil)
	want(t, data, []any{map[string]any{"name": "ingress", "received": 1}}, "ofOrg")
	want(t, data, []any{map[string]any{"name": "inventory", "failed": 1}}, "ofSource")
	want(t, data, []any{map[string]any{"from": "ingress", "to": "puptoo"}, map[string]any{"from": "puptoo", "to": "inventory"}}, "around", "edges")
	want(t, data, []any{map[string]any{"requestId": requestID(2).String(), "verdict": map[string]any{"state": "SUCCEEDED"}}}, "slow", "nodes")
	want(t, data, []any{}, "none", "nodes")
	for _, wrong := range []string{
		`{ services(window: {}) { name } }`, `{ flow(window: {since: "PT1H"}, filter: {source: {eq: "x"}}) { nodes { service } } }`,
		`{ slowest(window: {to: "2026-05-04T12:00:00Z"}) { nodes { requestId } } }`, `{ slowest(window: {since: "PT1H"}, first: 501) { nodes { requestId } } }`,
	} {
		if r := b.ask(wrong, nil); r.code() != "BAD_USER_INPUT" {
			t.Errorf("%s: %s", wrong, r.body)
		}
	}
}

func TestQuestion9TellsWhatIsDifferent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(append(failing(1, "x"), passing(2, 4, 30*time.Minute)...)...)
	ids := map[string]any{"a": requestID(2).String(), "b": requestID(1).String()}
	c := at(t, b.data(question9, ids), "compare")
	want(t, c, []string{}, "onlyInA")
	want(t, c, []string{"puptoo"}, "onlyInB")
	want(t, c, map[string]any{
		"service": "ingress", "source": nil, "ratio": 1,
		"a": map[string]any{"state": "SUCCEEDED", "duration": "PT2S"}, "b": map[string]any{"state": "SUCCEEDED", "duration": "PT2S"},
	}, "stages", 0)
	want(t, c, nil, "stages", 1, "a")
	want(t, c, "puptoo", "stages", 1, "service")
	want(t, c, map[string]any{"state": "FAILED", "duration": "PT0S"}, "stages", 3, "b")
	ids["b"] = requestID(9).String()
	want(t, b.data(question9, ids), nil, "compare")

	// What lies below is read for both at once.
	deep := `{ compare(a: "` + requestID(2).String() + `", b: "` + requestID(1).String() + `") { stages { a { statuses { nodes { status } } } b { statuses { nodes { status } } } } } }`
	if n := b.cost(deep); n != 2 {
		t.Errorf("%d statements: %q", n, b.statements.SQL())
	}
	same := b.data(question9, map[string]any{"a": requestID(1).String(), "b": requestID(1).String()})
	want(t, same, []string{}, "compare", "onlyInB")
}

func TestQuestion10TellsWhetherTheTrackerIsWell(t *testing.T) {
	t.Parallel()
	ends, away := map[int32]int64{0: 9, 1: 4}, error(nil)
	b := setup(t, func(c *graph.HandlerConfig) {
		c.Topic = graph.TopicConfig{Group: "test", Name: "t", Ends: func(context.Context) (map[int32]int64, error) { return ends, away }}
	})
	b.feed(failing(1, "x")...)
	b.feed(event(2, "puptoo", "dancing", time.Minute))
	var letters store.LetterCounts
	letters.Add(payload.ReasonNotJSON, "", 6, []byte("third-party"))
	_, err := b.store.Ingest(t.Context(), store.Batch{Group: "test", Parts: []store.Part{{
		Topic: "t", TopicID: [16]byte{1}, From: b.next, To: b.next + 1, Letters: letters,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	state := at(t, b.data(question10, nil), "ingest")
	want(t, state, []any{
		map[string]any{"topic": "t", "partition": 0, "position": 7, "end": 9, "lag": 2},
		map[string]any{"topic": "t", "partition": 1, "position": nil, "end": 4, "lag": nil},
	}, "partitions")
	want(t, state, "2026-05-04T11:50:00.000000Z", "oldestEvent")
	want(t, state, map[string]any{"service": "puptoo", "date": "2026-05-04T11:59:00.000000Z"}, "lastEvent", 2)
	want(t, state, []any{map[string]any{"status": "dancing", "service": "puptoo", "count": 1}}, "unknownStatuses")
	want(t, state, map[string]any{
		"reason": "not_json", "service": nil, "count": 1, "lastAt": "2026-05-04T12:00:00.000000Z", "sample": "third-party",
	}, "deadLetters", 0)

	// Without the broker the rest is told, and why the ends are not.
	ends, away = nil, payload.Errorf(payload.CodeUnavailable, "the broker is away")
	state = at(t, b.data(`{ ingest { partitions { position end lag } brokerProblem lateEvents lastEvent { service } } }`, nil), "ingest")
	want(t, state, "the broker is away", "brokerProblem")
	want(t, state, []any{map[string]any{"position": 7, "end": nil, "lag": nil}}, "partitions")
	want(t, state, "ingress", "lastEvent", 0, "service")
}

func TestQuestion7TellsWhyUploadsFail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.numbered(append(append(failing(1, "no host 17"), failing(2, "no host 18")...), failing(3, "the disk is full")...)...)
	again := event(2, "inventory", "success", time.Minute)
	again.Source = "inventory-mq"
	b.numbered(again)
	groups := at(t, b.data(question7, nil), "failures")
	group := at(t, groups, 0)
	fingerprint := payload.FingerprintOf("inventory", "inventory-mq", "no host 17").String()
	for field, v := range map[string]any{
		"fingerprint": fingerprint, "service": "inventory", "source": "inventory-mq", "total": 2, "open": 1, "isNew": nil, "orgs": 1,
		"firstSeen": "2026-05-04T11:51:00.000000Z", "lastSeen": "2026-05-04T11:51:00.000000Z",
	} {
		want(t, group, v, field)
	}
	if share := at(t, group, "share").(float64); share < 0.66 || share > 0.67 {
		t.Errorf("a share of %v, want two thirds", share)
	}
	if sample, ok := at(t, group, "sample").(string); !ok || !strings.HasPrefix(sample, "no host 1") {
		t.Errorf("sample %v", sample)
	}
	if id := at(t, group, "payloads", "nodes", 0, "requestId"); id != requestID(1).String() && id != requestID(2).String() {
		t.Errorf("%v did not fail so", id)
	}
	if n := len(groups.([]any)); n != 2 {
		t.Errorf("%d groups", n)
	}

	// A kind leads to its payloads, by the same name.
	data := b.data(`{
		kind: failures(window: {since: "PT24H"}, filter: {fingerprint: "`+fingerprint+`"}) { total payloads(first: 0) { nodes { requestId } } }
		elsewhere: failures(window: {since: "PT24H"}, filter: {service: {eq: "puptoo"}}) { total }
		payloads(filter: {fingerprint: {eq: "`+fingerprint+`"}}) { nodes { requestId verdict { failure { fingerprint } } } } }`, nil)
	want(t, data, []any{map[string]any{"total": 2, "payloads": map[string]any{"nodes": []any{}}}}, "kind")
	want(t, data, []any{}, "elsewhere")
	want(t, data, []any{map[string]any{
		"requestId": requestID(1).String(), "verdict": map[string]any{"failure": map[string]any{"fingerprint": fingerprint}},
	}}, "payloads", "nodes")
	for _, wrong := range []string{
		`{ failures(window: {since: "PT1H"}, filter: {fingerprint: "x"}) { total } }`, `{ payloads(filter: {fingerprint: {eq: "x"}}) { nodes { requestId } } }`,
		`{ failures(window: {since: "PT24H"}) { payloads(first: -1) { nodes { requestId } } } }`,
	} {
		if r := b.ask(wrong, nil); r.code() != "BAD_USER_INPUT" {
			t.Errorf("%s: %s", wrong, r.body)
		}
	}
	// The payloads of all groups are read together.
	alone := b.cost(`{ failures(window: {since: "PT24H"}) { total } }`)
	if n := b.cost(question7); n != alone+1 {
		t.Errorf("%d statements for two groups, %d with their payloads: %q", alone, n, b.statements.SQL())
	}
}

// A kind of failure has three payloads at most: asking for more costs no more.
func TestSamplesOfAFailureCostWhatThereCanBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	costs := map[string]any{}
	for _, first := range []string{"3", "500"} {
		r := b.ask(`{ failures(window: {since: "PT1H"}) { trend { at count } payloads(first: `+first+`) { nodes { requestId verdict { sentence } } } } }`, nil)
		if len(r.Errors) > 0 {
			t.Error(r.body)
		}
		costs[first] = at(t, r.Extensions, "cost", "complexity")
	}
	if costs["3"] != costs["500"] {
		t.Errorf("costs %v", costs)
	}
}
