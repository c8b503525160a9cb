package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/payload-tracker/payload-tracker/payload"
)

// transportWS is the subprotocol of the graphql-ws library; the older one that
// is called graphql-ws is another.
const transportWS = "graphql-transport-ws"

// Its close codes.
const (
	closeBadMessage    websocket.StatusCode = 4400
	closeUnauthorized  websocket.StatusCode = 4401
	closeNoSubprotocol websocket.StatusCode = 4406
	closeInitTimeout   websocket.StatusCode = 4408
	closeRepeatedID    websocket.StatusCode = 4409
	closeTooManyInits  websocket.StatusCode = 4429
)

// wantsSocket tells whether a request is to become a websocket.
func wantsSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// socket is one websocket.
type socket struct {
	handler *Handler
	request *http.Request
	conn    *websocket.Conn
	work    sync.WaitGroup

	mu         sync.Mutex
	ready      bool // acknowledged
	operations map[string]*operation
	running    int // operations, those included that were cancelled and have not ended
}

// operation is one subscription, or question, of a socket.
type operation struct{ cancel context.CancelCauseFunc }

func (h *Handler) serveSocket(w http.ResponseWriter, r *http.Request) {
	select {
	case h.sockets <- struct{}{}:
		defer func() { <-h.sockets }()
	default:
		Refuse(w, r, http.StatusTooManyRequests, string(payload.CodeThrottled), "too many websockets at a time: try again later")
		return
	}
	if !h.openings.enter() {
		leavingError(w, r)
		return
	}
	defer h.openings.open.Done()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{transportWS}})
	if err != nil {
		return // it is answered
	}
	conn.SetReadLimit(h.config.Limits.RequestBytes)
	s := &socket{handler: h, request: r, conn: conn, operations: map[string]*operation{}}
	ctx, cancel := h.openings.while(r.Context())
	s.work.Go(func() { s.watch(ctx) })
	err = s.serve(ctx)
	cancel(nil)
	s.close(err)
	s.work.Wait()
}

// closing is an error that ends the socket with a code.
type closing struct {
	code   websocket.StatusCode
	reason string
}

func (c *closing) Error() string { return c.reason }

var errBadMessage = &closing{closeBadMessage, "Invalid message received"}

// close tells the client why, unless it has gone.
func (s *socket) close(err error) {
	if why, ok := errors.AsType[*closing](err); ok {
		_ = s.conn.Close(why.code, why.reason)
	}
	_ = s.conn.CloseNow()
}

// watch ends a socket whose client does not begin, or is no longer there, or
// whose process ends.
func (s *socket) watch(ctx context.Context) {
	config := s.handler.config.Live
	begin := time.NewTimer(config.InitTime)
	defer begin.Stop()
	alive := time.NewTicker(config.KeepAlive)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errLeaving) {
				s.close(&closing{websocket.StatusGoingAway, errLeaving.Error()})
			}
			return
		case <-begin.C:
			s.mu.Lock()
			ready := s.ready
			s.mu.Unlock()
			if !ready {
				s.close(&closing{closeInitTimeout, "Connection initialisation timeout"})
				return
			}
		case <-alive.C:
			if s.ping(ctx, config.WriteTime) != nil && ctx.Err() == nil {
				s.close(nil)
				return
			}
		}
	}
}

func (s *socket) ping(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.conn.Ping(ctx)
}

// serve reads messages until one ends the socket, or the client does.
func (s *socket) serve(ctx context.Context) error {
	if s.conn.Subprotocol() != transportWS {
		return &closing{closeNoSubprotocol, "Subprotocol not acceptable"}
	}
	// The process's end is told by watch: it must not break a read off, which
	// would cut the connection.
	reading := context.WithoutCancel(ctx)
	for {
		kind, text, err := s.conn.Read(reading)
		if err != nil {
			return err
		}
		var m message
		if kind != websocket.MessageText || json.Unmarshal(text, &m) != nil || !m.Payload.object() {
			return errBadMessage
		}
		if err := s.take(ctx, &m); err != nil {
			return err
		}
	}
}

// message is what both sides send.
type message struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Payload body   `json:"payload,omitempty"`
}

// body is a message's payload, as it was sent.
type body []byte

// UnmarshalJSON keeps the text.
func (b *body) UnmarshalJSON(text []byte) error {
	*b = bytes.Clone(text)
	return nil
}

