package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/store"
)

func (q query) Services(ctx context.Context, window store.Window, filter *store.NumbersFilter) ([]*store.ServiceNumbers, error) {
	asked := value(filter)
	asked.Now = now(ctx)
	return q.store.Services(ctx, window, asked)
}
