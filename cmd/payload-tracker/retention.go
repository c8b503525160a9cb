package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// retentionConfig is how long what is stored is kept.
type retentionConfig struct {
	events, rollups  time.Duration
	maxDatabaseBytes int
}

func (c *retentionConfig) settings() []setting {
	return []setting{
		{name: "RETENTION", standard: "off", unit: "duration", meaning: "how old events may grow, in whole days; then their days are dropped, and payloads deleted with their last event: 90d", set: age(&c.events)},
		{name: "MAX_DATABASE_BYTES", standard: "0", unit: "bytes", meaning: "what the database may take; past it the oldest days go, never today; 0: no bound", set: number(&c.maxDatabaseBytes, 0, 1<<60)},
		{name: "ROLLUP_RETENTION", standard: "400d", unit: "duration", meaning: "how long the numbers over many payloads are kept, where RETENTION or MAX_DATABASE_BYTES is set", set: age(&c.rollups)},
	}
}

func (c *retentionConfig) check() error {
	if c.rollups != 0 && c.rollups < c.events {
		return errors.New("ROLLUP_RETENTION: must not be shorter than RETENTION")
	}
	return nil
}

func (c *retentionConfig) retention() store.Retention {
	return store.Retention{Events: c.events, MaxBytes: int64(c.maxDatabaseBytes), Rollups: c.rollups}
}

// runRetention is `retention`: once, in the foreground, for a job whose user may drop tables where consumers may not.
func runRetention(ctx context.Context, std streams, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	retention := app.config.retention.retention()
	if err := app.store.Retain(ctx, retention); err != nil {
		return err
	}
	if retention.Off() {
		fmt.Fprintln(std.out, "nothing is given up: neither RETENTION nor MAX_DATABASE_BYTES is set")
	}
	return nil
}

// keepRetention is the duty of giving up what is too old.
func (a *app) keepRetention(ctx context.Context) error {
	return a.store.KeepRetention(ctx, a.config.retention.retention())
}
