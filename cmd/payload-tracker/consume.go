package main

import (
	"context"
	"fmt"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/payload"
)

// runConsume is `consume`: events in, no questions; it listens on METRICSPORT alone.
func runConsume(ctx context.Context, std streams, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	if err := app.addConsumer(); err != nil {
		return err
	}
	app.config.shutdownDelay = 0 // nobody sends it requests
	collectOften(std.env)
	return app.work(ctx, app.consume, app.store.KeepBatchesMoving, app.keepDays, app.keepRollups, app.keepRetention, app.exportJourneys, app.store.WatchReplica, app.observe)
}

// addConsumer builds the consumer. It connects to nothing yet.
func (a *app) addConsumer() error {
	config, err := a.consumerConfig()
	if err != nil {
		return err
	}
	built, err := consumer.New(config)
	if err != nil {
		return fmt.Errorf("set up the consumer: %w", err)
	}
	a.consumer = built
	return nil
}

// consumerConfig is what the settings say of Kafka.
func (a *app) consumerConfig() (consumer.Config, error) {
	kafka := a.config.kafka
	security, err := kafka.security()
	return consumer.Config{
		Store:          a.store,
		Brokers:        kafka.brokers,
		Topic:          kafka.topic,
		Group:          kafka.group,
		Reset:          kafka.offsetReset,
		SessionTimeout: kafka.sessionTimeout,
		MaxRows:        kafka.batchRows,
		MaxBytes:       kafka.batchBytes,
		Decoder:        payload.Decoder{MaxBytes: kafka.maxMessageBytes},
		KafkaOpts:      security,
		CountOnly:      kafka.countOnly,
		Logger:         a.log,
		Registerer:     a.registry,
		Traces:         a.traces,
	}, err
}

// consume is the duty of taking events in.
func (a *app) consume(ctx context.Context) error { return a.consumer.Run(ctx) }

// keepDays is the duty of having partitions before their days come.
func (a *app) keepDays(ctx context.Context) error { return a.store.KeepDaysAhead(ctx) }
