package graph

import (
	"context"
	"math"

	"github.com/payload-tracker/payload-tracker/store"
)

// PayloadConnection is a page of payloads.
type PayloadConnection struct {
	Edges    []*PayloadEdge
	Nodes    []*Payload
	PageInfo store.PageInfo

	asked payloadsAsked
}

// FoundConnection is a page of the payloads that an id names.
type FoundConnection struct {
	Edges    []*PayloadEdge
	Nodes    []*Payload
	PageInfo store.PageInfo
}

// PayloadEdge is a payload and its place in a list.
type PayloadEdge struct {
	Cursor string
	Node   *Payload
}

// payloadsAsked is which list a page belongs to.
type payloadsAsked struct {
	filter store.PayloadFilter
	order  store.PayloadOrder
}

func (a payloadsAsked) connection(page *store.PayloadPage) *PayloadConnection {
	nodes := payloadsOf(page.Items, page.Now)
	return &PayloadConnection{Edges: payloadEdges(nodes, page.Cursors), Nodes: nodes, PageInfo: page.PageInfo, asked: a}
}

func payloadEdges(nodes []*Payload, cursors []string) []*PayloadEdge {
	edges := make([]*PayloadEdge, len(nodes))
	for i, node := range nodes {
		edges[i] = &PayloadEdge{Cursor: cursors[i], Node: node}
	}
	return edges
}

type payloadList struct{ *Resolver }

func (r payloadList) Total(ctx context.Context, c *PayloadConnection) (*store.Total, error) {
	total, err := r.store.PayloadsTotal(ctx, c.asked.order.Restrict(c.asked.filter))
	return shownTotal(total), advisePayloads(err, c.asked.filter, c.asked.order)
}

// shownTotal is a total as an Int of GraphQL can say it.
func shownTotal(t store.Total) *store.Total {
	t.Value = min(t.Value, math.MaxInt32)
	return &t
}
