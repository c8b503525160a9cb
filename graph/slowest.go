package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/store"
)

// Slowest is the slowest payloads.
type Slowest struct{ Nodes []*Payload }

func (q query) Slowest(ctx context.Context, window store.Window, service, orgID *string, first *int) (*Slowest, error) {
	filter := store.SlowestFilter{Window: window, Service: value(service), OrgID: value(orgID), Now: now(ctx)}
	found, err := q.store.Slowest(ctx, filter, ofPayloads(ctx, store.Page{First: first}))
	if err != nil {
		return nil, adviseSlowest(err, filter)
	}
	return &Slowest{Nodes: payloadsOf(found, now(ctx))}, nil
}
