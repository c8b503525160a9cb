package graph_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

const mediaResponse = "application/graphql-response+json"

func TestAQuestionThatIsNotExecutedHasNoData(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct{ body, code string }{
		"parse":           {`{"query": "{ payloads("}`, "GRAPHQL_PARSE_FAILED"},
		"validation":      {`{"query": "{ nothing }"}`, "GRAPHQL_VALIDATION_FAILED"},
		"no operation":    {`{"query": "fragment f on Payload { id }"}`, "GRAPHQL_VALIDATION_FAILED"},
		"no such":         {`{"query": "query a { __typename } query b { __typename }", "operationName": "c"}`, "GRAPHQL_VALIDATION_FAILED"},
		"missing":         {`{"query": "query ($id: RequestID!) { payload(by: {requestId: $id}) { id } }"}`, "BAD_USER_INPUT"},
		"variable":        {`{"query": "query ($id: RequestID!) { payload(by: {requestId: $id}) { id } }", "variables": {"id": "nonsense"}}`, "BAD_USER_INPUT"},
		"variable's type": {`{"query": "query ($n: Int) { payloads(first: $n) { nodes { id } } }", "variables": {"n": "many"}}`, "BAD_USER_INPUT"},
		"number as text":  {`{"query": "query ($o: String) { payloads(filter: {orgId: {eq: $o}}) { nodes { id } } }", "variables": {"o": 7}}`, "BAD_USER_INPUT"},
		"literal":         {`{"query": "{ payloads(filter: {duration: {gte: \"P1Y\"}}) { nodes { id } } }"}`, "BAD_USER_INPUT"},
		"date":            {`{"query": "{ payloads(filter: {startedAt: {from: \"yesterday\"}}) { nodes { id } } }"}`, "BAD_USER_INPUT"},
		"enum":            {`{"query": "query ($v: [VerdictState!]) { payloads(filter: {verdict: {in: $v}}) { nodes { id } } }", "variables": {"v": ["GONE"]}}`, "BAD_USER_INPUT"},
		"persisted":       {`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}`, "PERSISTED_QUERY_NOT_FOUND"},
		"subscription":    {`{"query": "subscription { payload { id } }"}`, "GRAPHQL_VALIDATION_FAILED"},
	} {
		for accept, status := range map[string]int{"application/json": 200, "*/*": 200, mediaResponse: 400, "application/json;q=0.5, " + mediaResponse: 400} {
			r := b.post(c.body, "Content-Type", "application/json; charset=utf-8", "Accept", accept)
			if c.code == "PERSISTED_QUERY_NOT_FOUND" {
				status = 200
			}
			if r.status != status || r.code() != c.code || strings.Contains(r.body, `"data"`) {
				t.Errorf("%s, %s: %d %s", name, accept, r.status, r.body)
			}
			if strings.Contains(accept, "graphql") != strings.HasPrefix(r.header.Get("Content-Type"), mediaResponse) {
				t.Errorf("%s, %s: %s", name, accept, r.header.Get("Content-Type"))
			}
		}
	}
}

func TestAWrongVariableIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for variables, want := range map[string]string{
		`{}`:                                  `$v: must be defined`,
		`{"v": {"orgId": {"in": ["a", {}]}}}`: `$v.orgId.in[1]: cannot use object as String`,
		`{"v": []}`:                           `$v: must be a PayloadFilter, not a list`,
		`{"v": {"org": {}}}`:                  `$v.org: unknown field`,
	} {
		r := b.post(`{"query": "query ($v: PayloadFilter!) { payloads(filter: $v) { nodes { id } } }", "variables": `+variables+`}`, "Content-Type", "application/json")
		if r.code() != "BAD_USER_INPUT" || r.Errors[0].Message != want || r.Errors[0].Path != nil {
			t.Errorf("%s: %s", variables, r.body)
		}
	}
}

func TestAWrongValueIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for query, want := range map[string]string{
		`{ payloads(filter: {startedAt: {since: "1h"}}) { nodes { id } } }`:                                 `payloads: filter.startedAt.since: "1h" is no Duration`,
		`{ payloads(filter: {requestId: {in: ["` + requestID(1).String() + `", "zz"]}}) { nodes { id } } }`: `payloads: filter.requestId.in[1]: "zz" is no UUID`,
		`{ payload(by: {requestId: "zz"}) { id } }`:                                                         `payload: by.requestId: "zz" is no UUID`,
		`{ payloads(first: 99999999999) { nodes { id } } }`:                                                 `payloads: first: an Int`,
		`query ($v: PayloadFilter) { payloads(filter: $v) { nodes { id } } }`:                               `payloads: filter.failedAt.from: a DateTime is a text`,
		`query ($v: DateTime) { payloads(filter: {failedAt: {from: $v}}) { nodes { id } } }`:                `payloads: filter.failedAt.from: a DateTime is a text`,
		`query ($v: Int) { payloads(first: $v) { nodes { id } } }`:                                          `$v: cannot be used as Int`,
		`{ node(id: "nonsense") { id } }`:                                                                   `id: no id of this API`,
		`{ nodes(ids: ["` + "UGF5bG9hZDo" + `"]) { id } }`:                                                  `ids[0]: no id of this API`,
		`{ slowest(window: {since: "PT1H", to: "2026-01-01T00:00:00Z"}) { nodes { id } } }`:                 `window: give since, or from and to`,
	} {
		variables := map[string]any{}
		switch {
		case strings.Contains(query, "$v: PayloadFilter"):
			variables["v"] = map[string]any{"failedAt": map[string]any{"from": 5}}
		case strings.Contains(query, "$v: DateTime"):
			variables["v"] = map[string]any{"a": 1}
		case strings.Contains(query, "$v: Int"):
			variables["v"] = 1.5
		}
		if r := b.ask(query, variables); r.code() != "BAD_USER_INPUT" || !strings.HasPrefix(r.Errors[0].Message, want) {
			t.Errorf("%s: %s", query, r.body)
		}
	}
}

// What a variable's type does not allow is no question to be executed.
func TestAVariableOfAnotherTypeIsNotExecuted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for variable, want := range map[string]string{
		`$v: PayloadFilter) { payloads(filter: $v) { nodes { id } } }|{"verdict": {"in": ["FAILED", "stalled"]}}`:  `payloads: filter.verdict.in[1]: "stalled" is no VerdictState: give IN_PROGRESS, STALLED, FAILED or SUCCEEDED`,
		`$v: PayloadOrder) { payloads(orderBy: $v) { nodes { id } } }|{"field": "STARTED_AT", "direction": "asc"}`: `payloads: orderBy.direction: "asc" is no OrderDirection: give ASC or DESC`,
		`$v: PayloadBy!) { payload(by: $v) { id } }|{}`:                                                            `payload: by: give exactly one of requestId, inventoryId or systemId`,
		`$v: PayloadBy!) { payload(by: $v) { id } }|{"inventoryId": "a", "systemId": "b"}`:                         `payload: by: give exactly one of requestId, inventoryId or systemId`,
		`$v: PayloadBy!) { payload(by: $v) { id } }|{"requestId": null, "systemId": null}`:                         `payload: by: give exactly one of requestId, inventoryId or systemId`,
	} {
		query, v, _ := strings.Cut(variable, "|")
		r := b.post(`{"query": "query (`+query+`", "variables": {"v": `+v+`}}`, "Content-Type", "application/json", "Accept", mediaResponse)
		if r.status != http.StatusBadRequest || r.code() != "BAD_USER_INPUT" || r.Errors[0].Message != want || strings.Contains(r.body, `"data"`) {
			t.Errorf("%s: %d %s", variable, r.status, r.body)
		}
	}
	want(t, b.data(`query ($v: PayloadBy!) { payload(by: $v) { id } }`, map[string]any{"v": map[string]any{"systemId": "a", "requestId": nil}}), nil, "payload")
}

// One value stands for a list of it, also in a variable.
func TestOneValueStandsForAList(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	id := requestID(1).String()
	for query, v := range map[string]any{
		`query ($v: [String!]) { payloads(filter: {orgId: {in: $v}}) { nodes { requestId } } }`:        "org1",
		`query ($v: WordFilter) { payloads(filter: {service: $v}) { nodes { requestId } } }`:           map[string]any{"in": "ingress"},
		`query ($v: [RequestID!]) { payloads(filter: {requestId: {in: $v}}) { nodes { requestId } } }`: id,
		`query ($v: PayloadFilter) { payloads(filter: $v) { nodes { requestId } } }`:                   map[string]any{"verdict": map[string]any{"in": "FAILED"}},
	} {
		want(t, b.data(query, map[string]any{"v": v}), id, "payloads", "nodes", 0, "requestId")
	}
}

func TestARequestWithoutAQuestionIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		body, contentType string
		status            int
	}{
		"no query":       {`{}`, "application/json", 400},
		"empty body":     {``, "application/json", 400},
		"no JSON":        {`SECRET`, "application/json", 400},
		"a list":         {` [{"query": "{ __typename }"}]`, "application/json", 400},
		"two values":     {`{"query": "{ __typename }"} {}`, "application/json", 400},
		"null":           {`null`, "application/json", 400},
		"query a number": {`{"query": 1}`, "application/json", 400},
		"form":           {`query=SECRET`, "application/x-www-form-urlencoded", 415},
		"text":           {`{"query": "{ __typename }"}`, "text/plain", 415},
		"no type":        {`{"query": "{ __typename }"}`, "", 415},
	} {
		r := b.post(c.body, "Content-Type", c.contentType)
		if r.status != c.status || r.code() != "BAD_USER_INPUT" || strings.Contains(r.body, "SECRET") || strings.Contains(r.body, `"data"`) {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	r := b.send(http.MethodPut, b.url, nil)
	if r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") == "" {
		t.Errorf("PUT: %d %s", r.status, r.body)
	}
}

func TestGetAsksToo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	values := url.Values{
		"query":     {`query ($id: RequestID!) { payload(by: {requestId: $id}) { requestId } }`},
		"variables": {`{"id": "` + requestID(1).String() + `"}`},
	}
	r := b.send(http.MethodGet, b.url+"?"+values.Encode(), nil)
	want(t, r.Data, requestID(1).String(), "payload", "requestId")
	if r := b.send(http.MethodGet, b.url+"?query=%7B__typename%7D&variables=7", nil); r.status != http.StatusBadRequest {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := b.send(http.MethodGet, b.url, nil); r.status != http.StatusBadRequest {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestAFieldsErrorNamesItAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, query := range []string{
		`{ __typename payload(by: {systemId: " "}) { id } }`,
		`query ($a: RequestID, $b: String) { __typename payload(by: {requestId: $a, systemId: $b}) { id } }`,
	} {
		r := b.post(`{"query": "`+strings.ReplaceAll(query, `"`, `\"`)+`", "variables": {"a": "`+requestID(1).String()+`", "b": "x"}}`, "Content-Type", "application/json")
		if r.code() != "BAD_USER_INPUT" && r.code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s: %s", query, r.body)
		}
	}
	r := b.ask(`{ __typename payload(by: {systemId: " "}) { id } }`, nil)
	want(t, r.Data, map[string]any{"__typename": "Query", "payload": nil})
	want(t, r.Errors[0].Path, []any{"payload"})
	if len(r.Errors[0].Locations) != 1 {
		t.Error(r.body)
	}
	for _, query := range []string{
		`{ payloads(after: "foreign") { nodes { id } } }`, `{ payloads(first: 1, last: 1) { nodes { id } } }`, `{ payloads(first: -1) { nodes { id } } }`,
		`{ payloads(filter: {startedAt: {since: "PT1H", from: "2026-01-01T00:00:00Z"}}) { nodes { id } } }`,
		`{ payloads(filter: {verdict: {eq: SUCCEEDED}}, orderBy: {field: FAILED_AT}) { nodes { id } } }`,
	} {
		if r := b.ask(query, nil); r.code() != "BAD_USER_INPUT" {
			t.Errorf("%s: %s", query, r.body)
		}
	}
}

func TestAbsentAndNullMeanTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.feed(failing(1, "x")...)
	absent := b.ask(`{ payloads { nodes { requestId } pageInfo { endCursor } } }`, nil)
	null := b.ask(`query ($o: PayloadOrder, $t: WordFilter, $w: [String!]) { payloads(filter: {orgId: $t, account: {eq: null, in: $w, notIn: null}, startedAt: null, verdict: null}, orderBy: $o, first: null, after: null) { nodes { requestId } pageInfo { hasNextPage } } }`,
		map[string]any{"o": nil, "t": nil, "w": nil})
	want(t, null.Data, at(t, absent.Data, "payloads", "nodes"), "payloads", "nodes")
	if len(null.Errors) > 0 {
		t.Error(null.body)
	}
	// A cursor is that of the list, whichever way it was asked for.
	after := at(t, absent.Data, "payloads", "pageInfo", "endCursor").(string)
	for _, filter := range []string{`{verdict: {eq: null}}`, `{orgId: {in: null, notIn: []}, failedAt: {since: null}, duration: {lt: null}}`} {
		if r := b.ask(`{ payloads(filter: `+filter+`, after: "`+after+`") { nodes { requestId } } }`, nil); len(r.Errors) > 0 {
			t.Errorf("%s: %s", filter, r.body)
		}
	}
}

