package graph

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/payload-tracker/payload-tracker/store"
)

// A client that does not take what waits for it keeps that alone, not the
// batches of which others were given the rest, with what they asked of them.
func TestASlowTailHoldsNothingOfOthers(t *testing.T) {
	t.Parallel()
	slow, fast := &tail{ready: make(chan struct{}, 1)}, &tail{ready: make(chan struct{}, 1)}
	r := tailReader{}
	const batches, size = 2 * tailWaiting, 20 // so that less than what waits is shared
	var others, own []weak.Pointer[store.Status]
	for range batches {
		its := &store.Status{Message: "slow"}
		own = append(own, weak.Make(its))
		batch := []*store.Status{its}
		for len(batch) < size {
			other := &store.Status{Message: "fast"}
			others = append(others, weak.Make(other))
			batch = append(batch, other)
		}
		r.share([]*tail{slow, fast}, [][]*store.Status{{its}, batch}, time.Now())
		for range size {
			if s, _, err := fast.next(t.Context()); err != nil || len(s.list.rows) != size {
				t.Fatalf("%v: a quick client is not given the whole batch", err)
			}
		}
	}
	runtime.GC()
	held, waiting := living(others), living(own)
	if held > tailShared || waiting < tailWaiting {
		t.Errorf("%d statuses of others are held, %d wait; want at most %d, and %d", held, waiting, tailShared, tailWaiting)
	}
	s, _, err := slow.next(t.Context())
	if err != nil || len(s.list.rows) != 1 || s.list.rows[0] != s.Status {
		t.Errorf("%v: what waited long is read for with %d others", err, len(s.list.rows)-1)
	}
	runtime.KeepAlive(&r)
}

func living(statuses []weak.Pointer[store.Status]) (n int) {
	for _, s := range statuses {
		if s.Value() != nil {
			n++
		}
	}
	return n
}
