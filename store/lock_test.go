package store_test

import (
	"testing"

	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// What one process has ended the next can begin at once, though the server
// takes its time to see that a connection was closed.
func TestALockIsFreeOnceItsHolderHasEnded(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for range 100 {
		lock, err := s.LockReplays(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lock.Unlock(t.Context())
	}
}
