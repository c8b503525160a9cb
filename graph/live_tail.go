package graph

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
	"weak"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/store"
)

const (
	// tailNotices are kept while the reader is behind; older ones are left out.
	tailNotices = 64
	// tailReads is how many events a second are read for the tails, tailBurst how
	// many at once: above it some batches are left out.
	tailReads = 5_000
	tailBurst = 10_000
	// tailWaiting and tailBytes bound what waits for one client.
	tailWaiting = 200
	tailBytes   = 128 << 10
	// tailKnown is how many events are remembered, so that none comes twice when
	// it is looked for after a break.
	tailKnown = 1 << 16
	// tailShared is how many of the newest statuses stay with their batches, so
	// that what is asked of them is read together. What waits longer for a slow
	// client is read for alone: it must not hold what others were given.
	tailShared = 2000
)

// tail is who follows statuses.
type tail struct {
	live    *live
	scope   identity.Scope
	matcher *store.Matcher
	ready   chan struct{}

	mu      sync.Mutex
	waiting []given
	bytes   int // of their messages
	skipped int // left out since the last one was given
	budget  budget
}

// given is a status for a client, and the batch it is read for with.
type given struct {
	row   *store.Status
	batch weak.Pointer[siblings[*store.Status]]
	now   time.Time
}

func (g given) status() *Status {
	batch := g.batch.Value()
	if batch == nil {
		batch = newSiblings([]*store.Status{g.row})
	}
	return &Status{Status: g.row, list: batch, now: g.now}
}

// followStatuses begins to follow the statuses that meet a filter.
func (l *live) followStatuses(filter *store.StatusFilter, scope identity.Scope) (*tail, error) {
	f := value(filter)
	matcher, err := f.Matcher()
	if err != nil {
		return nil, err
	}
	t := &tail{live: l, scope: scope, matcher: matcher, ready: make(chan struct{}, 1), budget: newBudget(l.rate, l.rate)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tails[t] = struct{}{}
	return t, nil
}

func (t *tail) close() {
	t.live.mu.Lock()
	defer t.live.mu.Unlock()
	delete(t.live.tails, t)
}

// next waits for a status; skipped is how many were left out before it.
func (t *tail) next(ctx context.Context) (s *Status, skipped int, err error) {
	for {
		t.mu.Lock()
		if len(t.waiting) > 0 {
			s, skipped = t.waiting[0].status(), t.skipped
			t.drop()
			t.skipped = 0
			t.mu.Unlock()
			return s, skipped, nil
		}
		t.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-t.ready:
		}
	}
}

// drop forgets the oldest that waits.
func (t *tail) drop() {
	t.bytes -= len(t.waiting[0].row.Message)
	t.waiting[0] = given{}
	t.waiting = t.waiting[1:]
}

// choose gives of fresh what the client asked for and may be sent; left events
// were not looked at.
func (t *tail) choose(fresh []store.Fresh, left int, now time.Time) []*store.Status {
	var rows []*store.Status
	for i := range fresh {
		if t.scope.Sees(fresh[i].OrgID) && t.matcher.Matches(&fresh[i], now) {
			rows = append(rows, fresh[i].Status)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := sampleOf(rows, t.budget.spend(len(rows), now))
	t.skipped += left + len(rows) - len(kept)
	return kept
}

// give keeps statuses for the client, as far as it can take them.
func (t *tail) give(rows []*store.Status, batch *siblings[*store.Status], now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range rows {
		t.waiting = append(t.waiting, given{row, weak.Make(batch), now})
		t.bytes += len(row.Message)
	}
	for len(t.waiting) > tailWaiting || (t.bytes > tailBytes && len(t.waiting) > 1) {
		t.drop()
		t.skipped++
	}
	if len(t.waiting) > 0 {
		signal(t.ready)
	}
}

// sampleOf is n of the rows, evenly spread.
func sampleOf(rows []*store.Status, n int) []*store.Status {
	if n >= len(rows) {
		return rows
	}
	kept := make([]*store.Status, n)
	for i := range kept {
		kept[i] = rows[i*len(rows)/n]
	}
	return kept
}

// budget lets so many pass a second.
type budget struct {
	rate, most float64
	left       float64
	at         time.Time
}

func newBudget(rate, most int) budget {
	return budget{rate: float64(rate), most: float64(most), left: float64(most)}
}

// spend gives as much of n as is left now.
func (b *budget) spend(n int, now time.Time) int {
	b.fill(now)
	n = min(n, max(int(b.left), 0))
	b.left -= float64(n)
	return n
}

// affords spends n as a whole, or not at all. What is more than fits at once
// is afforded when all is left.
func (b *budget) affords(n int, now time.Time) bool {
	b.fill(now)
	if b.left < min(float64(n), b.most) {
		return false
	}
	b.left -= float64(n)
	return true
}

func (b *budget) fill(now time.Time) {
	if !b.at.IsZero() {
		b.left = min(b.most, b.left+b.rate*max(now.Sub(b.at).Seconds(), 0))
	}
	b.at = now
}

// hearForTails keeps a notice for the reader, if anyone wants it.
func (l *live) hearForTails(n store.Notice) {
	if len(l.tails) == 0 || (!n.All && n.Events == 0) {
		return
	}
	l.notices = append(l.notices, n)
	if len(l.notices) > tailNotices {
		oldest := 0
		if l.notices[0].All { // it stands for what was missed
			oldest = 1
		}
		l.left += l.notices[oldest].Events
		l.notices = slices.Delete(l.notices, oldest, oldest+1)
	}
	signal(l.heard)
}

// readStatuses reads each batch once for all tails, until ctx ends.
func (l *live) readStatuses(ctx context.Context) {
	r := tailReader{live: l, budget: newBudget(tailReads, tailBurst), known: map[event]struct{}{}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.heard:
		}
		for n, left, tails := l.takeNotice(); n != nil; n, left, tails = l.takeNotice() {
			r.read(ctx, n, left, tails)
		}
	}
}

// takeNotice gives the next notice, how many events were left out before it,
// and who wants it.
func (l *live) takeNotice() (n *store.Notice, left int, tails []*tail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.notices) == 0 {
		return nil, 0, nil
	}
	next := l.notices[0]
	l.notices = l.notices[1:]
	left, l.left = l.left, 0
	for t := range l.tails {
		tails = append(tails, t)
	}
	return &next, left, tails
}

