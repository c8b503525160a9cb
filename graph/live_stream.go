package graph

import (
	"context"
	"errors"
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/payload-tracker/payload-tracker/exemplar"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// LiveConfig bounds what is followed live. Zero takes the default.
type LiveConfig struct {
	Subscriptions int           // at a time, of all clients; as many websockets may be open; default 1,000
	PerConnection int           // of these, on one websocket; default 50
	TailRate      int           // statuses a second that one subscription is sent; default 100
	KeepAlive     time.Duration // between two signs of life; default 15 s
	InitTime      time.Duration // for a websocket's first message; default 5 s
	WriteTime     time.Duration // for a client to take what it is sent; default 10 s
}

func (c LiveConfig) withDefaults() LiveConfig {
	setDefault(&c.Subscriptions, 1000)
	setDefault(&c.PerConnection, 50)
	setDefault(&c.TailRate, 100)
	setDefault(&c.KeepAlive, 15*time.Second)
	setDefault(&c.InitTime, 5*time.Second)
	setDefault(&c.WriteTime, 10*time.Second)
	return c
}

// stream is a subscription whose resolver has found what to follow.
type stream struct {
	// next waits until there is a turn, and then has its value in the channel
	// that the resolver gave.
	next  func(ctx context.Context) (turn, error)
	again func() // makes the last turn come once more; nil: it cannot
	close func()
}

// turn is one answer to come.
type turn struct {
	now     time.Time
	last    bool
	state   bool // the answer is a state: one that equals the last says nothing
	skipped int  // left out before it, because too many came
}

type streamKey struct{}

// begin hands a stream from its resolver to the loop that turns it. The loop
// asks for a value when the client has taken the one before: that is how a
// slow client coalesces.
func begin(ctx context.Context, s *stream) error {
	place, ok := ctx.Value(streamKey{}).(**stream)
	if !ok {
		s.close()
		return errors.New("a subscription outside a stream")
	}
	*place = s
	return nil
}

// errLeaving ends a stream because the process ends: the client is to ask
// another one, so it is not told that the stream is complete.
var errLeaving = errors.New("the server is going away")

// openings are the connections on which something is followed.
type openings struct {
	leaving context.Context // ends when the process is about to
	leave   context.CancelFunc

	mu   sync.Mutex
	open sync.WaitGroup
}

func newOpenings() *openings {
	o := &openings{}
	o.leaving, o.leave = context.WithCancel(context.Background()) //nolint:forbidigo // Shutdown ends it
	return o
}

// enter is false when no more are taken in.
func (o *openings) enter() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.leaving.Err() != nil {
		return false
	}
	o.open.Add(1)
	return true
}

// while is ctx that also ends with the process.
func (o *openings) while(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(o.leaving, func() { cancel(errLeaving) })
	return ctx, func(cause error) {
		stop()
		cancel(cause)
	}
}

// Run keeps what is followed live up to date, until ctx ends.
func (h *Handler) Run(ctx context.Context) error { return h.live.run(ctx) }

// Shutdown ends what is followed live, so that the clients go on elsewhere,
// and waits for it as long as ctx lasts. Questions under way are not its
// business.
func (h *Handler) Shutdown(ctx context.Context) error {
	o := h.openings
	o.mu.Lock()
	o.leave()
	o.mu.Unlock()
	done := make(chan struct{})
	go func() {
		o.open.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// throttled is what is said past a number of subscriptions.
func throttled(most int, where string) *gqlerror.Error {
	return codedf(string(payload.CodeThrottled), "too many subscriptions %s: at most %d", where, most)
}

// follow answers an admitted subscription, with a's extensions in the first
// answer. send gives the client one answer and returns when it may have the
// next. It is nil when the stream is complete, and an error of ctx or send
// otherwise.
func (h *Handler) follow(ctx context.Context, operation *graphql.OperationContext, a *answer, send func(*answer) error) error {
	if err := oneStream(operation); err != nil {
		a.reject(gqlerror.List{err})
		return send(a)
	}
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		a.reject(gqlerror.List{throttled(cap(h.streams), "at a time")})
		return send(a)
	}
	var s *stream
	respond, ctx := h.executor.DispatchOperation(context.WithValue(ctx, streamKey{}, &s), operation)
	if s == nil {
		response := respond(ctx)
		if response == nil || len(response.Errors) == 0 {
			return errors.New("a subscription found nothing to follow")
		}
		a.reject(response.Errors)
		return send(a)
	}
	defer s.close()
	return h.turns(ctx, s, respond, a, send)
}

// oneStream refuses what follows more than one field, or none: the validator
// does not look through aliases and conditions.
func oneStream(operation *graphql.OperationContext) *gqlerror.Error {
	fields := graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Subscription"})
	if len(fields) != 1 || strings.HasPrefix(fields[0].Name, "__") {
		return coded(codeValidationFailed, "a subscription follows one field, payload or statuses")
	}
	return nil
}

// turns answers turn by turn.
func (h *Handler) turns(ctx context.Context, s *stream, respond graphql.ResponseHandler, a *answer, send func(*answer) error) error {
	seed, told := maphash.MakeSeed(), uint64(0)
	defer func() { a.release() }()
	for {
		a.release()
		t, err := s.next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			a.reject(gqlerror.List{h.errors.present(ctx, err)})
			return send(a)
		}
		a.held = h.memory.holding()
		response, err := h.turn(withHolding(ctx, a.held), t, respond)
		if err != nil {
			return err
		}
		if err := a.held.hold(ctx, int64(len(response.Data))); err != nil {
			response = &graphql.Response{Errors: gqlerror.List{asError(err)}}
		}
		if s.again != nil && passes(response.Errors) {
			if !pause(ctx, retryAfter) {
				return context.Cause(ctx)
			}
			s.again()
			continue
		}
		sum := maphash.Bytes(seed, response.Data)
		if t.state && sum == told && len(response.Errors) == 0 {
			if t.last {
				return nil
			}
			continue
		}
		told = sum
		a.answered(response)
		if t.skipped > 0 {
			a.extend("skipped", t.skipped)
		}
		if err := send(a); err != nil {
			return err
		}
		h.pushes.Inc()
		if t.last {
			return nil
		}
		a.release()
		a = &answer{request: a.request}
	}
}

