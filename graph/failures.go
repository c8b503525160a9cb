package graph

import (
	"context"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// FailureGroup is the failures of one kind; payloads of all kinds of an
// answer are read together.
type FailureGroup struct {
	*store.FailureGroup
	now  time.Time
	list *siblings[*store.FailureGroup]
}

// FailureSamples are some payloads of a kind of failure.
type FailureSamples struct{ Nodes []*Payload }

func (q query) Failures(ctx context.Context, window store.Window, filter *store.FailureFilter) ([]*FailureGroup, error) {
	asked := value(filter)
	asked.NumbersFilter = asked.Given()
	asked.Now = now(ctx)
	found, err := q.store.FailureGroups(ctx, window, asked)
	if err != nil {
		return nil, adviseNumbers(err, asked.Service)
	}
	list, groups := newSiblings(found), make([]*FailureGroup, len(found))
	for i, group := range found {
		groups[i] = &FailureGroup{FailureGroup: group, now: now(ctx), list: list}
	}
	return groups, nil
}

type groupFields struct{ *Resolver }

func (r groupFields) Payloads(ctx context.Context, g *FailureGroup, first *int) (*FailureSamples, error) {
	most := len(g.PayloadIDs)
	if first != nil {
		if *first < 0 || *first > store.MaxPageSize {
			return nil, badRequest("first is between 0 and 500")
		}
		most = min(most, *first)
	}
	payloads, err := together(g.list, "payloads", func(all []*store.FailureGroup) (map[int64]*Payload, error) {
		var ids []int64
		for _, group := range all {
			ids = append(ids, group.PayloadIDs...)
		}
		return r.samples(ctx, ids, g.now)
	})
	samples := &FailureSamples{}
	for _, id := range g.PayloadIDs[:most] {
		if p := payloads[id]; p != nil {
			samples.Nodes = append(samples.Nodes, p)
		}
	}
	return samples, err
}

// samples are payloads by their row numbers: those of one list.
func (r groupFields) samples(ctx context.Context, ids []int64, now time.Time) (map[int64]*Payload, error) {
	found, err := r.store.PayloadsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]*store.Payload, 0, len(found))
	for _, row := range found {
		rows = append(rows, row)
	}
	byID := make(map[int64]*Payload, len(rows))
	for _, p := range payloadsOf(rows, now) {
		byID[p.ID] = p
	}
	return byID, nil
}
