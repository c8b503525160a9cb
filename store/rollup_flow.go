package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/payload-tracker/payload-tracker/rollup"
)

// Flow is the way of payloads through the services in a window.
type Flow struct {
	Nodes []*FlowNode
	Edges []*FlowEdge
}

// FlowNode is a service.
type FlowNode struct {
	Service          string
	Payloads, Failed int64
}

// FlowEdge is the way from one service to the next.
type FlowEdge struct {
	From, To         string
	Payloads, Failed int64        // failed in To
	Handover         *Percentiles // of the time from the last event of From to the first of To
}

// Flow counts the payloads that came to each service within the window, and
// where from; a service in the filter is one end of every edge.
func (s *Store) Flow(ctx context.Context, window Window, filter NumbersFilter) (*Flow, error) {
	filter = filter.Given()
	if filter.Source != nil {
		return nil, bad("source: payloads go from service to service, whatever the source")
	}
	filter, f, err := s.frame(ctx, window, filter)
	if err != nil {
		return nil, err
	}
	nodes, err := s.flowNodes(ctx, &f, filter)
	if err != nil {
		return nil, err
	}
	edges, err := s.flowEdges(ctx, &f, filter)
	return &Flow{Nodes: nodes, Edges: edges}, err
}

func (s *Store) flowNodes(ctx context.Context, f *frame, filter NumbersFilter) ([]*FlowNode, error) {
	orgs, _ := filter.orgs()
	from, args := f.from("stage_rollups", orgs, filter.stages(), f.now)
	var nodes []*FlowNode
	err := s.read(ctx, "flow nodes", &nodes, `SELECT r.service, sum(r.received)::bigint AS payloads, sum(r.failed)::bigint AS failed `+from+`
		GROUP BY r.service HAVING sum(r.received) > 0 ORDER BY r.service COLLATE "C"`, args...)
	return nodes, err
}

type edgeKey struct{ From, To string }

type handoverRow struct {
	From, To         string
	Payloads, Failed int64
	Waits            []byte
}

func (s *Store) flowEdges(ctx context.Context, f *frame, filter NumbersFilter) ([]*FlowEdge, error) {
	var w, from, to where
	from.text("r.from_service", false, filter.Service.lower())
	to.text("r.to_service", false, filter.Service.lower())
	w.anyOf([]where{from, to})
	orgs, _ := filter.orgs()
	source, args := f.from("handover_rollups", orgs, w, f.now)
	var rows []handoverRow
	err := s.read(ctx, "flow edges", &rows, `SELECT r.from_service AS "from", r.to_service AS "to", r.payloads, r.failed, r.waits `+source, args...)
	if err != nil {
		return nil, err
	}
	sums := map[edgeKey]*rollup.Handover{}
	for _, r := range rows {
		one := rollup.Handover{Payloads: r.Payloads, Failed: r.Failed}
		if err := one.Waits.UnmarshalBinary(r.Waits); err != nil {
			return nil, err
		}
		key := edgeKey{r.From, r.To}
		if sums[key] == nil {
			sums[key] = new(rollup.Handover)
		}
		sums[key].Merge(one)
	}
	var edges []*FlowEdge
	for _, key := range slices.SortedFunc(maps.Keys(sums), func(a, b edgeKey) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) }) {
		sum := sums[key]
		if sum.Payloads > 0 {
			edges = append(edges, &FlowEdge{key.From, key.To, sum.Payloads, sum.Failed, percentilesOf(sum.Waits)})
		}
	}
	return edges, nil
}
