package consumer_test

import (
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

// fault is what happens to a trial, or to one of its consumers.
type fault struct {
	name   string
	happen func(*trial, *member, *rand.Rand)
}

var everyFault = []fault{
	{"a kill without shutdown", killAndStart},
	{"a pause longer than the session", pauseAndGoOn},
	{"a COMMIT that is lost", cutCommit(commitLost)},
	{"a connection cut inside COMMIT", cutCommit(commitCut)},
	{"a COMMIT without an answer", cutCommit(commitUnanswered)},
	{"a restart of the database", restartDatabase},
	{"a crash of the database", crashDatabase},
	{"leaders that move", moveLeaders},
	{"a rebalance in mid-batch", rebalanceInMidBatch},
	{"errors of the brokers", failRequests},
	{"a full disk", fillDisk},
	{"a rebuild of the rollups", rebuildRollups},
}

func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)))
}

// rebuildRollups counts all payloads anew while consumers change them.
func rebuildRollups(tr *trial, _ *member, _ *rand.Rand) {
	s := tr.open(tr.dsn)
	defer s.Close()
	if err := s.RebuildRollups(tr.t.Context(), nil); err != nil {
		tr.t.Errorf("rebuild the rollups: %v", err)
	}
}

func killAndStart(_ *trial, m *member, rng *rand.Rand) {
	time.Sleep(between(rng, 0, 300*time.Millisecond))
	m.kill()
	time.Sleep(between(rng, 0, 300*time.Millisecond))
	m.start()
}

// pauseAndGoOn: a consumer that hears and says nothing for longer than its
// session lasts, and then goes on as if nothing had been.
func pauseAndGoOn(_ *trial, m *member, rng *rand.Rand) {
	time.Sleep(between(rng, 0, 300*time.Millisecond))
	m.lines.silence(between(rng, trialSession+300*time.Millisecond, trialSession+time.Second))
}

func cutCommit(way int32) func(*trial, *member, *rand.Rand) {
	return func(tr *trial, _ *member, _ *rand.Rand) {
		// Of whoever stores next: the victim may have no partition just now.
		before := tr.cuts()
		for _, m := range tr.members {
			m.tamper.next.Store(way)
		}
		tr.eventually("a COMMIT was cut", 10*time.Second, func() bool { return tr.cuts() > before })
		for _, m := range tr.members {
			m.tamper.next.Store(0)
		}
	}
}

func restartDatabase(tr *trial, _ *member, rng *rand.Rand) {
	time.Sleep(between(rng, 0, 300*time.Millisecond))
	if err := tr.server.Stop(); err != nil {
		tr.t.Fatal(err)
	}
	tr.startAgain(rng)
}

func crashDatabase(tr *trial, _ *member, rng *rand.Rand) {
	time.Sleep(between(rng, 0, 300*time.Millisecond))
	lines, err := os.ReadFile(filepath.Join(tr.server.Dir(), "data", "postmaster.pid"))
	if err != nil {
		tr.t.Fatal(err)
	}
	pid, _, _ := strings.Cut(string(lines), "\n")
	number, err := strconv.Atoi(pid)
	if err != nil {
		tr.t.Fatal(err)
	}
	if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
		tr.t.Fatal(err)
	}
	<-tr.server.Done()
	_ = tr.server.Stop() // says that it had ended by itself
	tr.startAgain(rng)
}

func (tr *trial) startAgain(rng *rand.Rand) {
	tr.t.Helper()
	time.Sleep(between(rng, 0, 300*time.Millisecond))
	dir, port := tr.server.Dir(), tr.server.Port()
	tr.launch(pgserver.Config{Dir: dir, Port: port, Fast: true, Logger: slog.New(slog.DiscardHandler)})
}

func moveLeaders(tr *trial, _ *member, rng *rand.Rand) {
	for range 4 {
		for partition := range int32(trialPartitions) {
			if err := tr.Broker().Cluster().MoveTopicPartition(tr.Topic, partition, int32(rng.IntN(3))); err != nil {
				tr.t.Fatal(err)
			}
		}
		time.Sleep(between(rng, 0, 300*time.Millisecond))
	}
}

// rebalanceInMidBatch: another consumer joins for a while, as the victim's
// batch is under way.
func rebalanceInMidBatch(tr *trial, m *member, rng *rand.Rand) {
	m.lines.database.pause(true)
	time.Sleep(between(rng, 50*time.Millisecond, 200*time.Millisecond))
	other := &member{trial: tr, number: len(tr.members)}
	other.start()
	within(3*time.Second, func() bool { return other.running.Ready() == nil })
	m.lines.database.pause(false)
	time.Sleep(between(rng, 0, 300*time.Millisecond))
	other.stop()
}

// failRequests: the brokers answer some requests with errors, also with such
// as are not true.
func failRequests(tr *trial, _ *member, rng *rand.Rand) {
	all := []kfake.Fault{
		{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.UnknownLeaderEpoch, Count: 2},
		{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: 4},
		{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.UnknownServerError, Count: 4},
		{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID, Count: 1},
		{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.IllegalGeneration, Count: 1},
		{Keys: []kmsg.Key{kmsg.JoinGroup}, TopLevel: true, Err: kerr.CoordinatorLoadInProgress, Count: 2},
		{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorNotAvailable, Count: 4},
		{Keys: []kmsg.Key{kmsg.OffsetFetch}, TopLevel: true, Err: kerr.NotCoordinator, Count: 2},
		{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable, Count: 2},
	}
	if !tr.config.noDedupe {
		// What a cut log has is read again: that is what dedupe is for.
		all = append(all, kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.OffsetOutOfRange, Count: 1})
	}
	for range 4 {
		failing := tr.Broker().Cluster().Fault(all[rng.IntN(len(all))])
		time.Sleep(between(rng, 200*time.Millisecond, 500*time.Millisecond))
		failing.Remove()
	}
}

func fillDisk(tr *trial, _ *member, rng *rand.Rand) {
	tr.exec(`UPDATE disk SET is_full = true`)
	time.Sleep(between(rng, 300*time.Millisecond, time.Second))
	tr.exec(`UPDATE disk SET is_full = false`)
}

// knowEpochs: kfake knows no epoch of a leader under whom nothing was written
// yet, and clients conclude that the log was cut. Kafka knows it; and no log
// of a trial is ever cut.
func (tr *trial) knowEpochs() {
	cluster := tr.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		req := kreq.(*kmsg.OffsetForLeaderEpochRequest)
		resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
		for _, rt := range req.Topics {
			st := kmsg.NewOffsetForLeaderEpochResponseTopic()
			st.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				sp := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
				sp.Partition, sp.LeaderEpoch, sp.EndOffset = rp.Partition, rp.LeaderEpoch, math.MaxInt64
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
}
