package consumer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// members are the ids by which the group knows its consumers.
func (b *bundle) members() []string {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	groups, err := kadm.NewClient(client).DescribeGroups(b.t.Context(), group)
	if err != nil {
		b.t.Fatal(err)
	}
	var ids []string
	for _, member := range groups[group].Members {
		ids = append(ids, member.MemberID)
	}
	return ids
}

func (b *bundle) exec(sql string) {
	b.t.Helper()
	if _, err := b.conn.Exec(b.t.Context(), sql); err != nil {
		b.t.Fatal(err)
	}
}

// fillDisk makes the database refuse events as one whose disk is full; what
// it returns gives room again.
func (b *bundle) fillDisk() func() {
	b.t.Helper()
	b.exec(`CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	b.exec(`CREATE TRIGGER disk_full BEFORE INSERT ON payload_statuses FOR EACH ROW EXECUTE FUNCTION disk_full()`)
	return func() { b.exec(`DROP TRIGGER disk_full ON payload_statuses`) }
}

// While the disk is full, for longer than a session of the group lasts, the
// consumer waits as a member of it, says why, skips nothing and takes nothing
// for junk; and it goes on alone.
func TestAFullDiskIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const session = time.Second
	r := b.start(func(c *consumer.Config) { c.SessionTimeout = session })
	r.waitReady()
	b.Produce(0, messages(1, 10)...)
	b.waitStatuses(30)
	before := b.members()
	giveRoom := b.fillDisk()
	b.Produce(0, messages(11, 10)...)
	b.Produce(1, messages(21, 10)...)
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "disk is full") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	time.Sleep(3 * session)
	if after := b.members(); len(before) != 1 || !slices.Equal(before, after) {
		t.Errorf("members %v, then %v", before, after)
	}
	if got := b.statuses(); got != 30 {
		t.Errorf("%d statuses, want 30", got)
	}
	giveRoom()
	b.waitStatuses(90)
	r.waitReady()
	b.waitPosition(0, 60)
	b.waitPosition(1, 30)
	for _, letters := range b.Broker().Cluster().PartitionInfos(b.DeadLetterTopic) {
		if letters.HighWatermark != 0 {
			t.Errorf("%d dead letters", letters.HighWatermark)
		}
	}
}

// As it comes from the settings' defaults, a topic that appears is read
// within 10 s.
func TestATopicThatAppearsIsReadSoon(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *consumertest.Config) { c.Partitions = -1 })
	r := b.start()
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "does not exist yet") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	time.Sleep(2 * time.Second) // the client asks ever more seldom
	b.CreateTopic(b.Topic, 2)
	start := time.Now()
	b.Produce(1, messages(1, 10)...)
	b.waitStatuses(30)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	r.waitReady()
}
