package graph_test

import (
	"strings"
	"testing"

	"github.com/payload-tracker/payload-tracker/payload"
)

// everything below a payload that costs a statement.
const everything = `{
  requestId
  verdict { state failure { message } }
  current { status message payload { requestId } }
  timeline(last: 3) { nodes { status payload { requestId } } edges { node { message payload { verdict { state } } } } }
  stages { service failure { message } statuses(first: 2) { nodes { status payload { requestId hosts { nodes { systemId } } } } } }
  hosts { nodes { systemId } }
  links { archive }
}`

// deepest is as much of it as a page of 500 may ask for.
const deepest = `{
  verdict { state failure { message } }
  current { message payload { requestId } }
  timeline(last: 2) { edges { node { message payload { requestId } } } }
  stages { failure { message } statuses(first: 1) { nodes { payload { hosts(first: 1) { nodes { systemId } } } } } }
  hosts(first: 2) { edges { node { systemId } } }
}`

// Through nodes and through edges, from payloads and from statuses: what is
// asked decides the number of statements, not how much there is.
func TestAQuestionCostsTheSameStatementsForOneAndForFiveHundred(t *testing.T) {
	t.Parallel()
	few, many := setup(t), setup(t)
	long := strings.Repeat("long ", 500)
	few.feed(failing(1, long)...)
	var events []payload.Event
	for n := 1; n <= 500; n++ {
		events = append(events, failing(n, long)...)
	}
	many.feed(events...)
	for name, query := range map[string]string{
		"nodes":            `{ payloads(first: 50) { nodes ` + everything + ` } }`,
		"edges":            `{ payloads(first: 50) { edges { node ` + everything + ` } } }`,
		"statuses, nodes":  `{ statuses(first: 50) { nodes { payload ` + everything + ` } } }`,
		"statuses, edges":  `{ statuses(first: 50) { edges { node { payload ` + everything + ` } } } }`,
		"since previous":   `{ statuses(first: 50) { nodes { sincePrevious } } }`,
		"find":             `{ find(id: "machine-1") { kinds payloads(first: 50) { nodes ` + everything + ` } } }`,
		"500, nodes":       `{ payloads(first: 500) { nodes ` + deepest + ` } }`,
		"500, edges":       `{ payloads(first: 500) { edges { node ` + deepest + ` } } }`,
		"500, statuses":    `{ statuses(first: 500) { nodes { payload ` + deepest + ` } } }`,
		"500, found":       `{ find(id: "machine-1") { payloads(first: 500) { nodes ` + deepest + ` } } }`,
		"with their total": `{ payloads(first: 50) { nodes { requestId } total { value } } }`,
	} {
		one, all := few.cost(query), many.cost(query)
		if one != all || one == 0 {
			t.Errorf("%s: %d statements for one payload, %d for 500", name, one, all)
		}
	}
}

// cost is the number of statements; the rules are read every other second,
// whoever asks.
func (b *bundle) cost(query string) int {
	b.t.Helper()
	b.statements.Reset()
	b.data(query, nil)
	count := 0
	for _, sql := range b.statements.SQL() {
		if !strings.Contains(sql, "FROM rules") {
			count++
		}
	}
	return count
}

func TestNothingIsReadThatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	if n := b.cost(`{ payloads { nodes { requestId verdict { sentence failure { message } } stages { service state } } } }`); n != 1 {
		t.Errorf("a list with verdicts takes %d statements: %q", n, b.statements.SQL())
	}
	for query, unread := range map[string][]string{
		`{ payloads { nodes { id requestId orgId startedAt links { archive } } } }`:                                        {"journey", "hosts", "statuses"},
		`{ payloads { edges { cursor node { ...f } } } } fragment f on Payload { requestId }`:                              {"journey", "hosts"},
		`{ payloads { nodes { requestId verdict @skip(if: true) { state } } } }`:                                           {"journey"},
		`{ payloads { pageInfo { hasNextPage } } }`:                                                                        {"journey"},
		`{ find(id: "machine-1") { payloads { nodes { requestId } } } }`:                                                   {"journey"},
		`{ statuses { nodes { requestId service date } } }`:                                                                {"s.message,", "journey"},
		`{ statuses { edges { node { service message } } } }`:                                                              {"JOIN payloads"},
		`{ statuses(filter: {message: {contains: "x"}}) { nodes { service } } }`:                                           {"s.trail_id, s.message", "JOIN payloads"},
		`{ payloads { nodes { timeline { nodes { status } } stages { statuses { nodes { status } } } } } }`:                {"s.message,", "hosts"},
		`{ payloads { nodes { current { status date } timeline(last: 1) { nodes { status } } } } }`:                        {"s.message,"},
		`{ statuses { nodes { payload { id requestId orgId } } } }`:                                                        {"journey"},
		`{ slowest(window: {since: "PT1H"}) { nodes { requestId duration } } }`:                                            {"journey"},
		`{ statuses { nodes { sincePrevious } } }`:                                                                         {"s.message,"},
		`{ payloads { nodes { a: timeline(last: 1) { nodes { status } } b: stages { statuses { edges { cursor } } } } } }`: {"s.message,"},
	} {
		b.cost(query)
		for _, sql := range b.statements.SQL() {
			for _, part := range unread {
				if strings.Contains(sql, part) {
					t.Errorf("%s reads %s: %s", query, part, sql)
				}
			}
		}
	}
}

// What only one alias, fragment or way to the elements asks for is read.
func TestAllThatWasAskedForIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "Host validation failed")...)
	data := b.data(`{
		payloads { nodes { requestId } edges { node { ... on Payload { ...v } } } }
		plain: payloads { nodes { requestId } }
		statuses(filter: {status: {eq: "error"}}) { nodes { service } edges { node { requestId ...m } } }
		mixed: statuses(first: 1) { nodes { a: payload { requestId } b: payload { ...v } } }
		slow: slowest(window: {since: "PT1H"}) { nodes { ...v } }
		newest: payloads { nodes { a: current { status } b: current { ...m } } }
		of: payloads { nodes { a: timeline(last: 1) { nodes { status } } b: timeline(last: 1) { nodes { message } } inventoryId } }
	} fragment v on Payload { verdict { state } } fragment m on Status { message }`, nil)
	want(t, data, "FAILED", "payloads", "edges", 0, "node", "verdict", "state")
	want(t, data, requestID(1).String(), "plain", "nodes", 0, "requestId")
	want(t, data, map[string]any{"requestId": requestID(1).String(), "message": "Host validation failed"}, "statuses", "edges", 0, "node")
	want(t, data, map[string]any{"a": map[string]any{"status": "error"}, "b": map[string]any{"message": "Host validation failed"}}, "newest", "nodes", 0)
	want(t, data, map[string]any{"a": map[string]any{"requestId": requestID(1).String()}, "b": map[string]any{"verdict": map[string]any{"state": "FAILED"}}}, "mixed", "nodes", 0)
	want(t, data, "FAILED", "slow", "nodes", 0, "verdict", "state")
	want(t, data, "error", "of", "nodes", 0, "a", "nodes", 0, "status")
	want(t, data, "Host validation failed", "of", "nodes", 0, "b", "nodes", 0, "message")
	want(t, data, "inventory-1", "of", "nodes", 0, "inventoryId")
	id := at(t, b.data(`{ statuses(first: 1) { nodes { id } } }`, nil), "statuses", "nodes", 0, "id")
	data = b.data(`query ($id: ID!) { node(id: $id) { ...m ... on Status { status } } short: node(id: $id) { ... on Status { status } } } fragment m on Status { message }`, map[string]any{"id": id})
	want(t, data, map[string]any{"node": map[string]any{"message": "Host validation failed", "status": "error"}, "short": map[string]any{"status": "error"}})
}
