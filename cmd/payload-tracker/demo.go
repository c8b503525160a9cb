package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/payload-tracker/payload-tracker/consumer/broker"
	"github.com/payload-tracker/payload-tracker/payload/sample"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

const (
	demoHost     = "127.0.0.1" // the sample data and the broker are for this machine alone
	demoDatabase = "payload_tracker"
	demoTopic    = "platform.payload-status"
)

// demoOptions are the flags of `demo`.
type demoOptions struct {
	fresh                        bool
	dir                          string
	port, kafkaPort, metricsPort int
	journeys, rate               int
	seed                         uint64
}

func (o *demoOptions) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // a wrong flag is told once, by dispatch
	flags.BoolVar(&o.fresh, "fresh", false, "begin with empty data")
	flags.StringVar(&o.dir, "dir", ".demo", "where the data is kept")
	flags.IntVar(&o.port, "port", 8080, "port of the web page, GraphQL and REST")
	flags.IntVar(&o.kafkaPort, "kafka-port", 9092, "port of the broker")
	flags.IntVar(&o.metricsPort, "metrics-port", 8081, "port of the metrics")
	flags.IntVar(&o.journeys, "journeys", 12_000, "uploads in the two days of history")
	flags.IntVar(&o.rate, "rate", 2, "events a second afterwards; 0 sends none")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the sample traffic")
	return flags
}

func parseDemo(args []string) (demoOptions, error) {
	var o demoOptions
	flags := o.flags()
	if err := flags.Parse(args); err != nil {
		return o, usagef("%v", err)
	}
	if o.journeys < 1 || o.rate < 0 {
		return o, usagef("--journeys must be 1 or more, --rate 0 or more")
	}
	return o, noArguments(flags.Args())
}

// runDemo is `demo`: `run` on an embedded PostgreSQL and broker, with two days of history and then steady traffic.
func runDemo(ctx context.Context, std streams, args []string) error {
	options, err := parseDemo(args)
	if err != nil {
		return err
	}
	if err := options.checkPorts(ctx); err != nil {
		return err
	}
	d := &demo{options: options, out: std.out}
	defer d.stop()
	err = d.start(ctx, std)
	if err == nil {
		err = together(ctx, d.watch, d.app.consume, d.app.keepDays, d.app.keepRollups, d.app.keepRetention, d.app.exportJourneys, d.app.serve, d.app.observe, d.traffic)
	}
	if ctx.Err() != nil { // asked to stop: what broke off because of it is no error
		fmt.Fprintln(std.out, "\nstopping …")
		return nil
	}
	return err
}

// checkPorts says which flag to change when a port is taken, before anything is started.
func (o demoOptions) checkPorts(ctx context.Context) error {
	for _, p := range []struct {
		flag string
		port int
	}{{"--port", o.port}, {"--kafka-port", o.kafkaPort}, {"--metrics-port", o.metricsPort}} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(demoHost, strconv.Itoa(p.port)))
		if err != nil {
			return fmt.Errorf("port %d is taken or may not be used: choose another with %s (%w)", p.port, p.flag, err)
		}
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return nil
}

// demo is the running demonstration.
type demo struct {
	options demoOptions
	out     io.Writer
	logs    *os.File
	server  *pgserver.Server
	broker  *broker.Broker
	app     *app
	// generator makes the live traffic; the history has its own, so that it can be sent again after a break.
	generator *sample.Generator
}

