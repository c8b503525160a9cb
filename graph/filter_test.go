package graph_test

import (
	"fmt"
	"testing"
	"time"
)

// Each filter field reaches its own field of the store: of two payloads that
// differ in everything it finds the one, and its opposite finds the other.
func TestEachFilterOfPayloads(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "Host validation failed")...)
	second := event(2, "puptoo", "received", time.Minute)
	second.Source, second.OrgID, second.Account, second.InventoryID, second.SystemID = "worker", "org2", "acc2", "inventory-2", "machine-2"
	b.feed(second)
	one, two := requestID(1).String(), requestID(2).String()
	for filter, id := range map[string]string{
		fmt.Sprintf(`requestId: {eq: %q}`, one):          one,
		fmt.Sprintf(`requestId: {in: [%q]}`, two):        two,
		fmt.Sprintf(`requestId: {notIn: %q}`, two):       one,
		`orgId: {eq: "org1"}`:                            one,
		`orgId: {notIn: ["org1"]}`:                       two,
		`account: {in: ["acc2", "x"]}`:                   two,
		`inventoryId: {eq: "inventory-1"}`:               one,
		`systemId: {eq: "machine-2"}`:                    two,
		`service: {eq: "ingress"}`:                       one,
		`service: {notIn: ["inventory"]}`:                two,
		`source: {eq: "worker"}`:                         two,
		`status: {eq: "success"}`:                        one,
		`verdict: {eq: IN_PROGRESS}`:                     two,
		`verdict: {in: [FAILED, SUCCEEDED]}`:             one,
		`verdict: {notIn: [FAILED]}`:                     two,
		`failedService: {eq: "inventory"}`:               one,
		`failureMessage: {contains: "VALIDATION"}`:       one,
		`startedAt: {since: "PT5M"}`:                     two,
		`startedAt: {to: "2026-05-04T11:55:00Z"}`:        one,
		`startedAt: {from: "2026-05-04T13:55:00+02:00"}`: two,
		`failedAt: {since: "PT1H"}`:                      one,
		`duration: {gte: "PT1M"}`:                        one,
		`duration: {lt: "PT1M"}`:                         two,
	} {
		data := b.data(`{ payloads(filter: {`+filter+`}) { nodes { requestId } total { value } } }`, nil)
		want(t, data, []any{map[string]any{"requestId": id}}, "payloads", "nodes")
		want(t, data, 1, "payloads", "total", "value")
		if t.Failed() {
			t.Fatal(filter)
		}
	}
	want(t, b.data(`{ payloads(filter: {orgId: {in: []}}) { nodes { requestId } } }`, nil), []any{}, "payloads", "nodes")
}

func TestEachFilterOfStatuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := event(1, "puptoo", "received", time.Hour)
	second := event(2, "inventory", "error", time.Minute)
	second.Source, second.OrgID, second.Account, second.Message = "mq", "org2", "acc2", "Timeout"
	b.feed(first, second)
	one, two := requestID(1).String(), requestID(2).String()
	for filter, id := range map[string]string{
		`service: {eq: "puptoo"}`:                   one,
		`source: {eq: "mq"}`:                        two,
		`source: {eq: ""}`:                          one,
		`status: {notIn: ["error"]}`:                one,
		`message: {contains: "timeout"}`:            two,
		`orgId: {eq: "org2"}`:                       two,
		`account: {eq: "acc1"}`:                     one,
		fmt.Sprintf(`requestId: {eq: %q}`, two):     two,
		`date: {since: "PT2M"}`:                     two,
		`date: {to: "2026-05-04T11:30:00.000001Z"}`: one,
	} {
		data := b.data(`{ statuses(filter: {`+filter+`}) { nodes { requestId } total { value } } }`, nil)
		want(t, data, []any{map[string]any{"requestId": id}}, "statuses", "nodes")
		want(t, data, 1, "statuses", "total", "value")
		if t.Failed() {
			t.Fatal(filter)
		}
	}
}

func TestEachOrderRunsBothWays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(append(failing(1, "x"), failing(2, "y")...)...)
	b.feed(event(3, "puptoo", "received", 3*time.Minute), event(4, "puptoo", "received", 2*time.Minute))
	for order, ids := range map[string][2]int{"STARTED_AT": {1, 4}, "FAILED_AT": {1, 2}, "QUIET_SINCE": {3, 4}} {
		for direction, i := range map[string]int{"ASC": 0, "DESC": 1} {
			query := fmt.Sprintf(`{ payloads(orderBy: {field: %s, direction: %s}) { nodes { requestId } } }`, order, direction)
			want(t, b.data(query, nil), requestID(ids[i]).String(), "payloads", "nodes", 0, "requestId")
		}
		want(t, b.data(`{ payloads(orderBy: {field: `+order+`}) { nodes { requestId } } }`, nil), requestID(ids[1]).String(), "payloads", "nodes", 0, "requestId")
	}
	want(t, b.data(`{ statuses(orderBy: {field: DATE, direction: ASC}, first: 1) { nodes { requestId status } } }`, nil), "received", "statuses", "nodes", 0, "status")
}

func TestATimelineIsWalkedBackwards(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	query := `query ($id: RequestID!, $before: String) { payload(by: {requestId: $id}) { timeline(last: 2, before: $before) {
		nodes { service status sincePrevious } pageInfo { hasPreviousPage hasNextPage startCursor } } } }`
	id := requestID(1).String()
	newest := b.data(query, map[string]any{"id": id})
	want(t, newest, "error", "payload", "timeline", "nodes", 1, "status")
	want(t, newest, "PT2S", "payload", "timeline", "nodes", 0, "sincePrevious")
	want(t, newest, true, "payload", "timeline", "pageInfo", "hasPreviousPage")
	before := at(t, newest, "payload", "timeline", "pageInfo", "startCursor")
	older := b.data(query, map[string]any{"id": id, "before": before})
	want(t, older, map[string]any{"service": "puptoo", "status": "received", "sincePrevious": "PT1S"}, "payload", "timeline", "nodes", 1)
	want(t, older, true, "payload", "timeline", "pageInfo", "hasNextPage")
}
