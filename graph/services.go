package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/store"
)

func (q query) Services(ctx context.Context, window store.Window, filter *store.NumbersFilter) ([]*store.ServiceNumbers, error) {
	asked := value(filter).Given()
	asked.Now = now(ctx)
	found, err := q.store.Services(ctx, window, asked)
	return found, adviseNumbers(err, asked.Service)
}
