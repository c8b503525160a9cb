package graph_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
)

// The questions that clients send as they stand.
const (
	question1 = `query ($id: RequestID!) { payload(by: {requestId: $id}) {
    id requestId orgId account inventoryId systemId
    startedAt updatedAt takenInAt duration
    verdict { state sentence final servicesPassed quietSince coveredFailures
              failure { service source status message at fingerprint } }
    current { service source status message date }
    timeline(last: 5) { nodes { id service source status message date sincePrevious } }
    stages { service source state startedAt endedAt duration failure { status message at } statuses(first: 50) { nodes { status message date } } }
    hosts(first: 20) { nodes { inventoryId systemId } }
    links { archive logs trace } } }`
	question2 = `{ payloads(filter: {systemId: {eq: "machine-1"}}, first: 20) { nodes { requestId verdict { state sentence } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } total { value exact } } }`
	question3 = `{ payloads(filter: {orgId: {eq: "org1"}, failedService: {eq: "inventory"}, failedAt: {since: "PT1H"}}, orderBy: {field: FAILED_AT, direction: DESC}) { nodes { requestId verdict { sentence failure { message } } } } }`
	question4 = `{ statuses(filter: {service: {in: ["inventory"]}, status: {eq: "error"}, message: {contains: "timeout"}, date: {since: "PT24H"}}, orderBy: {field: DATE, direction: DESC}, first: 50) { nodes { service source status message date payload { requestId verdict { state } } } } }`
	question5 = `query ($id: String!) { find(id: $id) { kinds payloads(first: 5) { nodes { requestId verdict { sentence } } } } }`
	question6 = `{ payloads(filter: {verdict: {in: [STALLED]}}, orderBy: {field: QUIET_SINCE, direction: ASC}, first: 50) { nodes { requestId verdict { sentence quietSince } } } }`
)

func TestQuestion1TellsAllOfAPayload(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *graph.HandlerConfig) {
		c.Links.KibanaURL, c.Links.KibanaIndex = "https://logs.example.com/discover", "idx"
	})
	b.feed(failing(1, "host validation failed\nmore")...)
	id := requestID(1).String()
	dashed := strings.ToUpper(id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:])
	p := at(t, b.data(question1, map[string]any{"id": dashed}), "payload")

	want(t, p, id, "requestId")
	want(t, p, "org1", "orgId")
	want(t, p, "inventory-1", "inventoryId")
	want(t, p, "2026-05-04T11:50:00.000000Z", "startedAt")
	want(t, p, "PT1M", "duration")
	want(t, p, "FAILED", "verdict", "state")
	want(t, p, "failed in inventory after 2 services: host validation failed", "verdict", "sentence")
	want(t, p, true, "verdict", "final")
	want(t, p, 2, "verdict", "servicesPassed")
	want(t, p, []string{}, "verdict", "coveredFailures")
	want(t, p, map[string]any{
		"service": "inventory", "source": "inventory-mq", "status": "error",
		"message": "host validation failed\nmore", "at": "2026-05-04T11:51:00.000000Z",
		"fingerprint": payload.FingerprintOf("inventory", "inventory-mq", "host validation failed\nmore").String(),
	}, "verdict", "failure")
	want(t, p, "error", "current", "status")
	want(t, p, "host validation failed\nmore", "current", "message")
	want(t, p, "PT2S", "timeline", "nodes", 1, "sincePrevious")
	want(t, p, nil, "timeline", "nodes", 0, "sincePrevious")
	want(t, p, nil, "timeline", "nodes", 0, "source")
	want(t, p, "ingress", "stages", 0, "service")
	want(t, p, "SUCCEEDED", "stages", 0, "state")
	want(t, p, "received", "stages", 0, "statuses", "nodes", 0, "status")
	want(t, p, "FAILED", "stages", 2, "state")
	want(t, p, "PT0S", "stages", 2, "duration")
	want(t, p, "error", "stages", 2, "failure", "status")
	want(t, p, []any{map[string]any{"inventoryId": "inventory-1", "systemId": "machine-1"}}, "hosts", "nodes")
	want(t, p, "/api/v1/payloads/"+id+"/archiveLink", "links", "archive")
	want(t, p, nil, "links", "trace")
	if logs := at(t, p, "links", "logs").(string); !strings.Contains(logs, "request_id:"+id) || !strings.Contains(logs, "index:'idx'") {
		t.Errorf("logs are at %s", logs)
	}
}

