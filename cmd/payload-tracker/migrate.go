package main

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// runMigrate is `migrate up|status|down`.
func runMigrate(ctx context.Context, std streams, args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"up", "status", "down"}, args[0]) {
		return usagef("say up, status or down")
	}
	down := args[0] == "down"
	if down && !slices.Equal(args[1:], []string{"--dev"}) {
		return usagef("down takes the last step back with all it holds: say down --dev where nothing of it is needed")
	}
	if !down {
		if err := noArguments(args[1:]); err != nil {
			return err
		}
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	switch args[0] {
	case "up":
		return app.migrateUp(ctx)
	case "down":
		step, err := app.store.MigrateDown(ctx)
		if err == nil {
			fmt.Fprintln(std.out, "took back", step)
		}
		return err
	}
	return app.showSteps(ctx, std)
}

// migrateUp also lets the other users of the database do their work, and no more.
func (a *app) migrateUp(ctx context.Context) error {
	if err := a.store.MigrateUp(ctx); err != nil {
		return err
	}
	return a.store.Grant(ctx, store.Roles{Ingest: a.config.database.ingestRole, Read: a.config.database.readRole})
}

func (a *app) showSteps(ctx context.Context, std streams) error {
	steps, err := a.store.MigrateStatus(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, step := range steps {
		state := "pending"
		if step.Applied {
			state = "applied " + step.At.UTC().Format(time.RFC3339)
		}
		if step.Foreign {
			state += ", of a newer version"
		}
		fmt.Fprintf(table, "%s\t%s\n", step.Name, state)
	}
	return table.Flush()
}
