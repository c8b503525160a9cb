package graph

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// What finds no room waits for it a while, and what waits is bounded too: it
// is read already.
func TestNotTooMuchWaitsForRoom(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	full := int64(most + freeBytes)
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(Limits{HeldBytes: most, AnswerBytes: 10 * most}, nil)
		asks := func(bytes int64) (h *holding, took time.Duration, refused bool) {
			t.Helper()
			h, began := m.holding(), time.Now()
			err := hasRead(withHolding(t.Context(), h), bytes)
			if known, ok := errors.AsType[*payload.Error](err); err != nil && (!ok || known.Code != payload.CodeThrottled) {
				t.Error(err)
			}
			return h, time.Since(began), err != nil
		}
		first, _, refused := asks(full)
		if refused || m.used.Load() != most {
			t.Fatalf("the first is refused, or %d bytes are held", m.used.Load())
		}
		if _, took, refused := asks(freeBytes); refused || took > 0 {
			t.Errorf("a small one is refused, or waits %s", took)
		}
		if _, took, refused := asks(full); !refused || took != queueTime {
			t.Errorf("for half a second there is no room: after %s, refused %v", took, refused)
		}
		go func() {
			if h, took, refused := asks(full); refused || took != queueTime/2 {
				t.Errorf("there is room later: after %s, refused %v", took, refused)
			} else {
				h.keep(0)
			}
		}()
		synctest.Wait()
		if _, took, refused := asks(full); !refused || took > 0 {
			t.Errorf("one more waits: after %s, refused %v", took, refused)
		}
		time.Sleep(queueTime / 2)
		first.keep(0)
		synctest.Wait()
		if m.used.Load() != 0 {
			t.Errorf("%d bytes are held", m.used.Load())
		}
		// A question that wants more than there is has it all.
		if h, took, refused := asks(5 * full); refused || took > 0 || h.held != most {
			t.Errorf("after %s: refused %v, %d bytes", took, refused, h.held)
		}
	})
}
