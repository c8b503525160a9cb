package graph_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

func TestSocketsCloseWithTheProtocolsCodes(t *testing.T) {
	t.Parallel()
	b := setupLive(t, func(c *graph.HandlerConfig) { c.Live.InitTime = 2 * time.Second })
	subscribe := `{"type":"subscribe","id":"1","payload":{"query":"subscription { statuses { service } }"}}`
	for _, c := range []struct {
		name string
		say  []string
		code websocket.StatusCode
	}{
		{"no JSON", []string{`hello`}, 4400},
		{"no type", []string{`{}`}, 4400},
		{"unknown type", []string{`{"type":"start"}`}, 4400},
		{"a list", []string{`[]`}, 4400},
		{"payload is a text", []string{`{"type":"connection_init","payload":"x"}`}, 4400},
		{"subscribe without id", []string{`{"type":"connection_init"}`, `{"type":"subscribe","payload":{"query":"{ __typename }"}}`}, 4400},
		{"subscribe without query", []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1","payload":{}}`}, 4400},
		{"subscribe without payload", []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1"}`}, 4400},
		{"complete without id", []string{`{"type":"connection_init"}`, `{"type":"complete"}`}, 4400},
		{"not initialised", []string{subscribe}, 4401},
		{"initialised too late", nil, 4408},
		{"id twice", []string{`{"type":"connection_init"}`, subscribe, subscribe}, 4409},
		{"initialised twice", []string{`{"type":"connection_init"}`, `{"type":"connection_init"}`}, 4429},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			own := *b
			own.bundle = &bundle{t: t, url: b.url}
			client := own.dial(nil)
			for _, text := range c.say {
				client.say(text)
			}
			client.closed(c.code)
		})
	}
	other := b.dial(&websocket.DialOptions{Subprotocols: []string{"graphql-ws"}})
	other.closed(4406)
	binary := b.dial(nil)
	if err := binary.conn.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	binary.closed(4400)
}

