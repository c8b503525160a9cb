package graph_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestATraceIsThePayloadsOwnOnceItWasExported(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(noon.Unix())
	s := storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return time.Unix(clock.Load(), 0) } })
	b := setup(t, func(c *graph.HandlerConfig) { c.Store, c.Links.JaegerURL = s, "https://jaeger.example.com/ui/" })
	b.store = s
	export := func() {
		t.Helper()
		if _, err := s.ExportJourneys(t.Context(), func(context.Context, []*store.Payload) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	export()
	clock.Add(60)
	b.feed(append(failing(1, "no host"), event(2, "ingress", "received", time.Minute))...)
	clock.Add(600)
	export()
	nodes := at(t, b.data(`{ payloads { nodes { requestId links { trace } } } }`, nil), "payloads", "nodes").([]any)
	seen := 0
	for i := range nodes {
		id := at(t, nodes, i, "requestId").(string)
		expected := "https://jaeger.example.com/ui/search?lookback=2d&service=payload-tracker&tags=%7B%22request_id%22%3A%22" + id + "%22%7D"
		if id == requestID(1).String() {
			expected = "https://jaeger.example.com/ui/trace/" + id
		}
		want(t, nodes, expected, i, "links", "trace")
		seen++
	}
	if seen != 2 {
		t.Errorf("%d payloads", seen)
	}
}
