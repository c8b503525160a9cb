package graph

import (
	"context"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// Payload is a payload in an answer: it is judged at one moment with the
// others of its list, and read together with them.
type Payload struct {
	*store.Payload
	now  time.Time
	list *siblings[*store.Payload]
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

// IsNode marks a Node.
func (*Payload) IsNode() {}

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
	statuses, err := together(p.list, "current", func(all []*store.Payload) (map[store.MarkKeyID]*store.Status, error) {
		marks := make([]store.MarkKey, len(all))
		for i, one := range all {
			marks[i] = lastMark(one)
		}
		return r.store.StatusesByMark(ctx, marks)
	})
	status := statuses[lastMark(p.Payload).ID()]
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
	timelines, err := together(p.list, keyOf("timeline", page), func(all []*store.Payload) (map[int64]*store.StatusPage, error) {
		return r.store.Timelines(ctx, all, page)
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
	return r.links.of(p.Payload), nil
}
