package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// liveBundle is a server that is followed live, and another replica, with
// connections of its own, that takes events in. Both clocks go.
type liveBundle struct {
	*bundle
	dsn     string
	handler *graph.Handler
	server  *httptest.Server
	replica *bundle
}

func setupLive(t *testing.T, options ...func(*graph.HandlerConfig)) *liveBundle {
	t.Helper()
	return liveOn(t, storetest.DSN(t), options...)
}

func liveOn(t *testing.T, dsn string, options ...func(*graph.HandlerConfig)) *liveBundle {
	t.Helper()
	own := func(c *store.Config) { c.DSN = dsn }
	b := &liveBundle{bundle: &bundle{t: t, log: &syncBuffer{}}, dsn: dsn}
	b.store, b.statements = storetest.CountStatements(t, own)
	b.replica = &bundle{t: t, store: storetest.New(t, own)}
	config := graph.HandlerConfig{Store: b.store, Logger: slog.New(slog.NewTextHandler(b.log, nil))}
	for _, option := range options {
		option(&config)
	}
	b.handler = graph.NewHandler(config)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.handler.Run(ctx) }()
	b.server = httptest.NewServer(identified(b.handler))
	b.url = b.server.URL
	t.Cleanup(func() {
		if err := b.handler.Shutdown(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		b.server.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(b.log)
		}
	})
	return b
}

// identified puts who names an org into its scope.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if org := r.Header.Get("Test-Org"); org != "" {
			r = r.WithContext(identity.WithScope(r.Context(), identity.Org(org)))
		}
		next.ServeHTTP(w, r)
	})
}

// rules makes payloads final, and stalled, after a short time.
func (b *liveBundle) rules(settle, stall time.Duration) {
	b.t.Helper()
	rules := payload.DefaultRules()
	rules.Settle, rules.StallAfter, rules.Handovers = settle, stall, nil
	if err := b.replica.store.ApplyRules(b.t.Context(), rules, nil); err != nil {
		b.t.Fatal(err)
	}
}

// happens is an event of payload n, now.
func happens(n int, service, status string) payload.Event {
	e := event(n, service, status, 0)
	e.Date = time.Now().UTC().Truncate(time.Microsecond)
	return e
}

// client is a websocket that speaks graphql-transport-ws.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

type said struct {
	ID, Type string
	Payload  json.RawMessage
}

func (b *liveBundle) dial(options *websocket.DialOptions) *client {
	b.t.Helper()
	if options == nil {
		options = &websocket.DialOptions{}
	}
	if options.Subprotocols == nil {
		options.Subprotocols = []string{"graphql-transport-ws"}
	}
	conn, response, err := websocket.Dial(b.t.Context(), b.url, options)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = response.Body
	conn.SetReadLimit(64 << 20)
	b.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{b.t, conn}
}

// connect dials and says hello.
func (b *liveBundle) connect() *client {
	b.t.Helper()
	c := b.dial(nil)
	c.say(`{"type":"connection_init"}`)
	if m := c.hear(); m.Type != "connection_ack" {
		b.t.Fatalf("%+v", m)
	}
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) subscribe(id, query string) {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"id": id, "type": "subscribe", "payload": map[string]any{"query": query}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.say(string(text))
}

const patience = 30 * time.Second

// read gives the next message, or why there is none.
func (c *client) read() (said, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	if err != nil {
		return said{}, err
	}
	var m said
	return m, json.Unmarshal(text, &m)
}