func TestAnInternalErrorShowsAnIDAndLogsTheRest(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	ended := tracetest.NewSpanRecorder()
	b := setup(t, func(c *graph.HandlerConfig) {
		c.Store = storetest.New(t, func(s *store.Config) { s.DSN = dsn })
		c.Traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(ended))
	})
	if _, err := storetest.Conn(t, dsn).Exec(t.Context(), `ALTER TABLE payloads RENAME COLUMN org_id TO secret_id`); err != nil {
		t.Fatal(err)
	}
	r := b.ask(`{ payloads { nodes { id } } }`, nil)
	if len(r.Errors) != 1 || r.code() != "INTERNAL_SERVER_ERROR" || strings.Contains(r.body, "org_id") || strings.Contains(r.body, "SQL") {
		t.Fatal(r.body)
	}
	id, _ := r.Errors[0].Extensions["id"].(string)
	if log := b.log.String(); id == "" || !strings.Contains(log, id) || !strings.Contains(log, "org_id") {
		t.Errorf("%q, log: %s", id, log)
	}
	spans := ended.Ended()
	if len(spans) == 0 {
		t.Fatal("there is no span")
	}
	want(t, r.Errors[0].Extensions["traceId"], spans[0].SpanContext().TraceID().String())
}

func TestAnErrorThatRowsShareIsToldBriefly(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	b := setup(t, func(c *graph.HandlerConfig) { c.Store = storetest.New(t, func(s *store.Config) { s.DSN = dsn }) })
	b.store = storetest.New(t, func(s *store.Config) { s.DSN = dsn })
	var events []payload.Event
	for n := 1; n <= 200; n++ {
		events = append(events, failing(n, "x")...)
	}
	b.feed(events...)
	if _, err := storetest.Conn(t, dsn).Exec(t.Context(), `ALTER TABLE payload_hosts RENAME COLUMN inventory_key TO secret_key`); err != nil {
		t.Fatal(err)
	}
	const asked = 5
	for range asked {
		r := b.ask(`{ payloads(first: 200) { nodes { two: hosts { nodes { systemId } } one: hosts { nodes { systemId } } } } }`, nil)
		if len(r.Errors) != 10 || r.code() != "INTERNAL_SERVER_ERROR" {
			t.Fatalf("%d errors: %s", len(r.Errors), r.body)
		}
		// Those that are left out are the same each time: the last ones.
		for i, err := range r.Errors {
			want(t, err.Path, []any{"payloads", "nodes", i / 2, []string{"one", "two"}[i%2]})
		}
	}
	if n := strings.Count(b.log.String(), "a question failed"); n != asked {
		t.Errorf("%d lines in the log", n)
	}
}

// What was sent is quoted in an error, and not sent back whole.
func TestAnErrorQuotesBriefly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := strings.Repeat("v", 100_000)
	for _, query := range []string{
		`query ($v: String) { failures(window: {since: "PT1H"}, filter: {fingerprint: $v}) { total } }`,
		`query ($v: String) { payloads(filter: {fingerprint: {eq: $v}}) { nodes { id } } }`,
		`query ($v: String!) { payloads(filter: {fingerprint: {in: [$v]}}) { nodes { id } } }`,
	} {
		if r := b.ask(query, map[string]any{"v": long}); r.code() != "BAD_USER_INPUT" || len(r.body) > 1000 || !strings.Contains(r.body, "vvv") {
			t.Errorf("%s: %d bytes: %.300s", query, len(r.body), r.body)
		}
	}
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *graph.HandlerConfig) {
		c.Store = storetest.New(t, func(s *store.Config) { s.DSN = "postgres://127.0.0.1:1/none" })
	})
	if r := b.ask(`{ payloads { nodes { id } } }`, nil); r.code() != "UNAVAILABLE" || r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}
