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
	most := store.MostFailureSamples
	if first != nil {
		if *first < 0 || *first > store.MaxPageSize {
			return nil, badRequest("first is between 0 and 500")
		}
		most = min(most, *first)
	}
	all, err := together(g.list, "payloads", func(groups []*store.FailureGroup) (map[*store.FailureGroup][]*Payload, error) {
		return r.samples(ctx, groups, g.now)
	})
	nodes := all[g.FailureGroup]
	return &FailureSamples{Nodes: nodes[:min(len(nodes), most)]}, err
}

// samples are the payloads of all groups, whose own fields are then read
// together.
func (r groupFields) samples(ctx context.Context, groups []*store.FailureGroup, now time.Time) (map[*store.FailureGroup][]*Payload, error) {
	found, err := r.store.FailureSamples(ctx, groups)
	if err != nil {
		return nil, err
	}
	var rows []*store.Payload
	for _, group := range groups {
		rows = append(rows, found[group]...)
	}
	payloads, samples := payloadsOf(rows, now), map[*store.FailureGroup][]*Payload{}
	for _, group := range groups {
		n := len(found[group])
		samples[group], payloads = payloads[:n:n], payloads[n:]
	}
	return samples, nil
}