func TestAnUnknownPayloadIsNull(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want(t, b.data(question1, map[string]any{"id": requestID(9).String()}), nil, "payload")
}

func TestAHostsIDGivesItsNewestPayload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := 1; n <= 2; n++ {
		e := event(n, "ingress", "received", time.Duration(10-n)*time.Minute)
		e.SystemID = "machine-1"
		b.feed(e)
	}
	want(t, b.data(`{ payload(by: {systemId: "machine-1"}) { requestId } }`, nil), requestID(2).String(), "payload", "requestId")
}

func TestQuestion2ListsAMachinesUploads(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(append(failing(1, "a"), failing(2, "b")...)...)
	data := b.data(question2, nil)
	want(t, data, map[string]any{"value": 2, "exact": true}, "payloads", "total")
	want(t, data, false, "payloads", "pageInfo", "hasNextPage")
	want(t, data, requestID(2).String(), "payloads", "nodes", 0, "requestId")
	want(t, data, "FAILED", "payloads", "nodes", 1, "verdict", "state")

	query := `query ($after: String) { payloads(first: 1, after: $after) { edges { cursor node { requestId } } pageInfo { hasNextPage endCursor } } }`
	first := b.data(query, nil)
	second := b.data(query, map[string]any{"after": at(t, first, "payloads", "pageInfo", "endCursor")})
	want(t, first, true, "payloads", "pageInfo", "hasNextPage")
	want(t, second, requestID(1).String(), "payloads", "edges", 0, "node", "requestId")
	want(t, second, false, "payloads", "pageInfo", "hasNextPage")
}

func TestQuestion3FindsFailuresOfAService(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "no such host")...)
	b.feed(event(2, "inventory", "received", time.Minute))
	data := b.data(question3, nil)
	want(t, data, []any{map[string]any{
		"requestId": requestID(1).String(),
		"verdict": map[string]any{
			"sentence": "failed in inventory after 2 services: no such host",
			"failure":  map[string]any{"message": "no such host"},
		},
	}}, "payloads", "nodes")
}

func TestQuestion4FindsStatuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(append(failing(1, "Timeout of the database"), failing(2, "other")...)...)
	data := b.data(question4, nil)
	want(t, data, []any{map[string]any{
		"service": "inventory", "source": "inventory-mq", "status": "error", "message": "Timeout of the database",
		"date":    "2026-05-04T11:51:00.000000Z",
		"payload": map[string]any{"requestId": requestID(1).String(), "verdict": map[string]any{"state": "FAILED"}},
	}}, "statuses", "nodes")
	data = b.data(`{ statuses(filter: {requestId: {eq: "`+requestID(2).String()+`"}}) { edges { node { status sincePrevious } } } }`, nil)
	want(t, data, map[string]any{"status": "error", "sincePrevious": "PT55S"}, "statuses", "edges", 0, "node")
	want(t, data, map[string]any{"status": "received", "sincePrevious": nil}, "statuses", "edges", 4, "node")
	want(t, b.data(`{ statuses { total { value exact } } }`, nil), map[string]any{"value": 10, "exact": true}, "statuses", "total")
}

func TestQuestion5SaysWhatAnIDIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	for id, kind := range map[string]string{requestID(1).String(): "REQUEST", "inventory-1": "INVENTORY", "machine-1": "SYSTEM"} {
		data := b.data(question5, map[string]any{"id": id})
		want(t, data, []string{kind}, "find", "kinds")
		want(t, data, requestID(1).String(), "find", "payloads", "nodes", 0, "requestId")
	}
	data := b.data(question5, map[string]any{"id": "nobody"})
	want(t, data, map[string]any{"kinds": []string{}, "payloads": map[string]any{"nodes": []string{}}}, "find")
}

func TestQuestion6ListsWhatHangs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(event(1, "puptoo", "received", 22*time.Minute), event(2, "puptoo", "received", time.Minute))
	data := b.data(question6, nil)
	want(t, data, []any{map[string]any{
		"requestId": requestID(1).String(),
		"verdict": map[string]any{
			"sentence": fmt.Sprintf("no news from puptoo for %d min", 22), "quietSince": "2026-05-04T11:38:00.000000Z",
		},
	}}, "payloads", "nodes")
}

func TestAVerdictNamesWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rules := payload.DefaultRules()
	rules.Handovers = []payload.Handover{{From: "ingress", To: "puptoo"}}
	if err := b.store.ApplyRules(t.Context(), rules, nil); err != nil {
		t.Fatal(err)
	}
	b.feed(
		event(1, "ingress", "success", 22*time.Minute), event(1, "storage-broker", "received", 22*time.Minute),
		event(2, "puptoo", "success", 23*time.Minute),
	)
	data := b.data(`{ payloads { nodes { requestId verdict { waitsFor { service after } } } } }`, nil)
	want(t, data, []any{
		map[string]any{"requestId": requestID(1).String(), "verdict": map[string]any{"waitsFor": []any{
			map[string]any{"service": "storage-broker", "after": nil}, map[string]any{"service": "puptoo", "after": "ingress"},
		}}},
		map[string]any{"requestId": requestID(2).String(), "verdict": map[string]any{"waitsFor": []any{}}},
	}, "payloads", "nodes")
}

var pages = regexp.MustCompile(`(first|last): \d+`)

func TestEveryQuestionPassesTheDefaultLimitsWithFullPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	for _, question := range []string{question1, question2, question3, question4, question5, question6, question7, question8, question9, question10} {
		question = pages.ReplaceAllString(question, "first: 500")
		r := b.ask(question, map[string]any{"id": requestID(1).String(), "a": requestID(1).String(), "b": requestID(2).String()})
		if len(r.Errors) > 0 {
			t.Errorf("%s\n%s", question, r.body)
		}
		if c, ok := at(t, r.Extensions, "cost", "complexity").(float64); !ok || c < 80 {
			t.Errorf("cost %v of %s", r.Extensions, question)
		}
	}
}

func TestNodesComeBackByTheirIDs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(append(failing(1, "x"), failing(2, "y")...)...)
	data := b.data(`{ payloads { nodes { id current { id } } } }`, nil)
	ids := []any{
		at(t, data, "payloads", "nodes", 0, "id"),
		at(t, data, "payloads", "nodes", 1, "current", "id"),
		at(t, data, "payloads", "nodes", 1, "id"),
	}
	query := `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Payload { requestId verdict { state } } ... on Status { status payload { requestId } } } }`
	data = b.data(query, map[string]any{"ids": ids})
	want(t, data, "Payload", "nodes", 0, "__typename")
	want(t, data, requestID(2).String(), "nodes", 0, "requestId")
	want(t, data, "error", "nodes", 1, "status")
	want(t, data, requestID(1).String(), "nodes", 1, "payload", "requestId")
	for i, id := range ids {
		want(t, data, id, "nodes", i, "id")
		want(t, b.data(`query ($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": id}), id, "node", "id")
	}
	for _, key := range []string{":-9223372036854775808:0", ":9223372036854775807:0", ":x:0", "::", ""} {
		nonsense := base64.RawURLEncoding.EncodeToString([]byte("Status:" + requestID(1).String() + key))
		for _, id := range []string{nonsense, "nonsense"} {
			if r := b.ask(`{ node(id: "`+id+`") { id } }`, nil); r.code() != "BAD_USER_INPUT" {
				t.Errorf("%s: %s", key, r.body)
			}
		}
	}
}

// Payloads that are asked for by their ids are all there, however much there
// is to tell of each.
func TestNodesAreAllThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := []any{}
	for n := range 4 { // 3 MiB of failures each
		var events []payload.Event
		for service := range 256 {
			for step := range 12 {
				e := event(n, fmt.Sprint("service-", service), "error", time.Hour-time.Duration(step)*time.Minute)
				e.Message = strings.Repeat(fmt.Sprintf("%4d", step), 256)
				events = append(events, e)
			}
		}
		b.feed(events...)
		ids = append(ids, at(t, b.data(`query ($id: RequestID!) { payload(by: {requestId: $id}) { id } }`, map[string]any{"id": requestID(n).String()}), "payload", "id"))
	}
	data := b.data(`query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids})
	for i, id := range ids {
		want(t, data, map[string]any{"id": id}, "nodes", i)
	}
}

func TestALongFailureIsToldWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := strings.Repeat("a stack trace, line after line\n", 200)
	b.feed(failing(1, long)...)
	data := b.data(`{ payloads { nodes { verdict { failure { message } } stages { failure { message } } } } }`, nil)
	want(t, data, long, "payloads", "nodes", 0, "verdict", "failure", "message")
	want(t, data, long, "payloads", "nodes", 0, "stages", 2, "failure", "message")
}
