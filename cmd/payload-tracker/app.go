package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/store"
)

// app is every part of the process, built once. What depends on what:
//
//	config ─ log ─ registry ─ traces
//	           └── store ─┬─ consumer    (run, consume)
//	                      ├─ graph, rest (run, serve)
//	                      └─ tools       (migrate, rules)
type app struct {
	config    *config
	log       *slog.Logger
	registry  *prometheus.Registry
	traces    traces
	watch     watch
	documents *graph.TrustedDocuments
	store     *store.Store
	ends      *consumer.Ends     // of the topic
	consumer  *consumer.Consumer // nil in a process that takes nothing in
	journeys  *journeys          // nil where they are not exported
	leaving   atomic.Bool        // a signal has come: who sends requests is to ask another process
}

// newApp reads the settings and builds what every command needs. The database may be away: see store.Open.
func newApp(ctx context.Context, std streams) (*app, error) {
	config, err := readConfig(std.env)
	if err != nil {
		return nil, err
	}
	a, err := buildApp(ctx, config, std.err)
	if err != nil {
		return nil, err
	}
	if limit := limitMemory(std.env); limit > 0 {
		a.log.DebugContext(ctx, "memory is limited", slog.Int64("bytes", limit))
	}
	return a, nil
}

func buildApp(ctx context.Context, config *config, logs io.Writer) (*app, error) {
	a := &app{
		config:   config,
		log:      slog.New(withTrace{slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: config.logLevel})}),
		registry: prometheus.NewRegistry(),
	}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, warning := range config.warnings() {
		a.log.WarnContext(ctx, "a setting has no effect", slog.String("setting", warning))
	}
	var err error
	if a.documents, err = config.graph.readDocuments(); err != nil {
		return nil, err
	}
	if a.traces, err = newTraces(ctx, config.traces, a.log, a.registry); err != nil {
		return nil, err
	}
	a.watch = newWatch(a.traces, a.registry)
	trusted, err := authorities("DB_SSLROOTCERT", config.database.sslRootCert)
	if err != nil {
		return nil, err
	}
	rules := config.rules.rules()
	a.store, err = store.Open(ctx, store.Config{
		DSN:          config.database.DSN(),
		ListenDSN:    config.database.listenDSN(),
		ReadDSN:      config.database.readDSN(),
		ReadMaxLag:   config.database.readMaxLag,
		RootCAs:      trusted,
		MaxConns:     config.database.maxConns,
		QueryTimeout: config.database.queryTimeout,
		Tenants:      config.tenancy == tenancyIdentity,
		Logger:       a.log,
		Registerer:   a.registry,
		FirstRules:   &rules,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if a.journeys, err = newJourneys(config.traces, a.store, a.log, a.registry); err != nil {
		return nil, err
	}
	kafka, err := a.consumerConfig()
	if err != nil {
		return nil, err
	}
	a.ends = consumer.NewEnds(kafka)
	a.registry.MustRegister(newGauges(a.store, a.log)...)
	a.registry.MustRegister(a.readyGauges())
	context.AfterFunc(ctx, func() { a.leaving.Store(true) })
	return a, nil
}

// closeGrace is how long a database that has fallen silent is waited for at the end.
const closeGrace = 500 * time.Millisecond

func (a *app) close() {
	a.ends.Close()
	closed := make(chan struct{})
	go func() { a.store.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(closeGrace):
		a.log.Warn("the database does not answer; its connections end with the process")
	}
	a.traces.close(context.Background())
}

// duty is a part of the process that works until its context ends, and then returns nil.
type duty func(ctx context.Context) error

// work runs the duties of a process, unless the database has a schema that this version does not work on. A database
// that is away, or has no schema yet, is waited for beside them.
func (a *app) work(ctx context.Context, duties ...duty) error {
	fits, err := a.judgeSchema(ctx)
	if err != nil {
		return err
	}
	if !fits {
		duties = append(duties, a.awaitSchema)
	}
	return together(ctx, duties...)
}

// together runs duties side by side. The first that fails ends the others.
func together(ctx context.Context, duties ...duty) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, duty := range duties {
		group.Go(func() error { return duty(ctx) })
	}
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
