package graph

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// live wakes those who follow what changes. One listener and two readers serve
// all subscriptions of the process: the followers of a notice's payloads are
// read for with one statement, whatever their number, and a batch's statuses
// once. Nothing here waits for a client, and a client that is slow holds no
// data: until it asks again, all that is kept is that its payload changed.
type live struct {
	store  *store.Store
	logger *slog.Logger
	rate   int // statuses a second for one tail

	mu        sync.Mutex
	followers map[payload.RequestID]map[*follower]struct{}
	queue     []*follower // those to read for
	due       chan struct{}

	tails   map[*tail]struct{}
	notices []store.Notice // for the tails
	left    int            // events of notices that were dropped
	heard   chan struct{}
}

func newLive(s *store.Store, logger *slog.Logger, rate int) *live {
	return &live{
		store: s, logger: logger, rate: rate,
		followers: map[payload.RequestID]map[*follower]struct{}{}, due: make(chan struct{}, 1),
		tails: map[*tail]struct{}{}, heard: make(chan struct{}, 1),
	}
}

// run serves until ctx ends.
func (l *live) run(ctx context.Context) error {
	// Reads are for everybody; each follower is given what it may see.
	ctx = identity.WithScope(ctx, identity.Everything())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.store.Listen(ctx, l.hear) })
	group.Go(func() error { l.readPayloads(ctx); return nil })
	group.Go(func() error { l.readStatuses(ctx); return nil })
	return group.Wait()
}

// hear takes a notice.
func (l *live) hear(n store.Notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n.All {
		for _, followers := range l.followers {
			l.wake(followers)
		}
	}
	for _, id := range n.IDs {
		l.wake(l.followers[id])
	}
	l.hearForTails(n)
}

func (l *live) wake(followers map[*follower]struct{}) {
	for f := range followers {
		f.changed = true
		l.enqueue(f)
	}
}

// enqueue has f read for, once it wants to know and there is something new.
func (l *live) enqueue(f *follower) {
	if f.changed && f.wants && !f.queued {
		f.queued = true
		l.queue = append(l.queue, f)
		signal(l.due)
	}
}

// signal fills a one-slot channel.
func signal(slot chan struct{}) {
	select {
	case slot <- struct{}{}:
	default:
	}
}

// follower waits for news of one payload. What is not said otherwise is
// guarded by live.mu.
type follower struct {
	live    *live
	id      payload.RequestID
	scope   identity.Scope
	changed bool // since it was last read for
	wants   bool // to know
	queued  bool

	news  chan news // one at a time: it is only sent to one that wants
	again time.Time // when time alone changes the verdict; zero: never. Of who waits alone
}

// news of a payload.
type news struct {
	payload *Payload // nil: unknown
	now     time.Time
	final   bool
	again   time.Time
	err     error
}

// follow begins to follow a payload, which need not be known yet. The first
// news is how it stands. It is registered before it is read: what changes in
// between comes as a second news.
func (l *live) follow(id payload.RequestID, scope identity.Scope) *follower {
	f := &follower{live: l, id: id, scope: scope, changed: true, news: make(chan news, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.followers[id] == nil {
		l.followers[id] = map[*follower]struct{}{}
	}
	l.followers[id][f] = struct{}{}
	return f
}

func (f *follower) close() {
	f.live.mu.Lock()
	defer f.live.mu.Unlock()
	all := f.live.followers[f.id]
	delete(all, f)
	if len(all) == 0 {
		delete(f.live.followers, f.id)
	}
}

// leastWait bounds how often time alone makes a payload be read.
const leastWait = 10 * time.Millisecond

// next waits for news.
func (f *follower) next(ctx context.Context) (news, error) {
	f.live.mu.Lock()
	f.wants = true
	f.live.enqueue(f)
	f.live.mu.Unlock()
	var changes <-chan time.Time
	if !f.again.IsZero() {
		timer := time.NewTimer(max(f.again.Sub(f.live.store.Now()), leastWait))
		defer timer.Stop()
		changes = timer.C
	}
	for {
		select {
		case <-ctx.Done():
			return news{}, ctx.Err()
		case <-changes:
			f.look()
		case n := <-f.news:
			f.again = n.again
			return n, n.err
		}
	}
}

// look makes the payload be read again.
func (f *follower) look() {
	f.live.mu.Lock()
	defer f.live.mu.Unlock()
	f.changed = true
	f.live.enqueue(f)
}

const (
	// breath is the least time between two reads: notices that come thick are
	// read for together.
	breath = 20 * time.Millisecond
	// retryAfter is when the database is asked again after it did not answer.
	retryAfter = time.Second
	// mostFollowers are read for at a time.
	mostFollowers = 1000
)

// readPayloads reads for the queue until ctx ends.
func (l *live) readPayloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.due:
		}
		for batch := l.take(); len(batch) > 0; batch = l.take() {
			wait := breath
			if err := l.readFor(ctx, batch); err != nil {
				l.logger.WarnContext(ctx, "what is followed cannot be read; it is tried again", slog.Any("error", err))
				l.putBack(batch)
				wait = retryAfter
			}
			if !pause(ctx, wait) {
				return
			}
		}
	}
}

