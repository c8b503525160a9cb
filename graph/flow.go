package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/store"
)

func (q query) Flow(ctx context.Context, window store.Window, filter *store.NumbersFilter) (*store.Flow, error) {
	asked := value(filter)
	asked.Now = now(ctx)
	return q.store.Flow(ctx, window, asked)
}
