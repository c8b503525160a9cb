// Package broker runs a Kafka-protocol broker inside this process, for tests
// and the demo. Any Kafka client on the machine reaches it on 127.0.0.1; with
// a folder it keeps topics, records and consumer groups between runs.
package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Config says where the broker listens and what it keeps. The zero value is a
// broker in memory on a free port, without topics.
type Config struct {
	Dir        string        // the broker's own folder, kept between runs; "" = in memory
	Port       int           // on 127.0.0.1; 0 = a free one
	Brokers    int           // of the cluster; default 1; only the first listens on Port
	Topics     []string      // made when they are not there yet
	Partitions int32         // of each topic made; default 1
	Retention  time.Duration // of the topics made: older records go, checked each minute; 0 = kept for ever
	AutoCreate bool          // topics that clients name are made as well
	Logger     *slog.Logger  // default slog.Default()
}

// Broker is a running broker, or a small cluster of them.
type Broker struct {
	cluster *kfake.Cluster
	address string
	lock    *os.File // nil in memory

	stop    sync.Once
	stopped chan struct{}
	work    sync.WaitGroup
}

// Start listens and loads what an earlier run left in the folder.
func Start(config Config) (*Broker, error) {
	if config.Partitions == 0 {
		config.Partitions = 1
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	b := &Broker{stopped: make(chan struct{})}
	if err := b.claim(config.Dir); err != nil {
		return nil, err
	}
	var err error
	if b.cluster, err = kfake.NewCluster(options(config)...); err != nil {
		b.release()
		return nil, startError(config, err)
	}
	b.address = b.cluster.ListenAddrs()[0]
	if err := b.makeTopics(config); err != nil {
		b.Stop()
		return nil, err
	}
	if config.Retention > 0 {
		b.work.Go(b.retain)
	}
	return b, nil
}

// retain drops old records. The broker's own timer does not start for topics
// that it loads.
func (b *Broker) retain() {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.cluster.ApplyRetention()
		case <-b.stopped:
			return
		}
	}
}

func options(config Config) []kfake.Opt {
	list := []kfake.Opt{
		kfake.Ports(append([]int{config.Port}, make([]int, max(config.Brokers, 1)-1)...)...),
		kfake.ClusterID("payload-tracker"),
		kfake.DefaultNumPartitions(int(config.Partitions)),
		// Tests need not wait long until a killed consumer's session ends.
		kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.WithLogger(logger{config.Logger}),
		// Disk is given back by whole segments.
		kfake.BrokerConfigs(map[string]string{"log.segment.bytes": strconv.Itoa(16 << 20)}),
	}
	if config.Dir != "" {
		list = append(list, kfake.DataDir(config.Dir))
	}
	if config.AutoCreate {
		list = append(list, kfake.AllowAutoTopicCreation())
	}
	return list
}

func startError(config Config, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d for the Kafka broker is taken by another program: stop that one or choose another port", config.Port)
	}
	return fmt.Errorf("start the Kafka broker: %w", err)
}

func (b *Broker) makeTopics(config Config) error {
	settings := map[string]string{}
	if config.Retention > 0 {
		settings["retention.ms"] = strconv.FormatInt(config.Retention.Milliseconds(), 10)
	}
	for _, topic := range config.Topics {
		if b.cluster.TopicInfo(topic) != nil {
			continue
		}
		if err := b.cluster.CreateTopic(topic, config.Partitions, settings); err != nil {
			return fmt.Errorf("make topic %s: %w", topic, err)
		}
	}
	return nil
}

// Addr is the broker's address, 127.0.0.1:port: what clients are given as
// bootstrap server, and what the broker names itself to them.
func (b *Broker) Addr() string { return b.address }

// Cluster gives tests what no client can do: faults, and leaders that move.
func (b *Broker) Cluster() *kfake.Cluster { return b.cluster }

// Stop ends all connections and writes what the folder keeps. It may be called
// twice.
func (b *Broker) Stop() {
	b.stop.Do(func() {
		close(b.stopped)
		b.work.Wait()
		b.cluster.Close()
		b.release()
	})
}

// claim makes the folder and keeps other processes out of it.
func (b *Broker) claim(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("folder for the Kafka broker: %w", err)
	}
	lock, err := os.OpenFile(filepath.Clean(dir)+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("folder for the Kafka broker: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return fmt.Errorf("folder for the Kafka broker: %s is in use by another process", dir)
	}
	b.lock = lock
	return nil
}

func (b *Broker) release() {
	if b.lock != nil {
		_ = b.lock.Close()
		b.lock = nil
	}
}

// logger passes on what the broker has to say when something is wrong.
type logger struct{ to *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, arguments ...any) {
	switch level {
	case kfake.LogLevelError:
		l.to.Error("kafka broker", slog.String("message", fmt.Sprintf(format, arguments...)))
	case kfake.LogLevelWarn:
		l.to.Warn("kafka broker", slog.String("message", fmt.Sprintf(format, arguments...)))
	default: // each request
	}
}