// pause is false when ctx ended before the time was over.
func pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait):
		return true
	}
}

// take empties the queue. What changes from now on is news again.
func (l *live) take() []*follower {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), mostFollowers)
	batch := slices.Clone(l.queue[:n])
	l.queue = slices.Delete(l.queue, 0, n)
	for _, f := range batch {
		f.queued, f.wants, f.changed = false, false, false
	}
	return batch
}

func (l *live) putBack(batch []*follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range batch {
		f.wants, f.changed = true, true
		l.enqueue(f)
	}
}

// readFor reads the payloads of the followers and gives each the news. An
// error says that the database is away, and nobody was told anything.
func (l *live) readFor(ctx context.Context, batch []*follower) error {
	ids := map[payload.RequestID]struct{}{}
	for _, f := range batch {
		ids[f.id] = struct{}{}
	}
	found, err := l.store.PayloadsByRequestID(ctx, slices.Collect(maps.Keys(ids)))
	var rules payload.Rules
	if err == nil {
		rules, err = l.store.Rules(ctx)
	}
	if err != nil && (ctx.Err() != nil || passing(err)) {
		return err
	}
	now := l.store.Now()
	scopes := map[identity.Scope][]*follower{}
	for _, f := range batch {
		if err != nil {
			f.news <- news{err: err}
			continue
		}
		scopes[f.scope] = append(scopes[f.scope], f)
	}
	for scope, followers := range scopes {
		tell(followers, seen(found, scope, now), &rules, now)
	}
	return nil
}

// passing tells whether an error is one of the database, and of this moment.
func passing(err error) bool {
	known, ok := errors.AsType[*payload.Error](err)
	return ok && (known.Code == payload.CodeUnavailable || known.Code == payload.CodeTimeout)
}

// seen are the payloads that a scope sees, as one list: what one of its
// followers asks of them is read for all.
func seen(found map[payload.RequestID]*store.Payload, scope identity.Scope, now time.Time) map[payload.RequestID]*Payload {
	var rows []*store.Payload
	for _, row := range found {
		if scope.Sees(row.OrgID) {
			rows = append(rows, row)
		}
	}
	payloads := make(map[payload.RequestID]*Payload, len(rows))
	for _, p := range payloadsOf(rows, now) {
		payloads[p.RequestID] = p
	}
	return payloads
}

func tell(followers []*follower, payloads map[payload.RequestID]*Payload, rules *payload.Rules, now time.Time) {
	told := make(map[payload.RequestID]news, len(payloads))
	for _, f := range followers {
		n, ok := told[f.id]
		if !ok {
			n = newsOf(payloads[f.id], rules, now)
			told[f.id] = n
		}
		f.news <- n
	}
}

func newsOf(p *Payload, rules *payload.Rules, now time.Time) news {
	n := news{payload: p, now: now}
	if p == nil {
		return n
	}
	verdict := p.Journey.Verdict(rules, now)
	n.final = verdict.Final
	switch verdict.State {
	case payload.StateInProgress:
		n.again = verdict.StallsAt
	case payload.StateSucceeded, payload.StateFailed:
		n.again = verdict.QuietSince.Add(rules.Settle)
	case payload.StateStalled: // until something comes
	}
	return n
}
