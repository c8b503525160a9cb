// Package graph answers GraphQL: the questions of schema.graphqls, one store
// call a resolver. handler.go is the way in, limit.go what a question may
// cost, error.go what an error shows, and each type has a file of its own.
package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/store"
)

//go:generate go tool gqlgen
//go:generate go run ./rewrite

// Resolver is the root of all resolvers.
type Resolver struct {
	store *store.Store
	links LinksConfig
	topic TopicConfig
	live  *live
}

var _ ResolverRoot = (*Resolver)(nil)

// Query has the fields of Query.
func (r *Resolver) Query() QueryResolver { return query{r} }

// Payload has the fields of Payload that are read or concluded.
func (r *Resolver) Payload() PayloadResolver { return payloadFields{r} }

// PayloadConnection has the total of a list of payloads.
func (r *Resolver) PayloadConnection() PayloadConnectionResolver { return payloadList{r} }

// Status has what is known of a status by its payload.
func (r *Resolver) Status() StatusResolver { return statusFields{r} }

// StatusConnection has the total of a list of statuses.
func (r *Resolver) StatusConnection() StatusConnectionResolver { return statusList{r} }

// Stage has the statuses of a stage.
func (r *Resolver) Stage() StageResolver { return stageFields{r} }

// Failure has the whole message of a failure.
func (r *Resolver) Failure() FailureResolver { return failureFields{r} }

// Links are the addresses that are asked for.
func (r *Resolver) Links() LinksResolver { return linkFields{r} }

// Find has what an id names.
func (r *Resolver) Find() FindResolver { return findFields{r} }

// FailureGroup has some of the payloads of a kind of failure.
func (r *Resolver) FailureGroup() FailureGroupResolver { return groupFields{r} }

// Ingest has what came and was no event.
func (r *Resolver) Ingest() IngestResolver { return ingestFields{r} }

type query struct{ *Resolver }

func (q query) Payload(ctx context.Context, by store.PayloadKey) (*Payload, error) {
	if by.RequestID != nil {
		traceOf(ctx, *by.RequestID)
	}
	p, err := q.store.Payload(ctx, by)
	if p == nil || err != nil {
		return nil, err
	}
	return q.payloadAlone(ctx, p), nil
}

func (q query) Payloads(ctx context.Context, filter *store.PayloadFilter, order *store.PayloadOrder, first *int, after *string, last *int, before *string) (*PayloadConnection, error) {
	list := payloadsAsked{filter: value(filter).Given(), order: value(order)}
	list.filter.Now = now(ctx)
	page, err := q.store.Payloads(ctx, list.filter, list.order, ofPayloads(ctx, pageOf(first, after, last, before)))
	if err != nil {
		return nil, advisePayloads(err, list.filter, list.order)
	}
	list.filter.Now = page.Now
	return list.connection(page), nil
}

func (q query) Statuses(ctx context.Context, filter *store.StatusFilter, order *store.StatusOrder, first *int, after *string, last *int, before *string) (*StatusConnection, error) {
	list := value(filter).Given()
	list.Now = now(ctx)
	page, err := q.store.Statuses(ctx, list, value(order), ofStatuses(ctx, pageOf(first, after, last, before)))
	if err != nil {
		return nil, adviseStatuses(err, list)
	}
	if err := hasRead(ctx, messagesOf(page.Items)); err != nil {
		return nil, err
	}
	list.Now = page.Now
	edges, nodes := statusEdges(page, nil, now(ctx))
	return &StatusConnection{Edges: edges, Nodes: nodes, PageInfo: page.PageInfo, filter: list}, nil
}

func (q query) Find(_ context.Context, id string) (*Find, error) { return &Find{id: id}, nil }

// value is what p points to; null means the same as absent.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func pageOf(first *int, after *string, last *int, before *string) store.Page {
	return store.Page{First: first, After: after, Last: last, Before: before}
}
