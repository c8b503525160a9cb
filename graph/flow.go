package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/store"
)

func (q query) Flow(ctx context.Context, window store.Window, filter *store.NumbersFilter) (*store.Flow, error) {
	asked := value(filter).Given()
	asked.Now = now(ctx)
	found, err := q.store.Flow(ctx, window, asked)
	return found, adviseNumbers(err, asked.Service)
}
