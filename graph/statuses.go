package graph

import (
	"context"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// StatusConnection is a page of statuses of any payloads.
type StatusConnection struct {
	Edges    []*StatusEdge
	Nodes    []*Status
	PageInfo store.PageInfo

	filter store.StatusFilter
}

// TimelineConnection is a page of statuses of one payload.
type TimelineConnection struct {
	Edges    []*StatusEdge
	Nodes    []*Status
	PageInfo store.PageInfo
}

// StatusEdge is a status and its place in a list.
type StatusEdge struct {
	Cursor string
	Node   *Status
}

// timelineConnection is a page of statuses of p; nil is an empty one.
func timelineConnection(page *store.StatusPage, p *Payload) *TimelineConnection {
	if page == nil {
		page = &store.StatusPage{}
	}
	edges, nodes := statusEdges(page, p, p.now)
	return &TimelineConnection{Edges: edges, Nodes: nodes, PageInfo: page.PageInfo}
}

func statusEdges(page *store.StatusPage, p *Payload, now time.Time) ([]*StatusEdge, []*Status) {
	nodes := statusesOf(page.Items, now)
	edges := make([]*StatusEdge, len(nodes))
	for i, node := range nodes {
		node.payload = p
		edges[i] = &StatusEdge{Cursor: page.Cursors[i], Node: node}
	}
	return edges, nodes
}

type statusList struct{ *Resolver }

func (r statusList) Total(ctx context.Context, c *StatusConnection) (*store.Total, error) {
	total, err := r.store.StatusesTotal(ctx, c.filter)
	return shownTotal(total), adviseStatuses(err, c.filter)
}
