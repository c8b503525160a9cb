package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// A consumer that is killed again and again in a backlog takes each event in once.
func TestABacklogSurvivesKills(t *testing.T) {
	t.Parallel()
	const backlog, kills, partitions = 200_000, 20, 4
	binary, dsn := buildBinary(t), storetest.Empty(t)
	kafka := consumertest.New(t, func(c *consumertest.Config) { c.Partitions = partitions })
	p := newProduct(t, kafka, settingsOf(t, dsn))
	p.env["LOGLEVEL"], p.env["KAFKA_SESSION_TIMEOUT"] = "INFO", "1s"
	p.env["KAFKA_BATCH_EVENTS"] = "1000" // small, so that many batches meet a kill
	records := make([]*kgo.Record, backlog)
	for n := range records {
		records[n] = &kgo.Record{Partition: int32(n / 12 % partitions), Value: []byte(numbered(n))}
	}
	kafka.ProduceRecords(records...)
	stored := func() int64 {
		return oneRow[struct{ Sum int64 }](t, dsn, `SELECT coalesce(sum(next_offset), 0)::bigint FROM positions`).Sum
	}
	inside := 0 // kills in the middle of the backlog
	for kill := range int64(kills) {
		consume := launch(t, binary, p.env, "consume")
		consume.awaitWork()
		// However fast the machine is, the backlog outlasts the kills.
		share := (kill + 1) * backlog / (kills + 1)
		for end := time.Now().Add(rand.N(400 * time.Millisecond)); time.Now().Before(end) && stored() < share; {
			time.Sleep(5 * time.Millisecond)
		}
		consume.kill()
		if at := stored(); at > 0 && at < backlog {
			inside++
		}
	}
	t.Logf("%d of %d kills in the middle, the last at %d of %d", inside, kills, stored(), backlog)
	if inside < kills/2 {
		t.Errorf("only %d kills met the backlog", inside)
	}
	consume := launch(t, binary, p.env, "consume")
	awaitPositions(t, kafka, dsn)
	checkNumbered(t, dsn, backlog)
	consume.stop()
}