func TestSocketsAnswerPingsAndQuestions(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	c := b.connect()
	c.say(`{"type":"ping","payload":{"a":1}}`)
	if m := c.hear(); m.Type != "pong" || string(m.Payload) != `{"a":1}` {
		t.Errorf("%+v %s", m, m.Payload)
	}
	c.say(`{"type":"pong"}`)
	c.subscribe("q", `{ __typename }`)
	want(t, c.next("q"), "Query", "__typename")
	c.complete("q")
	// An id can be used again once its operation is complete, or cancelled.
	c.subscribe("q", followQuery(1))
	c.next("q")
	c.say(`{"type":"complete","id":"q"}`)
	c.subscribe("q", followQuery(1))
	c.next("q")
	if err := c.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

// Every check of a question is one of a subscription, over both transports.
func TestSubscriptionsAreAdmittedLikeQuestions(t *testing.T) {
	t.Parallel()
	b := setupLive(t, func(c *graph.HandlerConfig) { c.Limits.Depth, c.Limits.Complexity, c.HideSuggestions = 6, 200, true })
	c := b.connect()
	for n, w := range []struct{ query, code string }{
		{`subscription {`, "GRAPHQL_PARSE_FAILED"},
		{`subscription { paylod { id } }`, "GRAPHQL_VALIDATION_FAILED"},
		{`subscription { payload(requestId: "x") { id } }`, "BAD_USER_INPUT"},
		{`subscription { a: statuses { id } b: statuses { id } }`, "GRAPHQL_VALIDATION_FAILED"},
		{`subscription { ...two } fragment two on Subscription { statuses { id } payload(requestId: "` + requestID(1).String() + `") { id } }`, "GRAPHQL_VALIDATION_FAILED"},
		{`subscription { __typename }`, "GRAPHQL_VALIDATION_FAILED"},
		{`subscription { statuses @skip(if: true) { id } }`, "GRAPHQL_VALIDATION_FAILED"},
		{`subscription { statuses { payload { stages { statuses { nodes { payload { id } } } } } } }`, "DEPTH_LIMIT_EXCEEDED"},
		{`subscription { statuses { payload { timeline(first: 500) { nodes { id } } } } }`, "COMPLEXITY_LIMIT_EXCEEDED"},
	} {
		id := fmt.Sprint(n)
		c.subscribe(id, w.query)
		if m := c.hear(); m.Type != "error" || m.ID != id || !strings.Contains(string(m.Payload), w.code) || strings.Contains(string(m.Payload), "Did you mean") {
			t.Errorf("%s: %+v %s", w.query, m, m.Payload)
		}
		stream := b.events(w.query)
		if r := stream.next(); r.code() != w.code {
			t.Errorf("%s: %+v", w.query, r.Errors)
		}
		stream.complete()
	}
	// Over plain HTTP a subscription is told where to go.
	if r := b.ask(`subscription { statuses { id } }`, nil); r.code() != "BAD_USER_INPUT" || !strings.Contains(r.Errors[0].Message, "text/event-stream") {
		t.Errorf("%s", r.body)
	}
	// A client that takes both gets events for what needs them.
	both := "application/graphql-response+json, application/json, text/event-stream"
	if r := b.post(`{"query":"{ __typename }"}`, "Content-Type", "application/json", "Accept", both); r.header.Get("Content-Type") != "application/graphql-response+json; charset=utf-8" {
		t.Errorf("%v", r.header)
	}
	b.events(followQuery(1), "Accept", both).next()
	// One that takes only events gets a question's answer as one.
	stream := b.events(`{ __typename }`)
	want(t, stream.next().Data, "Query", "__typename")
	stream.complete()
	// What is no question at all is refused before there is a stream.
	if r := b.post(`{}`, "Content-Type", "application/json", "Accept", "text/event-stream"); r.status != http.StatusBadRequest {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// An error in what is pushed names its place from the root on.
func TestAnErrorInASubscriptionNamesItsPlace(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	b.replica.feed(happens(1, "ingress", "received"))
	stream := b.events(fmt.Sprintf(`subscription { p: payload(requestId: %q) { requestId } }`, requestID(1)))
	want(t, stream.next().Data, requestID(1).String(), "p", "requestId")
	stream = b.events(fmt.Sprintf(`subscription { p: payload(requestId: %q) { stages { t: statuses(after: "foreign") { nodes { date } } } } }`, requestID(1)))
	r := stream.next()
	if len(r.Errors) != 1 {
		t.Fatalf("%+v", r)
	}
	want(t, r.Errors[0].Path, []any{"p", "stages", 0, "t"})
}

func TestSubscriptionsAreLimited(t *testing.T) {
	t.Parallel()
	b := setupLive(t, func(c *graph.HandlerConfig) { c.Live.PerConnection, c.Live.Subscriptions = 2, 3 })
	first, second := b.connect(), b.connect()
	throttled := func(m said) {
		t.Helper()
		if m.Type != "error" || m.ID != "x" || !strings.Contains(string(m.Payload), `"THROTTLED"`) {
			t.Errorf("%+v %s", m, m.Payload)
		}
	}
	first.subscribe("1", followQuery(1))
	first.next("1")
	first.subscribe("2", followQuery(1))
	first.next("2")
	first.subscribe("x", followQuery(1))
	throttled(first.hear()) // on one connection
	second.subscribe("3", followQuery(1))
	second.next("3")
	second.subscribe("x", followQuery(1))
	throttled(second.hear()) // in all
	stream := b.events(followQuery(1))
	if r := stream.next(); r.code() != "THROTTLED" {
		t.Errorf("%+v", r)
	}
	stream.complete()
	// A place that is left is free again.
	_ = first.conn.Close(websocket.StatusNormalClosure, "")
	deadline := time.Now().Add(patience)
	for {
		second.subscribe("y", followQuery(1))
		if m := second.hear(); m.Type == "next" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no place")
		}
		time.Sleep(20 * time.Millisecond)
	}
	// Websockets that follow nothing take a place among websockets.
	b.connect()
	b.connect()
	_, response, err := websocket.Dial(t.Context(), b.url, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("%v", err)
	}
}

func TestSubscriptionsShowThatTheyLive(t *testing.T) {
	t.Parallel()
	b := setupLive(t, func(c *graph.HandlerConfig) { c.Live.KeepAlive, c.Live.WriteTime = 50*time.Millisecond, 2*time.Second })
	var pings atomic.Int32
	ctx, enough := context.WithTimeout(t.Context(), patience)
	defer enough()
	c := b.dial(&websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
		if pings.Add(1) == 3 {
			enough()
		}
		return true
	}})
	c.say(`{"type":"connection_init"}`)
	c.hear()
	_, _, _ = c.conn.Read(ctx)
	if pings.Load() < 3 {
		t.Errorf("%d pings", pings.Load())
	}
	stream := b.events(followQuery(1))
	stream.next()
	for comments := 0; comments < 3; {
		if !stream.lines.Scan() {
			t.Fatal("the stream ended")
		}
		if stream.lines.Text() == ":" {
			comments++
		}
	}
	// A client that has gone without a word is noticed by its silence.
	began := time.Now()
	mute := b.dial(&websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool { return false }})
	if _, err := mute.read(); err == nil || time.Since(began) > patience/2 {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

// Who asks for the head of a stream is not kept, nor is a place for it.
func TestTheHeadOfAStreamEnds(t *testing.T) {
	t.Parallel()
	b := setupLive(t, func(c *graph.HandlerConfig) { c.Live.Subscriptions = 1 })
	request := "HEAD /?query=" + url.QueryEscape(`subscription { statuses { id } }`) + " HTTP/1.1\r\nHost: tracker\r\nAccept: text/event-stream\r\n\r\n"
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	for range 2 { // on one connection: the first has to end
		if _, err := conn.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(answers, &http.Request{Method: http.MethodHead})
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if media := response.Header.Get("Content-Type"); !strings.HasPrefix(media, "text/event-stream") {
			t.Errorf("%d %s", response.StatusCode, media)
		}
	}
	b.begun(b.events(`subscription { statuses { service } }`).next)
}

// At the end of the process clients are sent elsewhere: 1001, and a stream of
// events that ends without its last one.
func TestShutdownSendsClientsElsewhere(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	c := b.connect()
	c.subscribe("1", followQuery(1))
	c.next("1")
	stream := b.events(followQuery(1))
	stream.next()
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		ended <- b.handler.Shutdown(ctx)
	}()
	for {
		m, err := c.read()
		if err != nil {
			if websocket.CloseStatus(err) != websocket.StatusGoingAway {
				t.Errorf("closed by %v", err)
			}
			break
		}
		t.Errorf("said %+v", m)
	}
	if name, data, ok := stream.event(); ok {
		t.Errorf("%q: %q", name, data)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if r := b.post(`{"query":"subscription { statuses { id } }"}`, "Content-Type", "application/json", "Accept", "text/event-stream"); r.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// A client that does not read is cut, and holds nobody up.
func TestSlowClientsAreCut(t *testing.T) {
	t.Parallel()
	b := setupLive(t, func(c *graph.HandlerConfig) { c.Live.WriteTime = 500 * time.Millisecond })
	b.rules(time.Hour, time.Hour)
	large := fmt.Sprintf(`subscription { payload(requestId: %q) { timeline(last: 50) { nodes { message } } } }`, requestID(1))
	quick := b.connect()
	quick.subscribe("1", fmt.Sprintf(`subscription { payload(requestId: %q) { current { status } } }`, requestID(1)))
	quick.next("1")
	slow := b.connect() // reads no more
	slow.subscribe("1", large)
	conn, err := net.Dial("tcp", b.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := fmt.Sprintf(`{"query":%q}`, large)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	began := time.Now()
	for n := 0; ; n++ {
		e := happens(1, "ingress", fmt.Sprint("step-", n))
		e.Message = strings.Repeat("x", 900<<10)
		b.replica.feed(e)
		quick.until("1", fmt.Sprint("step-", n), "payload", "current", "status")
		if b.handler.Following() == 1 {
			return // only the quick one is left
		}
		if time.Since(began) > patience {
			t.Fatalf("%d are followed", b.handler.Following())
		}
	}
}

// A restart of the database ends nobody's subscription, and nothing is missed.
func TestSubscriptionsSurviveTheDatabasesRestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	config := pgserver.Config{Dir: t.TempDir() + "/postgres", Logger: slog.New(slog.DiscardHandler)}
	server, err := pgserver.Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	if err := server.CreateDatabase(ctx, "live"); err != nil {
		t.Fatal(err)
	}
	migrate, err := store.Open(ctx, store.Config{DSN: server.DSN("live"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate.MigrateUp(ctx); err != nil {
		t.Fatal(err)
	}
	migrate.Close()
	b := liveOn(t, server.DSN("live"))
	b.rules(time.Hour, time.Hour)
	c := b.connect()
	tail := b.events(`subscription { statuses { service } }`)
	c.subscribe("1", followQuery(1))
	c.next("1")
	b.begun(tail.next)
	b.replica.feed(happens(1, "ingress", "received"))
	want(t, c.next("1"), "ingress", "payload", "current", "service")
	want(t, tail.nextBut().Data, "ingress", "statuses", "service")

	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	c.subscribe("2", followQuery(2)) // while it is away: answered when it is back
	time.Sleep(500 * time.Millisecond)
	config.Port = server.Port()
	if server, err = pgserver.Start(ctx, config); err != nil {
		t.Fatal(err)
	}
	// At once, while the server may not listen yet.
	feedAgain(b, happens(1, "puptoo", "error"))
	for told := map[string]bool{}; len(told) < 2; {
		m := c.hear()
		if m.Type != "next" || strings.Contains(string(m.Payload), `"errors"`) {
			t.Fatalf("%+v %s", m, m.Payload)
		}
		if m.ID == "2" || strings.Contains(string(m.Payload), "FAILED") {
			told[m.ID] = true
		}
	}
	want(t, tail.nextBut().Data, "puptoo", "statuses", "service")
	// And it hears of changes again.
	b.replica.feed(happens(2, "ingress", "received"))
	c.until("2", "ingress", "payload", "current", "service")
}

// feedAgain repeats until the database takes it, as a consumer does.
func feedAgain(b *liveBundle, e payload.Event) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		from := b.replica.next
		_, err := b.replica.store.Ingest(b.t.Context(), store.Batch{Group: "test", Parts: []store.Part{{
			Topic: "t", TopicID: [16]byte{1}, From: from, To: from + 1, Events: []payload.Event{e},
		}}})
		if err == nil {
			b.replica.next++
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
