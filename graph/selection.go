package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/payload-tracker/payload-tracker/store"
)

// What a list reads is what the answer shows of it: the columns that cost are
// left out when nobody asked for a field that needs them.

// withoutJourney are the fields of a payload that its journey does not tell.
var withoutJourney = map[string]bool{
	"__typename": true, "id": true, "requestId": true, "orgId": true, "account": true,
	"startedAt": true, "updatedAt": true, "takenInAt": true, "duration": true, "hosts": true, "links": true,
}

// withoutRequestID are the fields of a status that need no request id.
var withoutRequestID = map[string]bool{
	"__typename": true, "service": true, "source": true, "status": true, "message": true,
	"date": true, "takenInAt": true, "sincePrevious": true, "payload": true,
}

// ofPayloads is a page of the payloads that ctx is resolving the connection of.
func ofPayloads(ctx context.Context, page store.Page) store.Page {
	if within(elements(ctx), withoutJourney) {
		page.Omit |= store.OmitJourneys
	}
	return page
}

// ofStatuses is likewise a page of statuses.
func ofStatuses(ctx context.Context, page store.Page) store.Page {
	asked := elements(ctx)
	if !asked["message"] {
		page.Omit |= store.OmitMessages
	}
	if within(asked, withoutRequestID) {
		page.Omit |= store.OmitRequestIDs
	}
	return page
}

// ofPayload is what need not be read of the single payload that ctx is resolving.
func ofPayload(ctx context.Context) store.Omit {
	asked := map[string]bool{}
	for _, field := range graphql.CollectFieldsCtx(ctx, nil) {
		asked[field.Name] = true
	}
	if within(asked, withoutJourney) {
		return store.OmitJourneys
	}
	return 0
}

// ofStatus is what need not be read of the single status that ctx is resolving.
func ofStatus(ctx context.Context) store.Omit {
	for _, field := range graphql.CollectFieldsCtx(ctx, nil) {
		if field.Name == "message" {
			return 0
		}
	}
	return store.OmitMessages
}

func within(asked, known map[string]bool) bool {
	for name := range asked {
		if !known[name] {
			return false
		}
	}
	return true
}

// elements are the fields asked of the elements of the connection that ctx is
// resolving, through nodes and through edges.
func elements(ctx context.Context) map[string]bool {
	op := graphql.GetOperationContext(ctx)
	asked := map[string]bool{}
	add := func(of graphql.CollectedField) {
		for _, field := range graphql.CollectFields(op, of.Selections, nil) {
			asked[field.Name] = true
		}
	}
	for _, field := range graphql.CollectFieldsCtx(ctx, nil) {
		switch field.Name {
		case "nodes":
			add(field)
		case "edges":
			for _, of := range graphql.CollectFields(op, field.Selections, nil) {
				if of.Name == "node" {
					add(of)
				}
			}
		}
	}
	return asked
}
