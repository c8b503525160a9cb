// Image takes the steps of a Dockerfile without an engine, so that the image can be tried where there is none: each
// stage is a folder, and its base image is this machine, whose tools the RUN steps use.
//
//	go run ./image -o FOLDER [NAME=VALUE …]
//
// FOLDER/root becomes what the image holds, FOLDER/config.json how it is run. NAME=VALUE are build arguments.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("image", flag.ExitOnError)
	source := flags.String("context", "..", "folder that holds the Dockerfile")
	out := flags.String("o", "", "folder to make the image in")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" {
		return fmt.Errorf("-o must name a folder")
	}
	b, err := newBuilder(*source, *out)
	if err != nil {
		return err
	}
	for _, arg := range flags.Args() {
		name, value, found := strings.Cut(arg, "=")
		if !found {
			return fmt.Errorf("%q is no NAME=VALUE", arg)
		}
		b.args[name] = value
	}
	return b.build(ctx)
}