// start brings up the database, the broker and the app, in this order; stop takes down what there is.
func (d *demo) start(ctx context.Context, std streams) error {
	if err := d.prepareDir(); err != nil {
		return err
	}
	fmt.Fprintln(d.out, "starting PostgreSQL …")
	var err error
	logger := slog.New(slog.NewJSONHandler(d.logs, nil))
	d.server, err = pgserver.Start(ctx, pgserver.Config{Dir: d.databaseDir(), Logger: logger})
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := d.server.CreateDatabase(ctx, demoDatabase); err != nil {
		return err
	}
	fmt.Fprintln(d.out, "starting the broker …")
	d.broker, err = broker.Start(broker.Config{
		Dir:        d.brokerDir(),
		Port:       d.options.kafkaPort,
		Topics:     []string{demoTopic},
		Partitions: 4,
		Retention:  demoHistory + 24*time.Hour,
		Logger:     logger,
	})
	if err != nil {
		return fmt.Errorf("start the broker: %w", err)
	}
	config, err := d.config(std.env)
	if err != nil {
		return err
	}
	if d.app, err = buildApp(ctx, config, d.logs); err != nil {
		return err
	}
	if err := d.app.store.MigrateUp(ctx); err != nil {
		return err
	}
	if err := d.app.store.ApplyRules(ctx, config.rules.rules(), nil); err != nil {
		return err
	}
	d.generator = sample.New(uint64(time.Now().UnixNano()), demoSample)
	return d.app.addConsumer()
}

// watch is the duty of noticing a database that ends by itself.
func (d *demo) watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-d.server.Done():
		return fmt.Errorf("PostgreSQL has ended: see %s", d.logPath())
	}
}

func (d *demo) databaseDir() string { return filepath.Join(d.options.dir, "postgres") }
func (d *demo) brokerDir() string   { return filepath.Join(d.options.dir, "kafka") }

func (d *demo) prepareDir() error {
	if d.options.fresh {
		if err := d.empty(); err != nil {
			return fmt.Errorf("empty %s: %w", d.options.dir, err)
		}
	}
	// Others may look in: as root, the database runs as another user, who must get to its folder.
	if err := os.MkdirAll(d.options.dir, 0o755); err != nil {
		return err
	}
	var err error
	d.logs, err = os.OpenFile(d.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return err
}

// empty removes what earlier demos left, and nothing else: the folder may be anybody's.
func (d *demo) empty() error {
	// The database's data may live elsewhere, and may be in use by another demo: then nothing is removed.
	if err := pgserver.Remove(d.databaseDir()); err != nil {
		return err
	}
	for _, path := range []string{d.databaseDir(), d.brokerDir(), d.brokerDir() + ".lock", d.historyPath(), d.logPath()} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) logPath() string { return filepath.Join(d.options.dir, "payload-tracker.log") }

// config is the settings of the environment, with the demo's own in place of those it embeds.
func (d *demo) config(env lookup) (*config, error) {
	own := map[string]string{
		"PUBLICPORT":              strconv.Itoa(d.options.port),
		"METRICSPORT":             strconv.Itoa(d.options.metricsPort),
		"KAFKA_BOOTSTRAP_SERVERS": d.broker.Addr(),
		"KAFKA_AUTO_OFFSET_RESET": "earliest",
		"KAFKA_GROUP_ID":          "payload_tracker",
		"TOPIC_PAYLOAD_STATUS":    demoTopic,
	}
	config, err := readConfig(func(name string) (string, bool) {
		if value, found := own[name]; found {
			return value, true
		}
		return env(name)
	})
	if err != nil {
		return nil, err
	}
	config.host = demoHost
	config.database.dsn = d.server.DSN(demoDatabase)
	config.shutdownDelay, config.shutdownTimeout = 0, 3*time.Second // a browser's idle connections must not hold Ctrl-C
	config.rules.handovers = sample.Rules().Handovers
	return config, nil
}

// stop ends what was started, last first. The broker keeps its data and the database shuts down in order.
func (d *demo) stop() {
	if d.app != nil {
		d.app.close()
	}
	if d.broker != nil {
		d.broker.Stop()
	}
	if d.server != nil {
		if err := d.server.Stop(); err != nil {
			fmt.Fprintln(d.out, "PostgreSQL:", err)
		}
	}
	if d.logs != nil {
		_ = d.logs.Close() // nothing left to write
	}
}