// object tells whether it is an object, or absent.
func (b body) object() bool { return len(b) == 0 || b[0] == '{' || string(b) == "null" }

// take deals with one message.
func (s *socket) take(ctx context.Context, m *message) error {
	switch m.Type {
	case "connection_init":
		s.mu.Lock()
		again := s.ready
		s.ready = true
		s.mu.Unlock()
		if again {
			return &closing{closeTooManyInits, "Too many initialisation requests"}
		}
		return s.send("connection_ack", "", nil)
	case "ping":
		return s.send("pong", "", m.Payload)
	case "pong":
		return nil
	case "subscribe":
		return s.subscribe(ctx, m)
	case "complete":
		if m.ID == "" {
			return errBadMessage
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if o := s.operations[m.ID]; o != nil {
			o.cancel(nil)
			delete(s.operations, m.ID)
		}
		return nil
	}
	return errBadMessage
}

func (s *socket) subscribe(ctx context.Context, m *message) error {
	if !s.ready { // only this goroutine makes it true
		return &closing{closeUnauthorized, "Unauthorized"}
	}
	asked := &question{}
	if m.ID == "" || decodeJSON(m.Payload, asked) != nil || asked.empty() {
		return errBadMessage
	}
	asked.Headers = s.request.Header
	ctx, cancel := context.WithCancelCause(ctx)
	o := &operation{cancel: cancel}
	s.mu.Lock()
	_, repeated := s.operations[m.ID]
	most := s.handler.config.Live.PerConnection
	full := !repeated && s.running >= most
	if !repeated && !full {
		s.operations[m.ID] = o
		s.running++
	}
	s.mu.Unlock()
	switch {
	case repeated:
		cancel(nil)
		return &closing{closeRepeatedID, "Subscriber for " + clipReason(m.ID) + " already exists"}
	case full:
		cancel(nil)
		a := newAnswer(s.request)
		a.reject(gqlerror.List{throttled(most, "on one connection")})
		return s.answer(m.ID, a)
	}
	s.work.Go(func() { s.perform(ctx, m.ID, o, asked) })
	return nil
}

// clipReason keeps a close frame's reason within its 123 bytes.
func clipReason(id string) string {
	if len(id) > 64 {
		return strings.ToValidUTF8(id[:64], "") + "…"
	}
	return id
}

// perform answers one operation, and says when it is complete.
func (s *socket) perform(ctx context.Context, id string, o *operation, asked *question) {
	a := newAnswer(s.request)
	defer a.release()
	failed := false
	send := func(a *answer) error {
		failed = a.data == nil
		if failed && !s.forget(id, o) {
			return nil // the client is no longer interested, and may have given the id to another
		}
		return s.answer(id, a)
	}
	s.handler.ask(ctx, asked, a)
	var err error
	if a.stream == nil {
		err = send(a)
	} else {
		err = s.handler.follow(ctx, a.stream, a, send)
	}
	o.cancel(nil)
	if err == nil && !failed && s.forget(id, o) {
		_ = s.send("complete", id, nil) // else the connection has ended
	}
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
}

// forget takes an operation off the list; false when it was not on it.
func (s *socket) forget(id string, o *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != o {
		return false
	}
	delete(s.operations, id)
	return true
}

// answer sends an answer; one without data ends its operation.
func (s *socket) answer(id string, a *answer) error {
	if a.data == nil {
		errs, err := json.Marshal(a.errors)
		if err != nil {
			return err
		}
		return s.send("error", id, errs)
	}
	text, err := a.body()
	if err != nil {
		return err
	}
	return s.send("next", id, text)
}

// send writes a message. A client that does not take it in time is cut.
func (s *socket) send(kind, id string, payload []byte) error {
	var b bytes.Buffer
	b.Grow(len(payload) + len(id) + 64)
	b.WriteByte('{')
	if id != "" {
		name, err := json.Marshal(id)
		if err != nil {
			return err
		}
		b.WriteString(`"id":`)
		b.Write(name)
		b.WriteByte(',')
	}
	b.WriteString(`"type":"` + kind + `"`)
	if len(payload) > 0 {
		b.WriteString(`,"payload":`)
		b.Write(payload)
	}
	b.WriteByte('}')
	// Not the operation's context: one that is cancelled in mid-message would
	// cut the others' connection.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.request.Context()), s.handler.config.Live.WriteTime)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, b.Bytes())
}