func (c *client) hear() said {
	c.t.Helper()
	m, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// next is the data of the next answer to an operation.
func (c *client) next(id string) map[string]any {
	c.t.Helper()
	m := c.hear()
	var r reply
	if m.ID != id || m.Type != "next" || json.Unmarshal(m.Payload, &r) != nil || len(r.Errors) > 0 {
		c.t.Fatalf("%s %s: %s", m.ID, m.Type, m.Payload)
	}
	return r.Data
}

// until takes answers until one has a value at a path.
func (c *client) until(id string, expected any, path ...any) map[string]any {
	c.t.Helper()
	for {
		data := c.next(id)
		if path[0] != "payload" || data["payload"] != nil {
			if fmt.Sprint(at(c.t, data, path...)) == fmt.Sprint(expected) {
				return data
			}
		}
	}
}

func (c *client) complete(id string) {
	c.t.Helper()
	if m := c.hear(); m.ID != id || m.Type != "complete" {
		c.t.Fatalf("%s %s: %s", m.ID, m.Type, m.Payload)
	}
}

// closed waits for the end, and wants its code.
func (c *client) closed(code websocket.StatusCode) {
	c.t.Helper()
	for {
		if _, err := c.read(); err != nil {
			if got := websocket.CloseStatus(err); got != code {
				c.t.Errorf("closed with %d, want %d: %v", got, code, err)
			}
			return
		}
	}
}

// eventStream reads server-sent events.
type eventStream struct {
	t      *testing.T
	lines  *bufio.Scanner
	header http.Header
}

func (b *liveBundle) events(query string, headers ...string) *eventStream {
	b.t.Helper()
	body, _ := json.Marshal(map[string]any{"query": query})
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	b.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(string(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		b.t.Fatalf("%s %v", response.Status, response.Header)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 64<<20)
	return &eventStream{b.t, lines, response.Header}
}

// event is the next one; "" and false at the end.
func (e *eventStream) event() (name, data string, ok bool) {
	for e.lines.Scan() {
		line := e.lines.Text()
		switch {
		case line == "" && name != "":
			return name, data, true
		case strings.HasPrefix(line, ":"):
			if name == "" && line != ":" {
				e.t.Errorf("comment %q", line)
			}
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data:"):
			data = strings.TrimPrefix(line[len("data:"):], " ")
		}
	}
	return "", "", false
}

func (e *eventStream) next() reply {
	e.t.Helper()
	name, data, _ := e.event()
	var r reply
	if name != "next" || json.Unmarshal([]byte(data), &r) != nil {
		e.t.Fatalf("%q: %q (%v)", name, data, e.lines.Err())
	}
	return r
}

func (e *eventStream) complete() {
	e.t.Helper()
	if name, data, _ := e.event(); name != "complete" || data != "" {
		e.t.Fatalf("%q: %q", name, data)
	}
	if name, data, ok := e.event(); ok {
		e.t.Fatalf("after complete: %q: %q", name, data)
	}
}

func followQuery(n int) string {
	return fmt.Sprintf(`subscription { payload(requestId: %q) { requestId verdict { state final } current { service status } timeline(last: 3) { nodes { service status } } } }`, requestID(n))
}

// A payload is followed from before its first event until its verdict is
// final, which time alone makes it.
func TestFollowAPayloadToItsEnd(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.rules(700*time.Millisecond, time.Hour)
	c := b.connect()
	c.subscribe("1", followQuery(1))
	if data := c.next("1"); data["payload"] != nil {
		t.Fatalf("unknown: %v", data)
	}
	stream := b.events(followQuery(1))
	if data := stream.next().Data; data["payload"] != nil {
		t.Fatalf("unknown: %v", data)
	}
	b.replica.feed(happens(1, "ingress", "received"))
	data := c.next("1")
	want(t, data, requestID(1).String(), "payload", "requestId")
	want(t, data, "IN_PROGRESS", "payload", "verdict", "state")
	want(t, stream.next().Data, "ingress", "payload", "current", "service")

	b.replica.feed(happens(1, "ingress", "success"))
	data = c.until("1", "SUCCEEDED", "payload", "verdict", "state")
	want(t, data, false, "payload", "verdict", "final")
	// Nobody says anything more: it is the time that makes it final.
	data = c.next("1")
	want(t, data, true, "payload", "verdict", "final")
	c.complete("1")
	for final := false; !final; {
		final = at(t, stream.next().Data, "payload", "verdict", "final") == true
	}
	stream.complete()

	// Who comes later is told at once, and no more.
	c.subscribe("1", followQuery(1))
	want(t, c.next("1"), true, "payload", "verdict", "final")
	c.complete("1")
}

func TestFollowAPayloadIntoItsStall(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.rules(time.Hour, 700*time.Millisecond)
	c := b.connect()
	c.subscribe("1", followQuery(1))
	c.next("1")
	b.replica.feed(happens(1, "ingress", "received"))
	want(t, c.next("1"), "IN_PROGRESS", "payload", "verdict", "state")
	want(t, c.next("1"), "STALLED", "payload", "verdict", "state")
	b.replica.feed(happens(1, "ingress", "error"))
	c.until("1", "FAILED", "payload", "verdict", "state")
}

// Rules that make the verdict final reach who follows.
func TestNewRulesReachFollowers(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.rules(time.Hour, time.Hour)
	c := b.connect()
	b.replica.feed(happens(1, "ingress", "success"))
	c.subscribe("1", followQuery(1))
	want(t, c.next("1"), false, "payload", "verdict", "final")
	b.rules(time.Millisecond, time.Hour)
	want(t, c.next("1"), true, "payload", "verdict", "final")
	c.complete("1")
}

// What is stored while a subscription begins is in its first answer or comes
// as a second one.
func TestNothingIsLostAtTheBeginning(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.rules(time.Hour, time.Hour)
	const many = 40
	c := b.connect()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		for n := range many {
			b.replica.feed(happens(n, "ingress", "received"), happens(n, "puptoo", "received"))
			b.replica.feed(happens(n, "puptoo", "success"), happens(n, "ingress", "success"))
		}
	}()
	for n := range many {
		c.subscribe(fmt.Sprint(n), fmt.Sprintf(`subscription { payload(requestId: %q) { verdict { state } } }`, requestID(n)))
	}
	done := map[string]bool{}
	for len(done) < many {
		m := c.hear()
		if strings.Contains(string(m.Payload), "SUCCEEDED") {
			done[m.ID] = true
		}
		if m.Type != "next" {
			t.Fatalf("%+v %s", m, m.Payload)
		}
	}
	<-fed
}

// The followers of one notice are read for with one statement, and so is what
// they ask of their payloads.
func TestFollowersAreReadForTogether(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.rules(time.Hour, time.Hour)
	costs := map[int]int{}
	for _, many := range []int{1, 50} {
		c := b.connect()
		var events []payload.Event
		for n := range many {
			id := 1000*many + n
			c.subscribe(fmt.Sprint(n), followQuery(id))
			c.next(fmt.Sprint(n))
			events = append(events, happens(id, "ingress", "received"))
		}
		if _, err := b.store.Rules(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		b.statements.Reset()
		b.replica.feed(events...)
		for range many {
			if m := c.hear(); m.Type != "next" || !strings.Contains(string(m.Payload), "received") {
				t.Fatalf("%+v %s", m, m.Payload)
			}
		}
		for _, sql := range b.statements.SQL() {
			if !strings.HasSuffix(sql, "FROM rules") {
				costs[many]++
			}
		}
		_ = c.conn.Close(websocket.StatusNormalClosure, "")
	}
	if costs[1] != costs[50] || costs[1] == 0 {
		t.Errorf("statements: %v", costs)
	}
}

// Equal answers are not sent again.
func TestOnlyChangesAreSent(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.rules(time.Hour, time.Hour)
	c := b.connect()
	c.subscribe("1", fmt.Sprintf(`subscription { payload(requestId: %q) { verdict { state } } }`, requestID(1)))
	c.next("1")
	b.replica.feed(happens(1, "ingress", "received"))
	want(t, c.next("1"), "IN_PROGRESS", "payload", "verdict", "state")
	for range 5 {
		b.replica.feed(happens(1, "ingress", "processing"))
	}
	b.replica.feed(happens(1, "ingress", "error"))
	want(t, c.next("1"), "FAILED", "payload", "verdict", "state")
}

func TestTenantsFollowTheirOwn(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.rules(time.Hour, time.Hour)
	query := fmt.Sprintf(`subscription { payload(requestId: %q) { orgId timeline(first: 5) { nodes { service } } } }`, requestID(1))
	mine, other := b.events(query, "Test-Org", "org1"), b.events(query, "Test-Org", "org2")
	tail := b.events(`subscription { statuses { service requestId } }`, "Test-Org", "org2")
	mine.next()
	other.next()
	b.replica.feed(happens(1, "ingress", "received"))
	data := mine.next().Data
	want(t, data, "org1", "payload", "orgId")
	want(t, data, "ingress", "payload", "timeline", "nodes", 0, "service")
	second := happens(2, "puptoo", "received")
	second.OrgID = "org2"
	b.replica.feed(second)
	want(t, tail.next().Data, "puptoo", "statuses", "service")
	// A payload that comes to name the other org is theirs from then on.
	later := happens(1, "puptoo", "received")
	later.OrgID = "org2"
	b.replica.feed(later)
	want(t, other.next().Data, "puptoo", "payload", "timeline", "nodes", 1, "service")
	if data := mine.next().Data; data["payload"] != nil {
		t.Errorf("org1 still sees %v", data)
	}
}
