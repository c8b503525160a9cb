package main

import "context"

// runRun is `run`: consume and serve in one process.
func runRun(ctx context.Context, std streams, args []string) error {
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
	collectOften(std.env)
	return app.work(ctx, app.consume, app.store.KeepBatchesMoving, app.keepDays, app.keepRollups, app.keepRetention, app.exportJourneys, app.serve, app.store.WatchReplica, app.observe)
}
