package graph

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// Payload is a payload in an answer: it is judged at one moment with the
// others of its list, and read together with them.
type Payload struct {
	*store.Payload
	now  time.Time
	list *siblings[*store.Payload]

	// events are all of its events, where it was asked for alone and has few.
	events func() (*store.Events, error)
}

// payloadsOf are the payloads of one list.
func payloadsOf(rows []*store.Payload, now time.Time) []*Payload {
	list := newSiblings(rows)
	payloads := make([]*Payload, len(rows))
	for i, row := range rows {
		payloads[i] = &Payload{Payload: row, now: now, list: list}
	}
	return payloads
}

// payloadAlone is a payload that was asked for by itself: its events are read
// together, the first time any of them is asked for.
func (r *Resolver) payloadAlone(ctx context.Context, row *store.Payload) *Payload {
	p := payloadsOf([]*store.Payload{row}, now(ctx))[0]
	p.events = sync.OnceValues(func() (*store.Events, error) {
		events, err := r.store.Events(ctx, row)
		if err != nil {
			return nil, &sharedError{error: err}
		}
		return events, nil
	})
	return p
}

// few are the payload's events when they are at hand, else nil.
func (p *Payload) few() (*store.Events, error) {
	if p.events == nil {
		return nil, nil
	}
	return p.events()
}

// markedKey is which single events of a list are read together, and what of them.
type markedKey struct {
	name string
	omit store.Omit
}

// marked is one event of a payload: read with those that marks names of the
// payload's list, under a key of its own.
func (r *Resolver) marked(ctx context.Context, p *Payload, mark store.MarkKey, key markedKey, marks func([]*store.Payload) []store.MarkKey) (*store.Status, error) {
	if events, err := p.few(); err != nil {
		return nil, err
	} else if events != nil {
		return events.Marked(mark), nil
	}
	statuses, err := together(p.list, key, func(all []*store.Payload) (map[store.MarkKeyID]*store.Status, error) {
		return r.statusesByMark(ctx, marks(all), key.omit)
	})
	return statuses[mark.ID()], err
}

// IsNode marks a Node.
func (*Payload) IsNode() {}

// statusesByMark reads single events for the question of ctx.
func (r *Resolver) statusesByMark(ctx context.Context, marks []store.MarkKey, omit store.Omit) (map[store.MarkKeyID]*store.Status, error) {
	found, err := r.store.StatusesByMark(ctx, marks, omit)
	if err != nil {
		return nil, err
	}
	return found, hasRead(ctx, messagesOf(slices.Collect(maps.Values(found))))
}

// GlobalID names the payload in node and nodes.
func (p *Payload) GlobalID() string { return payloadID(p.RequestID) }

// Stages are the stages of the payload.
func (p *Payload) Stages() []*Stage {
	stages := p.Journey.Stages()
	shown := make([]*Stage, len(stages))
	for i := range stages {
		shown[i] = &Stage{Stage: stages[i], payload: p}
	}
	return shown
}

type payloadFields struct{ *Resolver }

func (r payloadFields) Verdict(ctx context.Context, p *Payload) (*Verdict, error) {
	rules, err := r.store.Rules(ctx)
	if err != nil {
		return nil, err
	}
	return &Verdict{Verdict: p.Journey.Verdict(&rules, p.now), payload: p}, nil
}

func (r payloadFields) Current(ctx context.Context, p *Payload) (*Status, error) {
	status, err := r.marked(ctx, p, lastMark(p.Payload), markedKey{"current", ofStatus(ctx)}, func(all []*store.Payload) []store.MarkKey {
		marks := make([]store.MarkKey, len(all))
		for i, one := range all {
			marks[i] = lastMark(one)
		}
		return marks
	})
	if err != nil || status == nil {
		return nil, err
	}
	return &Status{Status: status, payload: p}, nil
}

func lastMark(p *store.Payload) store.MarkKey {
	last := p.Journey.Last()
	return store.MarkKey{Payload: p, Date: last.Date, Hash: last.Hash}
}

func (r payloadFields) Timeline(ctx context.Context, p *Payload, first *int, after *string, last *int, before *string) (*TimelineConnection, error) {
	page := ofStatuses(ctx, pageOf(first, after, last, before))
	if events, err := p.few(); err != nil {
		return nil, err
	} else if events != nil {
		timeline, err := events.Timeline(page)
		return timelineConnection(timeline, p), err
	}
	timelines, err := together(p.list, keyOf("timeline", page), func(all []*store.Payload) (map[int64]*store.StatusPage, error) {
		timelines, err := r.store.Timelines(ctx, all, page)
		if err != nil {
			return nil, err
		}
		return timelines, hasRead(ctx, messagesOfPages(timelines))
	})
	if err != nil {
		return nil, err
	}
	return timelineConnection(timelines[p.ID], p), nil
}

func (r payloadFields) Hosts(ctx context.Context, p *Payload, first *int, after *string, last *int, before *string) (*HostConnection, error) {
	page := pageOf(first, after, last, before)
	hosts, err := together(p.list, keyOf("hosts", page), func(all []*store.Payload) (map[int64]*store.HostPage, error) {
		ids := make([]int64, len(all))
		for i, one := range all {
			ids[i] = one.ID
		}
		return r.store.Hosts(ctx, ids, page)
	})
	if err != nil {
		return nil, err
	}
	return hostConnection(hosts[p.ID]), nil
}

func (r payloadFields) Links(_ context.Context, p *Payload) (*Links, error) {
	return r.links.of(p), nil
}