// turn executes the operation for one turn, at its moment. It outlives a
// client that leaves meanwhile: what it reads is for others too.
func (h *Handler) turn(ctx context.Context, t turn, respond graphql.ResponseHandler) (response *graphql.Response, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			response = &graphql.Response{Errors: gqlerror.List{asError(h.errors.recovered(ctx, cause))}}
		}
	}()
	select {
	case h.turning <- struct{}{}:
		defer func() { <-h.turning }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(store.Newest(context.WithoutCancel(withNow(ctx, t.now))), h.config.Limits.Deadline)
	defer cancel()
	ctx, span := h.startTurn(ctx)
	began := time.Now()
	response = respond(inRoot(ctx))
	if response == nil {
		response = &graphql.Response{Errors: gqlerror.List{timedOut()}}
	}
	response = h.bounded(response)
	exemplar.Observe(ctx, h.metrics.pushSeconds, time.Since(began))
	endSpan(span, response.Errors)
	return response, nil
}

// inRoot is ctx within the field that is followed: the library executes a turn
// outside of it, so that it would miss in the paths of errors.
func inRoot(ctx context.Context) context.Context {
	operation := graphql.GetOperationContext(ctx)
	fields := graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Subscription"})
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Subscription", Field: fields[0]}) // oneStream has counted them
}

// passes tells whether a part of an answer is missing for a moment: the
// database does not answer, or too much is held.
func passes(errs gqlerror.List) bool {
	return slices.ContainsFunc(errs, func(err *gqlerror.Error) bool {
		code := err.Extensions["code"]
		return code == string(payload.CodeUnavailable) || code == string(payload.CodeThrottled)
	})
}

// mostTurning is how many turns of all subscriptions are executed at a time.
const mostTurning = 16

// livePart is what a handler has for subscriptions.
type livePart struct {
	live     *live
	streams  chan struct{} // a place for each subscription
	sockets  chan struct{} // and for each websocket
	turning  chan struct{}
	openings *openings
	pushes   prometheus.Counter
}

func newLivePart(config *HandlerConfig) livePart {
	p := livePart{
		live:     newLive(config.Store, config.Logger, config.Live.TailRate),
		streams:  make(chan struct{}, config.Live.Subscriptions),
		sockets:  make(chan struct{}, config.Live.Subscriptions),
		turning:  make(chan struct{}, mostTurning),
		openings: newOpenings(),
		pushes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payload_tracker_graphql_pushes_total", Help: "Answers sent to subscriptions.",
		}),
	}
	if config.Registerer != nil {
		config.Registerer.MustRegister(p.pushes, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "payload_tracker_graphql_subscriptions", Help: "Subscriptions that are followed now.",
		}, func() float64 { return float64(len(p.streams)) }))
	}
	return p
}

// leavingError answers a request that came while the process ends.
func leavingError(w http.ResponseWriter, r *http.Request) {
	Refuse(w, r, http.StatusServiceUnavailable, string(payload.CodeUnavailable), errLeaving.Error())
}
