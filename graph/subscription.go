package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

type subscription struct{ *Resolver }

// Subscription has the fields of Subscription.
func (r *Resolver) Subscription() SubscriptionResolver { return subscription{r} }

func (s subscription) Payload(ctx context.Context, requestID payload.RequestID) (<-chan *Payload, error) {
	scope, err := s.store.Scope(ctx)
	if err != nil {
		return nil, err
	}
	values := make(chan *Payload, 1)
	f := s.live.follow(requestID, scope)
	return values, begin(ctx, &stream{
		next: func(ctx context.Context) (turn, error) {
			n, err := f.next(ctx)
			if err != nil {
				return turn{}, err
			}
			values <- n.payload
			return turn{now: n.now, last: n.final, state: true}, nil
		},
		again: f.look,
		close: f.close,
	})
}

func (s subscription) Statuses(ctx context.Context, filter *store.StatusFilter) (<-chan *Status, error) {
	scope, err := s.store.Scope(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.live.followStatuses(filter, scope)
	if err != nil {
		return nil, err
	}
	values := make(chan *Status, 1)
	return values, begin(ctx, &stream{
		next: func(ctx context.Context) (turn, error) {
			status, skipped, err := t.next(ctx)
			if err != nil {
				return turn{}, err
			}
			values <- status
			return turn{now: status.now, skipped: skipped}, nil
		},
		close: t.close,
	})
}
