package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/payload-tracker/payload-tracker/payload"
)

// runRules is `rules apply|show`.
func runRules(ctx context.Context, std streams, args []string) error {
	if len(args) != 1 || args[0] != "apply" && args[0] != "show" {
		return usagef("say apply or show")
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	if args[0] == "apply" {
		err := app.store.ApplyRules(ctx, app.config.rules.rules(), func(done, total int) {
			fmt.Fprintf(std.err, "\rjudged %d of %d payloads again", done, total)
			if done == total {
				fmt.Fprintln(std.err)
			}
		})
		if err != nil {
			return err
		}
	}
	rules, err := app.store.Rules(ctx)
	if err != nil {
		return err
	}
	showRules(std.out, rules)
	return nil
}

// showRules writes rules as the settings that say the same.
func showRules(w io.Writer, r payload.Rules) {
	fmt.Fprintf(w, "version %d\n", r.Version)
	fmt.Fprintf(w, "RULES_OPENING_WORDS=%s\n", strings.Join(r.Opening, ","))
	fmt.Fprintf(w, "RULES_SUCCESS_WORDS=%s\n", strings.Join(r.Success, ","))
	fmt.Fprintf(w, "RULES_FAILURE_WORDS=%s\n", strings.Join(r.Failure, ","))
	fmt.Fprintf(w, "RULES_STALL_AFTER=%s\n", r.StallAfter)
	fmt.Fprintf(w, "RULES_STALL_AFTER_SERVICE=%s\n", joinLimits(r.StallAfterService))
	fmt.Fprintf(w, "RULES_HANDOVERS=%s\n", joinHandovers(r.Handovers))
	fmt.Fprintf(w, "RULES_SETTLE_TIME=%s\n", r.Settle)
}
