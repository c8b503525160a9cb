package main

import (
	"context"
	"log/slog"
	"time"
)

// judgeSchema is true when the database has a schema that this version works on, and an error that says what to run
// when it has another. It is false while the database is away or has none yet, or while it is being brought up to date.
func (a *app) judgeSchema(ctx context.Context) (fits bool, err error) {
	fit, err := a.store.Schema(ctx)
	if err != nil || fit.Empty() {
		return false, nil //nolint:nilerr // what is away is waited for
	}
	if fit.Err() == nil {
		return true, nil
	}
	if a.store.Migrating(ctx) {
		return false, nil
	}
	again, err := a.store.Schema(ctx) // it may have been brought up to date between the two
	if err != nil || len(again.Missing) != len(fit.Missing) {
		return false, nil //nolint:nilerr // looked at once more
	}
	return false, fit.Err()
}

// schemaLook is how often a database that is waited for is looked at.
const schemaLook = time.Second

// awaitSchema is the duty of judging the schema once there is one.
func (a *app) awaitSchema(ctx context.Context) error {
	a.log.WarnContext(ctx, "waiting for the database and its schema", slog.Any("reason", a.store.Ready(ctx)))
	ticker := time.NewTicker(schemaLook)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if fits, err := a.judgeSchema(ctx); err != nil || fits {
			return err
		}
	}
}
