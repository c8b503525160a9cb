package graph_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
)

// gauge is the value of a metric.
func gauge(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

// held waits until so many bytes are held, at least or at most.
func held(t *testing.T, registry *prometheus.Registry, least, most float64) {
	t.Helper()
	var bytes float64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if bytes = gauge(t, registry, "payload_tracker_graphql_held_bytes"); bytes >= least && bytes <= most {
			return
		}
	}
	t.Fatalf("%v bytes are held, want %v to %v", bytes, least, most)
}

// talkative are events of payload n with messages of 9 MB in all: a page.
func talkative(n int) []payload.Event {
	var events []payload.Event
	for i := range 10 {
		e := event(n, "puptoo", "processing", time.Duration(10-i)*time.Second)
		e.Message = strings.Repeat("x", 900<<10)
		events = append(events, e)
	}
	return events
}

// asksAndWaits sends a question and reads nothing of its answer.
func asksAndWaits(t *testing.T, url, query string, headers ...string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"query":%q}`, query)
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", strings.Join(headers, "\r\n")+"\r\n", len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// large is more than the network takes by itself, of one talkative payload.
const large = `{ a: statuses { nodes { message } } b: statuses { nodes { message } } c: statuses { nodes { message } } }`

// Answers that clients do not take are bounded together; small ones pass.
func TestAnswersThatAreNotTakenAreBounded(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	b := setup(t, func(c *graph.HandlerConfig) { c.Registerer, c.Limits.HeldBytes = registry, 40<<20 })
	b.feed(talkative(1)...)
	slow := asksAndWaits(t, b.url, large, "Accept-Encoding: identity")
	held(t, registry, 26<<20, 28<<20)
	if r := b.ask(large, nil); r.code() != "THROTTLED" || !strings.Contains(r.Errors[0].Message, "smaller pages") {
		t.Errorf("%d %.300s", r.status, r.body)
	}
	if r := b.ask(`{ statuses { nodes { status } } }`, nil); len(r.Errors) > 0 {
		t.Errorf("%d %.300s", r.status, r.body)
	}
	_ = slow.Close()
	held(t, registry, 0, 0)
	if r := b.ask(large, nil); len(r.Errors) > 0 || len(r.body) < 26<<20 {
		t.Errorf("%d %.300s", r.status, r.body)
	}
	held(t, registry, 0, 0)
}

// An answer whose bytes are no messages counts too, and is told so by HTTP.
func TestAnAnswerWithoutMessagesCounts(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	b := setup(t, func(c *graph.HandlerConfig) { c.Registerer, c.Limits.HeldBytes = registry, 27_800_000 })
	b.feed(talkative(1)...)
	slow := asksAndWaits(t, b.url, large, "Accept-Encoding: identity")
	held(t, registry, 26<<20, 28<<20)
	var events []payload.Event
	for n := range 500 {
		events = append(events, failing(n+2, "x")...)
	}
	b.feed(events...)
	wide := "{ payloads(first: 500) { nodes { "
	for i := range 49 {
		wide += fmt.Sprintf("a%d: takenInAt ", i)
	}
	r := b.ask(wide+"} } }", nil)
	if r.code() != "THROTTLED" || r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" || r.Data != nil {
		t.Errorf("%d %.300s", r.status, r.body)
	}
	_ = slow.Close()
	held(t, registry, 0, 0)
}

// What would make the answer too large is refused where it is read: the whole
// is never written.
func TestAQuestionIsRefusedWhereItReadsTooMuch(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	b := setup(t, func(c *graph.HandlerConfig) { c.Registerer, c.Limits.AnswerBytes = registry, 1_000_000 })
	b.feed(talkative(1)...)
	failed := event(1, "puptoo", "error", 0)
	failed.Message = strings.Repeat("y", 1<<20)
	b.feed(failed, event(1, "ingress", "error", time.Hour))
	one := fmt.Sprintf(`payload(by: {requestId: %q})`, requestID(1))
	for query, path := range map[string][]any{
		`{ statuses { nodes { message } } }`:                                                         {"statuses"},
		`{ ` + one + ` { timeline { nodes { message } } } }`:                                         {"payload", "timeline"},
		`{ payloads { nodes { timeline { nodes { message } } } } }`:                                  {"payloads", "nodes", 0, "timeline"},
		`{ payloads { nodes { stages { failure { message } } } } }`:                                  {"payloads", "nodes", 0, "stages", 1, "failure", "message"},
		`{ payloads { nodes { stages { statuses { nodes { message } } } } } }`:                       {"payloads", "nodes", 0, "stages", 0, "statuses"},
		`{ payloads { nodes { a: current { message } b: current { id message payload { id } } } } }`: {"payloads", "nodes", 0, "a"},
	} {
		r := b.ask(query, nil)
		if r.code() != "COMPLEXITY_LIMIT_EXCEEDED" || len(r.body) > 1500 {
			t.Errorf("%s: %.500s", query, r.body)
			continue
		}
		want(t, r.Errors[0].Path, path)
	}
	held(t, registry, 0, 0)
}

// Who follows a payload waits until there is room for what it is sent.
func TestFollowersWaitForRoom(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	b := setupLive(t, func(c *graph.HandlerConfig) {
		c.Registerer, c.Limits.HeldBytes, c.Live.WriteTime = registry, 10<<20, 3*time.Second
	})
	b.rules(time.Hour, 24*time.Hour)
	events := talkative(1)
	for i := range events {
		events[i].Date = time.Now().UTC().Add(-time.Duration(i) * time.Second).Truncate(time.Microsecond)
	}
	b.replica.feed(events...)
	query := fmt.Sprintf(`subscription { payload(requestId: %q) { timeline(first: 50) { nodes { message } } } }`, requestID(1))
	asksAndWaits(t, b.url, query, "Accept: text/event-stream")
	held(t, registry, 8<<20, 10<<20)
	c := b.connect()
	c.subscribe("1", query)
	want(t, c.next("1"), strings.Repeat("x", 900<<10), "payload", "timeline", "nodes", 9, "message")
	held(t, registry, 0, 0)
}
