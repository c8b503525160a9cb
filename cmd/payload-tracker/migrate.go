package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"
)

// runMigrate is `migrate up|status`.
func runMigrate(ctx context.Context, std streams, args []string) error {
	if len(args) != 1 || args[0] != "up" && args[0] != "status" {
		return usagef("say up or status")
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	if args[0] == "up" {
		return app.store.MigrateUp(ctx)
	}
	steps, err := app.store.MigrateStatus(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, step := range steps {
		state := "pending"
		if step.Applied {
			state = "applied " + step.At.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\n", step.Name, state)
	}
	return table.Flush()
}
