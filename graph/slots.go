package graph

import (
	"context"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/payload-tracker/payload-tracker/payload"
)

// slots bound how many questions are worked on at a time.
type slots chan struct{}

// queueTime is how long a question waits for a slot: a burst passes, a flood
// is told.
const queueTime = 500 * time.Millisecond

func newSlots(n int) slots { return make(slots, n) }

// enter waits for a slot, which leave gives back.
func (s slots) enter(ctx context.Context) (leave func(), err *gqlerror.Error) {
	leave = func() { <-s }
	select {
	case s <- struct{}{}:
		return leave, nil
	default:
	}
	patience := time.NewTimer(queueTime)
	defer patience.Stop()
	select {
	case s <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
	case <-patience.C:
	}
	return nil, coded(string(payload.CodeThrottled), "too many questions at once: try again in a moment")
}
