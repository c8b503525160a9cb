package graph

import "github.com/payload-tracker/payload-tracker/store"

// HostConnection is a page of hosts.
type HostConnection struct {
	Edges    []*HostEdge
	Nodes    []*store.Host
	PageInfo store.PageInfo
}

// HostEdge is a host and its place in a list.
type HostEdge struct {
	Cursor string
	Node   *store.Host
}

// hostConnection is a page of hosts; nil is an empty one.
func hostConnection(page *store.HostPage) *HostConnection {
	if page == nil {
		page = &store.HostPage{}
	}
	edges := make([]*HostEdge, len(page.Items))
	for i, host := range page.Items {
		edges[i] = &HostEdge{Cursor: page.Cursors[i], Node: host}
	}
	return &HostConnection{Edges: edges, Nodes: page.Items, PageInfo: page.PageInfo}
}