// event names a status.
type event struct{ payloadID, date, hash int64 }

// tailReader reads what notices are about.
type tailReader struct {
	live   *live
	budget budget
	known  map[event]struct{}
	order  []event // of known, the oldest first

	shared []*siblings[*store.Status] // the newest batches
	held   int                        // statuses in them
}

func (r *tailReader) read(ctx context.Context, n *store.Notice, left int, tails []*tail) {
	if len(tails) == 0 {
		return
	}
	now := r.live.store.Now()
	var fresh []store.Fresh
	if n.All || r.budget.affords(n.Events, now) {
		fresh, left = r.lookUp(ctx, n, left)
	} else {
		left += n.Events
	}
	chosen := make([][]*store.Status, len(tails))
	for i, t := range tails {
		chosen[i] = t.choose(fresh, left, now)
	}
	r.share(tails, chosen, now)
}

// share gives each tail what it chose. What tails of one scope have chosen is
// one batch: what one asks of it, as the payloads, is read for all.
func (r *tailReader) share(tails []*tail, chosen [][]*store.Status, now time.Time) {
	rows := map[identity.Scope]map[*store.Status]struct{}{}
	for i, t := range tails {
		if rows[t.scope] == nil {
			rows[t.scope] = map[*store.Status]struct{}{}
		}
		for _, row := range chosen[i] {
			rows[t.scope][row] = struct{}{}
		}
	}
	batches := make(map[identity.Scope]*siblings[*store.Status], len(rows))
	for scope, all := range rows {
		batches[scope] = newSiblings(slices.Collect(maps.Keys(all)))
		r.hold(batches[scope])
	}
	for i, t := range tails {
		t.give(chosen[i], batches[t.scope], now)
	}
}

// hold keeps a batch together, and lets go of the oldest.
func (r *tailReader) hold(batch *siblings[*store.Status]) {
	if len(batch.rows) == 0 {
		return
	}
	r.shared, r.held = append(r.shared, batch), r.held+len(batch.rows)
	for r.held > tailShared && len(r.shared) > 1 {
		r.held -= len(r.shared[0].rows)
		r.shared[0] = nil
		r.shared = r.shared[1:]
	}
}

// lookUp reads the events of a notice that were not read before. While the
// database is away it tries again.
func (r *tailReader) lookUp(ctx context.Context, n *store.Notice, left int) ([]store.Fresh, int) {
	for {
		var fresh []store.Fresh
		var more bool
		var err error
		if n.All {
			fresh, more, err = r.live.store.TakenInSince(ctx, n.Since)
		} else {
			fresh, err = r.live.store.TakenIn(ctx, *n)
		}
		switch {
		case err == nil:
			if more {
				left++ // at least
			}
			return r.unknown(fresh), left
		case ctx.Err() != nil:
			return nil, left
		}
		r.live.logger.WarnContext(ctx, "new statuses cannot be read for those who follow them", slog.Any("error", err))
		if !passing(err) {
			return nil, left + n.Events
		}
		if !pause(ctx, retryAfter) {
			return nil, left
		}
	}
}

// unknown leaves the events that were not read before.
func (r *tailReader) unknown(fresh []store.Fresh) []store.Fresh {
	kept := fresh[:0]
	for _, f := range fresh {
		key := event{f.PayloadID, f.Date.UnixMicro(), f.Hash}
		if _, known := r.known[key]; known {
			continue
		}
		r.known[key] = struct{}{}
		r.order = append(r.order, key)
		kept = append(kept, f)
	}
	if over := len(r.order) - tailKnown; over > 0 {
		for _, key := range r.order[:over] {
			delete(r.known, key)
		}
		r.order = r.order[over:]
	}
	return kept
}
