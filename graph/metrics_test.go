package graph_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/graph"
)

// Anybody may give a question any name: the metrics take none that is not known.
func TestQuestionsAreTimedByNamesThatAreKnown(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	documents := &graph.TrustedDocuments{}
	if err := documents.ReadDocuments(fstest.MapFS{"known.graphql": {Data: []byte(`query Known { __typename }`)}}); err != nil {
		t.Fatal(err)
	}
	b := setup(t, func(c *graph.HandlerConfig) { c.Registerer, c.Documents = registry, documents })
	for n := range 20 {
		b.raw("POST", b.url, fmt.Sprintf(`{"query": "query Any%d { __typename }"}`, n))
	}
	b.raw("POST", b.url, `{"query": "query Known { __typename }"}`)
	b.raw("POST", b.url, `{"query": "query Known { nonsense"}`)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, family := range families {
		if family.GetName() != "payload_tracker_graphql_seconds" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := ""
			for _, label := range metric.GetLabel() {
				labels += label.GetValue() + " "
			}
			counts[labels] = metric.GetHistogram().GetSampleCount()
		}
	}
	if len(counts) != 3 || counts["query other "] != 20 || counts["query Known "] != 1 || counts["none other "] != 1 {
		t.Errorf("%v", counts)
	}
}
