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

// Through nodes and through edges, from payloads and from statuses: what is
// asked decides the number of statements, not how much there is.
func TestAQuestionCostsTheSameStatementsForOneAndForFifty(t *testing.T) {
	t.Parallel()
	few, many := setup(t), setup(t)
	long := strings.Repeat("long ", 500)
	few.feed(failing(1, long)...)
	var events []payload.Event
	for n := 1; n <= 50; n++ {
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
		"with their total": `{ payloads(first: 50) { nodes { requestId } total { value } } }`,
	} {
		one, fifty := few.cost(query), many.cost(query)
		if one != fifty || one == 0 {
			t.Errorf("%s: %d statements for one payload, %d for fifty", name, one, fifty)
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
}
