package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestEachLimitIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	repeat := func(n int, format string) string {
		var s strings.Builder
		for i := range n {
			s.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
		}
		return s.String()
	}
	nested := "requestId"
	for range 10 {
		nested = "current { payload { " + nested + " } }"
	}
	bomb := "query { payloads { nodes { ...f0 } } }"
	for i := range 60 {
		bomb += fmt.Sprintf(" fragment f%d on Payload { current { payload { ...f%d } } ...f%d ...f%d }", i, i+1, i+1, i+1)
	}
	bomb += " fragment f60 on Payload { requestId }"
	for name, c := range map[string]struct{ query, code string }{
		"aliases":      {`{ payloads { nodes { ` + repeat(51, "a#: requestId ") + `} } }`, "COMPLEXITY_LIMIT_EXCEEDED"},
		"many aliases": {`{ ` + repeat(2500, "a#: __typename ") + `}`, "COMPLEXITY_LIMIT_EXCEEDED"},
		"directives":   {`{ __typename ` + strings.Repeat("@x ", 2000) + `}`, "COMPLEXITY_LIMIT_EXCEEDED"},
		"root fields":  {`{ ` + repeat(21, "a#: __typename ") + `}`, "COMPLEXITY_LIMIT_EXCEEDED"},
		"repeats":      {`{ ` + repeat(9000, "__typename ") + `}`, "COMPLEXITY_LIMIT_EXCEEDED"},
		"tokens":       {`{ ` + repeat(10_001, "__typename ") + `}`, "COMPLEXITY_LIMIT_EXCEEDED"},
		"complexity":   {`{ payloads(first: 500) { nodes { timeline(first: 500) { nodes { status } } } } }`, "COMPLEXITY_LIMIT_EXCEEDED"},
		"depth":        {`{ payloads { nodes { ` + nested + ` } } }`, "DEPTH_LIMIT_EXCEEDED"},
		"fragments":    {bomb, "DEPTH_LIMIT_EXCEEDED"},
		"page":         {`{ payloads(first: 501) { nodes { requestId } } }`, "BAD_USER_INPUT"},
	} {
		began := time.Now()
		r := b.ask(c.query, nil)
		if r.code() != c.code || len(r.body) > 2000 {
			t.Errorf("%s: %.300s", name, r.body)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestASmallLimitIsASetting(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *graph.HandlerConfig) { c.Limits = graph.Limits{Complexity: 10, Depth: 3, RequestBytes: 200} })
	if r := b.ask(`{ payloads { nodes { requestId } } }`, nil); r.code() != "COMPLEXITY_LIMIT_EXCEEDED" {
		t.Error(r.body)
	}
	if r := b.ask(`{ payloads(first: 1) { nodes { current { status } } } }`, nil); r.code() != "DEPTH_LIMIT_EXCEEDED" {
		t.Error(r.body)
	}
	r := b.ask(`{ payloads(first: 1) { nodes { requestId } } }`, nil)
	want(t, r.Extensions, map[string]any{"complexity": 3, "depth": 3, "limit": 10}, "cost")
	r = b.ask("{ __typename } #"+strings.Repeat("SECRET", 100), nil)
	if r.status != http.StatusRequestEntityTooLarge || r.code() != "BAD_USER_INPUT" || strings.Contains(r.body, "SECRET") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestTheDefaultTakesABodyOfAMebibyteAndNoMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if r := b.ask("{ __typename } #"+strings.Repeat("x", 1<<20-200), nil); r.status != http.StatusOK || len(r.Errors) > 0 {
		t.Errorf("%d %.300s", r.status, r.body)
	}
	if r := b.ask("{ __typename } #"+strings.Repeat("x", 1<<20), nil); r.status != http.StatusRequestEntityTooLarge || len(r.body) > 500 {
		t.Errorf("%d %.300s", r.status, r.body)
	}
}

func TestIntrospectionAndSuggestionsCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	open, hidden := setup(t), setup(t, func(c *graph.HandlerConfig) { c.HideSchema, c.HideSuggestions = true, true })
	if r := open.ask(introspection, nil); len(r.Errors) > 0 || !strings.Contains(r.body, "servicesPassed") {
		t.Errorf("%.500s", r.body)
	}
	for _, query := range []string{introspection, `{ __type(name: "Payload") { name } }`} {
		if r := hidden.ask(query, nil); r.code() != "GRAPHQL_VALIDATION_FAILED" || strings.Contains(r.body, "data") {
			t.Errorf("%.500s", r.body)
		}
	}
	for _, query := range []string{
		`{ payload(by: {requestId: "x"}) { requestIdd } }`, `{ payloadd { requestId } }`, `{ payloads(firs: 1) { nodes { requestId } } }`,
		`{ payloads(filter: {verdict: {eq: STALED}}) { nodes { requestId } } }`,
		`{ payloads(filter: {orgI: {eq: "x"}}) { nodes { requestId } } }`, `{ payloads { nodes { verdict } } }`,
	} {
		if r := open.ask(query, nil); !strings.Contains(r.body, "Did you mean") {
			t.Errorf("no suggestion: %s: %s", query, r.body)
		}
		if r := hidden.ask(query, nil); r.code() != "GRAPHQL_VALIDATION_FAILED" || strings.Contains(r.body, "Did you mean") {
			t.Errorf("%s: %s", query, r.body)
		}
	}
}

