package graph

import (
	"context"
	"runtime"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// listShare is how many elements of a list are worth a goroutine.
const listShare = 64

// marshalList marshals a list in shares, as many as there are processors at
// most, each of many elements; a short list at once. gqlgen's own function,
// in whose place rewrite puts this one, starts a goroutine an element. What
// elements wait for is read once for all of them (siblings), so nothing is
// won by that, and each switch costs more than the element.
func marshalList(ctx context.Context, length int, _ int64, _ bool, marshal func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	list := make(graphql.Array, length)
	shares := min(length/listShare, runtime.GOMAXPROCS(0))
	if shares < 2 {
		marshalShare(ctx, list, 0, length, marshal)
		return list
	}
	var work sync.WaitGroup
	for share := range shares {
		work.Go(func() { marshalShare(ctx, list, share*length/shares, (share+1)*length/shares, marshal) })
	}
	work.Wait()
	return list
}

func marshalShare(ctx context.Context, list graphql.Array, from, to int, marshal func(ctx context.Context, i int) graphql.Marshaler) {
	for i := from; i < to; i++ {
		list[i] = marshalElement(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), i, marshal)
	}
}

func marshalElement(ctx context.Context, i int, marshal func(ctx context.Context, i int) graphql.Marshaler) (element graphql.Marshaler) {
	defer func() {
		if cause := recover(); cause != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, cause))
			element = graphql.Null
		}
	}()
	return marshal(ctx, i)
}
