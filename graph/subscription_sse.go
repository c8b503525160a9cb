package graph

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"
)

const mediaEvents = "text/event-stream"

// takesEvents tells whether a client takes server-sent events, and whether it
// takes nothing else.
func takesEvents(r *http.Request) (takes, only bool) {
	only = true
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		switch {
		case err != nil || params["q"] == "0":
		case media == mediaEvents:
			takes = true
		default:
			only = false
		}
	}
	return takes, takes && only
}

// events is a stream of server-sent events, as graphql-sse wants them in
// distinct connections mode: an event "next" for each answer, and "complete".
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration

	mu sync.Mutex
}

// serveEvents writes an answer, and follows it when it is a subscription's,
// until the client leaves.
func (h *Handler) serveEvents(w http.ResponseWriter, r *http.Request, a *answer) {
	if !h.openings.enter() {
		leavingError(w, r)
		return
	}
	defer h.openings.open.Done()
	e := &events{w: w, control: http.NewResponseController(w), limit: h.config.Live.WriteTime}
	_ = e.control.SetReadDeadline(time.Time{}) // all was read; the deadline would end the stream
	header := w.Header()
	header.Set("Content-Type", mediaEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // of a proxy in between
	header.Add("Vary", "Accept")
	if r.Method == http.MethodHead {
		return // nobody hears what would follow
	}
	ctx, cancel := h.openings.while(r.Context())
	var alive sync.WaitGroup
	defer alive.Wait()
	defer cancel(nil)
	if e.comment() != nil { // lets the client know that it is connected
		return
	}
	alive.Go(func() { e.keepAlive(ctx, h.config.Live.KeepAlive, cancel) })
	var err error
	if a.stream == nil {
		err = e.send(a)
	} else {
		err = h.follow(ctx, a.stream, a, e.send)
	}
	if err == nil {
		_ = e.write("event: complete\ndata:\n\n", nil, "") // else the client has gone, or is to go on elsewhere
	}
}

// send writes an answer.
func (e *events) send(a *answer) error {
	body, err := a.body()
	if err != nil {
		return err
	}
	return e.write("event: next\ndata: ", body, "\n\n") // JSON of ours has no line breaks
}

// write cuts a client that does not take what it is sent.
func (e *events) write(before string, body []byte, after string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.control.SetWriteDeadline(time.Now().Add(e.limit)) // a recorder has none
	for _, part := range [][]byte{[]byte(before), body, []byte(after)} {
		if _, err := e.w.Write(part); err != nil {
			return err
		}
	}
	return e.control.Flush()
}

// comment is what clients pass over.
func (e *events) comment() error { return e.write(":\n\n", nil, "") }

// keepAlive writes comments, so that nobody in between takes the connection
// for dead, and a client that is gone is noticed.
func (e *events) keepAlive(ctx context.Context, every time.Duration, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := e.comment(); err != nil {
				cancel(err)
				return
			}
		}
	}
}