// No answer comes in parts: who asks for it is told, rather than sent the
// first part alone.
func TestNothingIsDeferred(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	for _, query := range []string{
		`{ payloads { nodes { id ... @defer { requestId } } } }`,
		`{ payloads { nodes { id ...later @defer(label: "l") } } } fragment later on Payload { requestId }`,
	} {
		if r := b.ask(query, nil); r.code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s: %s", query, r.body)
		}
		if err := (&graph.TrustedDocuments{}).ReadDocuments(fstest.MapFS{"x.graphql": {Data: []byte(query)}}); err == nil {
			t.Errorf("%s can be asked for by its id", query)
		}
	}
	want(t, b.data(`{ __schema { directives { name } } }`, nil), []any{
		map[string]any{"name": "deprecated"},
		map[string]any{"name": "include"},
		map[string]any{"name": "oneOf"},
		map[string]any{"name": "skip"},
		map[string]any{"name": "specifiedBy"},
	}, "__schema", "directives")
}

// Documents that are small and mean a great deal are refused, or answered, as
// fast as others.
func TestNoDocumentIsSlowToRefuse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	many := func(n int, format string) string {
		var s strings.Builder
		for i := range n {
			s.WriteString(strings.NewReplacer("#", fmt.Sprint(i), "~", fmt.Sprint(i+1)).Replace(format))
		}
		return s.String()
	}
	everySpread := many(60, "...f#\n")
	for name, query := range map[string]string{
		"each spreads the next twice":  "{ ...f0 }" + many(300, "fragment f# on Query { ...f~ x: __typename ...f~ }\n") + "fragment f300 on Query { __typename }",
		"each spreads all":             "{ ...f0 }" + many(60, "fragment f# on Query { __typename "+everySpread+" }\n"),
		"in a circle":                  "{ ...f0 }" + many(400, "fragment f# on Query { ...f~ }\n") + "fragment f400 on Query { ...f0 }",
		"nested payloads":              "{ payloads { nodes { ...p0 } } }" + many(100, "fragment p# on Payload { timeline { nodes { payload { ...p~ } } } }\n") + "fragment p100 on Payload { id }",
		"one field, many times":        "{ payloads { nodes { " + strings.Repeat("id ", 9000) + "} } }",
		"one field of many selections": "{ " + strings.Repeat("payloads { nodes { id requestId orgId } } ", 190) + "}",
		"the same in fragments":        "{ " + many(190, "...f# ") + "}" + many(190, "fragment f# on Query { payloads { nodes { id } } }\n"),
		"inline, deep":                 "{ " + strings.Repeat("... on Query { ", 2000) + "__typename" + strings.Repeat(" }", 2000) + " }",
		"a deep list":                  `{ nodes(ids: ` + strings.Repeat("[", 4000) + strings.Repeat("]", 4000) + `) { id } }`,
		"many variables":               "query (" + many(2000, "$v#: Int ") + ") { __typename }",
		"many operations":              many(1500, "query q# { __typename }\n"),
		"unknown fields":               "{ " + many(3000, "unknown# ") + "}",
	} {
		began := time.Now()
		r := b.ask(query, nil)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s took %s", name, took)
		}
		if r.status >= http.StatusInternalServerError || len(r.body) > 20_000 || len(r.Errors) > 10 {
			t.Errorf("%s: %d, %d bytes, %d errors: %.300s", name, r.status, len(r.body), len(r.Errors), r.body)
		}
	}
}

func TestATimeoutSaysWhichFilterWouldHelp(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, func(c *store.Config) { c.QueryTimeout = time.Nanosecond })
	b := setup(t, func(c *graph.HandlerConfig) { c.Store = s })
	for question, want := range map[string]string{
		`{ statuses(filter: {message: {contains: "x"}}) { nodes { id } } }`:                                            `add date to the filter, such as {since: "PT24H"}, or add service or status or requestId`,
		`{ statuses(filter: {message: {contains: "x"}, date: {since: "P30D"}, service: {eq: "a"}}) { nodes { id } } }`: `ask for less time in date, or add status or requestId`,
		`{ statuses(filter: {date: {since: null}, service: {eq: null}, status: {in: null}}) { nodes { id } } }`:        `add date to the filter, such as {since: "PT24H"}, or add service or status or requestId`,
		`{ services(window: {since: "P30D"}, filter: {service: {eq: null}}) { name } }`:                                `ask for less time in window, or add service`,
		`{ payloads(filter: {status: {eq: "x"}}) { nodes { id } } }`:                                                   `add startedAt to the filter, such as {since: "PT24H"}, or add systemId or orgId`,
		`{ payloads(filter: {failureMessage: {contains: "x"}, orgId: {eq: "a"}}) { nodes { id } } }`:                   `add failedAt to the filter, such as {since: "PT24H"}, or add systemId`,
		`{ failures(window: {since: "P30D"}) { total } }`:                                                              `ask for less time in window, or add service`,
		`{ services(window: {since: "P30D"}, filter: {service: {eq: "a"}}) { name } }`:                                 `ask for less time in window`,
		`{ flow(window: {since: "P30D"}) { nodes { service } } }`:                                                      `ask for less time in window, or add service`,
		`{ payload(by: {requestId: "` + requestID(1).String() + `"}) { id } }`:                                         `ask for less of it, or again in a moment`,
	} {
		r := b.ask(question, nil)
		if r.code() != "TIMEOUT" || r.Errors[0].Message != "the question took too long: "+want {
			t.Errorf("%s: %s", question, r.body)
		}
	}
}

func TestADeadlineCancelsTheSQL(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *graph.HandlerConfig) { c.Limits.Deadline = time.Nanosecond })
	r := b.ask(`{ payloads { nodes { requestId } } }`, nil)
	if r.code() != "TIMEOUT" {
		t.Errorf("%d %s", r.status, r.body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(`{"query": "{ __typename }"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.DefaultClient.Do(request); err == nil {
		t.Error("a cancelled request was answered")
	}
}
