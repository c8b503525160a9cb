package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/store"
)

// Find is what an id is.
type Find struct{ id string }

type findFields struct{ *Resolver }

func (r findFields) Kinds(ctx context.Context, f *Find) ([]store.IDKind, error) {
	return r.store.Kinds(ctx, f.id)
}

func (r findFields) Payloads(ctx context.Context, f *Find, first *int, after *string, last *int, before *string) (*FoundConnection, error) {
	page, err := r.store.FindPayloads(ctx, f.id, ofPayloads(ctx, pageOf(first, after, last, before)))
	if err != nil {
		return nil, err
	}
	nodes := payloadsOf(page.Items, now(ctx))
	return &FoundConnection{Edges: payloadEdges(nodes, page.Cursors), Nodes: nodes, PageInfo: page.PageInfo}, nil
}
