package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/payload-tracker/payload-tracker/bench/data/stock"
)

const ms = time.Millisecond

// question is asked many times, with other variables each time.
type question struct {
	name   string
	within time.Duration
	query  string
	vary   func(*rand.Rand) map[string]any
	deep   bool // not the first page, but the one after 10,000 rows (the last one, of a shorter list)
	list   string
}

func same(*rand.Rand) map[string]any { return map[string]any{} }

const (
	whereIsIt = `query ($id: RequestID!) { payload(by: {requestId: $id}) {
		requestId orgId startedAt updatedAt verdict { state sentence final servicesPassed failure { service status message at } }
		stages { service source state startedAt endedAt duration }
		timeline(last: 5) { nodes { service source status message date sincePrevious } } } }`
	ofHost = `query ($id: String!) { payload(by: {%s: $id}) { requestId verdict { state sentence } } }`

	payloads = `query ($first: Int = 20, $after: String) { payloads(%s first: $first, after: $after) {
		nodes { requestId orgId startedAt verdict { state sentence quietSince failure { service message } } }
		pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
	statuses = `{ statuses(%s first: 50) { nodes { service source status message date payload { requestId verdict { state } } } pageInfo { hasNextPage endCursor } } }`
	large    = `query ($id: RequestID!) { payload(by: {requestId: $id}) { verdict { sentence } timeline(%s) { nodes { service status message date sincePrevious } pageInfo { hasNextPage } } } }`
)

// questions of the table, in its order.
func questions(plan stock.Plan) []question {
	settled := plan.Before(time.Now().Add(-time.Minute))
	anyPayload := func(r *rand.Rand) map[string]any {
		return map[string]any{"id": plan.RequestID(r.IntN(settled)).String()}
	}
	anyHost := func(system bool) func(r *rand.Rand) map[string]any {
		return func(r *rand.Rand) map[string]any {
			id, systemID := plan.Host(r.IntN(20), r.IntN(100))
			if system {
				id = systemID
			}
			return map[string]any{"id": id}
		}
	}
	list := []question{
		{name: "payload by request id: verdict, stages, last 5 statuses", within: 10 * ms, query: whereIsIt, vary: anyPayload},
		{name: "newest payload of a host, by inventory id", within: 15 * ms, query: fmt.Sprintf(ofHost, "inventoryId"), vary: anyHost(false)},
		{name: "newest payload of a host, by system id", within: 15 * ms, query: fmt.Sprintf(ofHost, "systemId"), vary: anyHost(true)},
	}
	for _, l := range []struct{ name, filter string }{
		{"of the large org", `filter: {orgId: {eq: "` + stock.LargestOrg + `"}},`},
		{"of a tiny org", `filter: {orgId: {eq: "` + stock.TiniestOrg + `"}},`},
		{"of all", ``},
		{"FAILED", `filter: {verdict: {eq: FAILED}},`},
		{"STALLED", `filter: {verdict: {eq: STALLED}},`},
		{"STALLED, by quiet since", `filter: {verdict: {eq: STALLED}}, orderBy: {field: QUIET_SINCE, direction: ASC},`},
		{"by failed service", `filter: {failedService: {eq: "` + stock.FailingStep + `"}},`},
		{"by failed service and org in the last hour, by failed at", `filter: {orgId: {eq: "` + stock.LargestOrg + `"}, failedService: {eq: "` + stock.FailingStep + `"}, failedAt: {since: "PT1H"}}, orderBy: {field: FAILED_AT},`},
		{"by service and status (error) in the last day", `filter: {service: {eq: "patchman"}, status: {eq: "error"}, startedAt: {since: "P1D"}},`},
		{"by service and status (success) in the last day", `filter: {service: {eq: "patchman"}, status: {eq: "success"}, startedAt: {since: "P1D"}},`},
	} {
		query := fmt.Sprintf(payloads, l.filter)
		list = append(list,
			question{name: "payloads " + l.name, within: 25 * ms, query: query, vary: same, list: "payloads"},
			question{name: "payloads " + l.name + ", page 500", within: 25 * ms, query: query, vary: same, list: "payloads", deep: true})
	}
	for _, l := range []struct {
		name, filter string
		within       time.Duration
	}{
		{"latest", ``, 50 * ms},
		{"latest of a service", `service: {eq: "puptoo"}`, 50 * ms},
		{"latest of the large org", `orgId: {eq: "` + stock.LargestOrg + `"}`, 50 * ms},
		{"latest of a tiny org", `orgId: {eq: "` + stock.TiniestOrg + `"}`, 50 * ms},
		{"errors of a service in the last hour", `service: {eq: "patchman"}, status: {eq: "error"}, date: {since: "PT1H"}`, 50 * ms},
		{"of a rare word", `status: {eq: "` + stock.RareStatus + `"}`, 50 * ms},
		{"message contains, with service and status over 24 h", `service: {eq: "patchman"}, status: {eq: "error"}, message: {contains: "TIMED out"}, date: {since: "PT24H"}`, 100 * ms},
		{"message contains a text that is nowhere, with service and status over 24 h", `service: {eq: "puptoo"}, status: {eq: "success"}, message: {contains: "no such text"}, date: {since: "PT24H"}`, 100 * ms},
		{"message contains a common text, alone", `message: {contains: "handed ON"}`, 2000 * ms},
		{"message contains a text of failures, alone", `message: {contains: "` + stock.CommonText + `"}`, 2000 * ms},
		{"message contains a rare text, alone", `message: {contains: "` + stock.RareText + `"}`, 2000 * ms},
		{"message contains a text that is nowhere, alone", `message: {contains: "no such text"}`, 2000 * ms},
	} {
		filter := ""
		if l.filter != "" {
			filter = "filter: {" + l.filter + "},"
		}
		list = append(list, question{name: "statuses: " + l.name, within: l.within, query: fmt.Sprintf(statuses, filter), vary: same})
	}
	for _, l := range []struct{ name, list string }{
		{"payloads", `payloads`},
		{"payloads of the large org", `payloads(filter: {orgId: {eq: "` + stock.LargestOrg + `"}})`},
		{"payloads of a tiny org", `payloads(filter: {orgId: {eq: "` + stock.TiniestOrg + `"}})`},
		{"payloads FAILED", `payloads(filter: {verdict: {eq: FAILED}})`},
		{"payloads STALLED", `payloads(filter: {verdict: {eq: STALLED}})`},
		{"payloads by failed service", `payloads(filter: {failedService: {eq: "` + stock.FailingStep + `"}})`},
		{"payloads by service and status in the last day", `payloads(filter: {service: {eq: "patchman"}, status: {eq: "success"}, startedAt: {since: "P1D"}})`},
		{"statuses", `statuses`},
		{"statuses of a service", `statuses(filter: {service: {eq: "puptoo"}})`},
		{"statuses of the large org", `statuses(filter: {orgId: {eq: "` + stock.LargestOrg + `"}})`},
		{"statuses of a tiny org", `statuses(filter: {orgId: {eq: "` + stock.TiniestOrg + `"}})`},
		{"statuses of a rare word", `statuses(filter: {status: {eq: "` + stock.RareStatus + `"}})`},
		{"errors of a service in the last hour", `statuses(filter: {service: {eq: "patchman"}, status: {eq: "error"}, date: {since: "PT1H"}})`},
	} {
		list = append(list, question{name: "total of " + l.name, within: 50 * ms, query: `{ ` + l.list + ` { total { value exact } } }`, vary: same})
	}
	ofLarge := func(*rand.Rand) map[string]any { return map[string]any{"id": plan.LargeID().String()} }
	return append(list,
		question{name: "payload of 50,000 events, its first page", within: 25 * ms, query: fmt.Sprintf(large, "first: 50"), vary: ofLarge},
		question{name: "payload of 50,000 events, its last page", within: 25 * ms, query: fmt.Sprintf(large, "last: 50"), vary: ofLarge})
}
