package consumer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// What holds up the batches of one lane's partitions holds up no other lane.
func TestLanesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{2, 1} {
		t.Run(fmt.Sprint(lanes, " lanes"), func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(c *consumertest.Config) { c.Partitions = 2 })
			c := b.start(func(c *consumer.Config) { c.Lanes = lanes })
			c.waitReady()
			b.Produce(0, message(1, 0, "ingress", "received"))
			b.Produce(1, message(2, 0, "ingress", "received"))
			consumertest.Wait(t, "both partitions are stored", func() error { return b.wantStored(2) })

			holder := storetest.Conn(t, b.dsn)
			tx, err := holder.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), "SELECT FROM positions WHERE partition = 0 FOR UPDATE"); err != nil {
				t.Fatal(err)
			}
			b.Produce(0, message(1, 1, "puptoo", "received"))
			time.Sleep(500 * time.Millisecond) // its batch is under way, and waits
			b.Produce(1, message(2, 1, "puptoo", "received"))
			if lanes == 1 {
				time.Sleep(time.Second)
				if err := b.wantStored(2); err != nil {
					t.Errorf("the only lane goes on although its batch waits: %v", err)
				}
			} else {
				consumertest.Wait(t, "the other partition is stored", func() error { return b.wantStored(3) })
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			consumertest.Wait(t, "all is stored", func() error { return b.wantStored(4) })
		})
	}
}

func (b *bundle) wantStored(want int) error {
	var n int
	if err := b.conn.QueryRow(b.t.Context(), "SELECT count(*) FROM payload_statuses").Scan(&n); err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%d events, want %d", n, want)
	}
	return nil
}
