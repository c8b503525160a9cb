package main

import (
	"context"
	"fmt"
)

// runRollups is `rollups rebuild`.
func runRollups(ctx context.Context, std streams, args []string) error {
	if len(args) != 1 || args[0] != "rebuild" {
		return usagef("say rebuild")
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	counted := 0
	err = app.store.RebuildRollups(ctx, func(n int) {
		counted = n
		fmt.Fprintf(std.err, "\rcounted %d payloads", counted)
	})
	if counted > 0 {
		fmt.Fprintln(std.err)
	}
	return err
}

// keepRollups is the duty of adding up the numbers over many payloads.
func (a *app) keepRollups(ctx context.Context) error { return a.store.KeepRollupsFolded(ctx) }
