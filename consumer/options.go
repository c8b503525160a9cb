package consumer

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/trace"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// Where a partition starts that neither the database nor Kafka has a position
// of.
const (
	ResetEarliest = "earliest"
	ResetLatest   = "latest"
)

// What a batch holds at most by default.
const (
	DefaultMaxRows  = 30_000
	DefaultMaxBytes = 10 << 20
)

// Config says what to consume, and into which store. Brokers, Topic, Group
// and Store are required.
type Config struct {
	Brokers         []string // host:port of some brokers
	Topic           string   // the topic of status events
	Group           string   // the consumer group; positions are kept by its name
	DeadLetterTopic string   // default: Topic + ".dlq"
	Reset           string   // ResetEarliest (default) or ResetLatest

	Store      *store.Store
	Decoder    payload.Decoder
	Logger     *slog.Logger          // default: slog.Default()
	Registerer prometheus.Registerer // nil: no metrics
	Traces     trace.TracerProvider  // nil: no spans
	KafkaOpts  []kgo.Opt             // TLS, SASL, hooks; they come last and win

	Lanes    int           // batches stored at once, each of some of the partitions; default 2
	MaxRows  int           // records in a batch; default DefaultMaxRows
	MaxBytes int           // bytes of their values in a batch; default DefaultMaxBytes
	MaxAge   time.Duration // how long a batch waits for more, while others came right before; default 100 ms

	SessionTimeout  time.Duration // a consumer silent for so long is out of the group; default 45 s
	Hold            time.Duration // how long a rebalance waits for the batch being stored; default 10 s
	StopGrace       time.Duration // how long Run goes on storing its batch after the end; default 5 s
	IngestTimeout   time.Duration // a batch not stored by then is tried again; default 60 s
	MaxDecompressed int           // bytes of one fetched batch when decompressed; default 64 MiB
	WatchEvery      time.Duration // how often topic, lag and dead-letter topic are looked at; default 5 s

	// CountOnly names what producers send as request id when they have none:
	// such messages are counted, and not kept as dead letters.
	CountOnly []string
}

func (c Config) withDefaults() Config {
	c.DeadLetterTopic = orDefault(c.DeadLetterTopic, c.Topic+".dlq")
	c.Reset = orDefault(c.Reset, ResetEarliest)
	c.Lanes = orDefault(c.Lanes, 2)
	c.MaxRows = orDefault(c.MaxRows, DefaultMaxRows)
	c.MaxBytes = orDefault(c.MaxBytes, DefaultMaxBytes)
	c.MaxAge = orDefault(c.MaxAge, 100*time.Millisecond)
	c.SessionTimeout = orDefault(c.SessionTimeout, 45*time.Second)
	c.Hold = orDefault(c.Hold, 10*time.Second)
	c.StopGrace = orDefault(c.StopGrace, 5*time.Second)
	c.IngestTimeout = orDefault(c.IngestTimeout, time.Minute)
	c.MaxDecompressed = orDefault(c.MaxDecompressed, 64<<20)
	c.WatchEvery = orDefault(c.WatchEvery, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

func (c Config) validate() error {
	switch {
	case len(c.Brokers) == 0:
		return errors.New("consumer: no brokers")
	case c.Topic == "":
		return errors.New("consumer: no topic")
	case c.Group == "":
		return errors.New("consumer: no consumer group")
	case c.Store == nil:
		return errors.New("consumer: no store")
	case c.DeadLetterTopic == c.Topic:
		return errors.New("consumer: dead letters would go to the topic they come from")
	case c.Reset != ResetEarliest && c.Reset != ResetLatest:
		return errors.New("consumer: reset is " + c.Reset + ", want earliest or latest")
	}
	return nil
}

// brokerOpts are common to every client.
func (c Config) brokerOpts() []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID("payload-tracker"),
		kgo.MaxDecompressBatchBytes(c.MaxDecompressed),
		kgo.WithLogger(&kafkaLogger{logger: c.Logger, said: map[string]time.Time{}}),
	}
}

// groupOpts make a client that consumes in the group and writes dead letters.
// Memory is bounded by two fetches, sized by fetchSizer: the client's own
// defaults are made for machines of many GiB.
func (c Config) groupOpts() []kgo.Opt {
	return append(c.brokerOpts(),
		kgo.ConsumerGroup(c.Group),
		kgo.ConsumeTopics(c.Topic),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.HeartbeatInterval(min(3*time.Second, c.SessionTimeout/3)),
		kgo.MetadataMaxAge(10*time.Second), // finds new partitions
		kgo.MetadataMinAge(time.Second),
		kgo.MaxConcurrentFetches(2),
		kgo.FetchMaxBytes(firstFetchBytes),
		kgo.FetchMaxPartitionBytes(firstFetchBytes/2),
		// With fewer fetches than brokers an idle broker must not hold one long.
		kgo.FetchMaxWait(100*time.Millisecond),
		// What the log no longer has is read again from its start: content
		// dedupe makes that harmless, and nothing is skipped.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// Dead letters are sent in chunks made here, so only a record that is
		// itself larger than the topic's limit is refused for its size.
		kgo.ProducerBatchMaxBytes(64<<20),
		kgo.ProducerLinger(0),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
	)
}

// kafkaLogger hands the client's warnings to slog: while a broker is away it
// has one for each time that it tries again, and each is said once a minute.
type kafkaLogger struct {
	logger *slog.Logger

	mu   sync.Mutex
	said map[string]time.Time // by the client's message
}

// sayAgain is how long a warning of the client is not said again.
const sayAgain = time.Minute

func (l *kafkaLogger) Level() kgo.LogLevel { return kgo.LogLevelWarn }

func (l *kafkaLogger) Log(level kgo.LogLevel, message string, keyvals ...any) {
	if !l.isNews(message, time.Now()) {
		return
	}
	logger := l.logger.With(slog.String("client", message), slog.Group("kafka", keyvals...))
	if level == kgo.LogLevelError {
		logger.Error("the Kafka client reports an error")
	} else {
		logger.Warn("the Kafka client warns")
	}
}

func (l *kafkaLogger) isNews(message string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.said[message]) < sayAgain {
		return false
	}
	l.said[message] = now
	return true
}
