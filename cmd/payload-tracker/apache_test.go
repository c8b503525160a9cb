//go:build kafka

package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

const apacheSession = 6 * time.Second // the least that Apache Kafka allows by default

// ordeal is the program's processes on Apache Kafka and on a PostgreSQL that crashes.
type ordeal struct {
	*product
	binary    string
	server    *pgserver.Server
	dsn       string
	consumers []*process
}

// TestOnApacheKafka: what is taken in through kill -9 of consumers and of the database, and with a stopped consumer
// that wakes up when others have long taken over, is there exactly once. `make test-kafka` gives the broker.
func TestOnApacheKafka(t *testing.T) { //nolint:paralleltest // alone on its broker
	o := newOrdeal(t)
	for range 3 {
		o.consumers = append(o.consumers, launch(t, o.binary, o.env, "consume"))
	}
	o.consumers[0].awaitWork()

	ctx, enough := context.WithCancel(t.Context())
	sent := make(chan int, 1)
	var producer sync.WaitGroup
	producer.Go(func() { sent <- o.produce(ctx) })
	t.Cleanup(func() { enough(); producer.Wait() })

	faults := []func(){
		o.killConsumer, o.killConsumer, o.killConsumer, o.killConsumer, o.killConsumer,
		o.stopAndWake, o.stopAndWake, o.crashDatabase, o.crashDatabase, o.crashDatabase,
	}
	rand.Shuffle(len(faults), func(i, k int) { faults[i], faults[k] = faults[k], faults[i] })
	for _, happen := range faults {
		time.Sleep(rand.N(2 * time.Second))
		happen()
	}
	enough()
	n := <-sent
	awaitPositions(t, o.kafka, o.dsn)
	checkNumbered(t, o.dsn, n)
	o.awaitNoLag()
	for _, consumer := range o.consumers {
		consumer.stop()
	}
	o.awaitNoLag()
	t.Logf("%d events, each stored once; consumer lag 0", n)

	run := launch(t, o.binary, o.env, "run")
	o.awaitReady()
	o.checkCases(t)
	run.stop()
}

func newOrdeal(t *testing.T) *ordeal {
	t.Helper()
	address := os.Getenv("KAFKA_TEST_SERVER")
	if address == "" {
		t.Fatal("KAFKA_TEST_SERVER names no broker: run make test-kafka, which starts one")
	}
	o := &ordeal{binary: buildBinary(t)}
	o.startDatabase(t, pgserver.Config{Dir: filepath.Join(openDir(t), "postgres"), Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = o.server.Stop() })
	if err := o.server.CreateDatabase(t.Context(), "payload_tracker"); err != nil {
		t.Fatal(err)
	}
	o.dsn = o.server.DSN("payload_tracker")
	kafka := consumertest.At(t, address, func(c *consumertest.Config) { c.Partitions = 6 })
	o.product = newProduct(t, kafka, settingsOf(t, o.dsn))
	o.env["LOGLEVEL"], o.env["KAFKA_SESSION_TIMEOUT"] = "INFO", apacheSession.String()
	o.env["KAFKA_BATCH_EVENTS"] = "2000"
	return o
}

func (o *ordeal) startDatabase(t *testing.T, config pgserver.Config) {
	t.Helper()
	var err error
	if o.server, err = pgserver.Start(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

// produce sends numbered events, some thousand a second and without keys, until it is enough; it returns how many.
func (o *ordeal) produce(ctx context.Context) (n int) {
	client, err := kgo.NewClient(kgo.SeedBrokers(o.kafka.Addr()), kgo.DefaultProduceTopic(o.kafka.Topic),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		o.Error(err)
		return 0
	}
	defer client.Close()
	for ctx.Err() == nil {
		records := make([]*kgo.Record, 200)
		for i := range records {
			records[i] = &kgo.Record{Value: []byte(numbered(n + i))}
		}
		if err := client.ProduceSync(context.WithoutCancel(ctx), records...).FirstErr(); err != nil {
			o.Errorf("produce: %v", err)
			return n
		}
		n += len(records)
		time.Sleep(50 * time.Millisecond)
	}
	return n
}

func (o *ordeal) killConsumer() {
	victim := rand.IntN(len(o.consumers))
	o.Logf("kill -9 of consumer %d", victim)
	o.consumers[victim].kill()
	time.Sleep(rand.N(2 * time.Second))
	o.consumers[victim] = launch(o.T, o.binary, o.env, "consume")
}

// stopAndWake makes a zombie: a consumer that goes on where it stopped, though others own its partitions by now.
func (o *ordeal) stopAndWake() {
	victim := rand.IntN(len(o.consumers))
	o.Logf("consumer %d stops for longer than its session", victim)
	o.consumers[victim].awaitWork()
	o.consumers[victim].signal(syscall.SIGSTOP)
	time.Sleep(apacheSession + time.Second + rand.N(2*time.Second))
	o.consumers[victim].signal(syscall.SIGCONT)
}

func (o *ordeal) crashDatabase() {
	o.Log("kill -9 of PostgreSQL")
	dir, port := o.server.Dir(), o.server.Port()
	file, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		o.Fatal(err)
	}
	pid, _, _ := strings.Cut(string(file), "\n")
	number, err := strconv.Atoi(pid)
	if err != nil {
		o.Fatal(err)
	}
	if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
		o.Fatal(err)
	}
	<-o.server.Done()
	_ = o.server.Stop() // says that it had ended by itself
	time.Sleep(rand.N(2 * time.Second))
	o.startDatabase(o.T, pgserver.Config{Dir: dir, Port: port, Logger: slog.New(slog.DiscardHandler)})
}

// awaitNoLag waits until Kafka's own group says that nothing is left.
func (o *ordeal) awaitNoLag() {
	o.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(o.kafka.Addr()))
	if err != nil {
		o.Fatal(err)
	}
	defer client.Close()
	consumertest.Wait(o.T, "consumer lag", func() error {
		lags, err := kadm.NewClient(client).Lag(o.Context(), processGroup)
		if err != nil {
			return err
		}
		group := lags[processGroup]
		if err := group.Error(); err != nil {
			return err
		}
		partitions := group.Lag[o.kafka.Topic]
		if len(partitions) != 6 || group.Lag.Total() != 0 {
			return fmt.Errorf("%d partitions, consumer lag %d", len(partitions), group.Lag.Total())
		}
		return nil
	})
}
