package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version string

// runVersion is `version`.
func runVersion(_ context.Context, std streams, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "payload-tracker %s (%s %s/%s)\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// versionText is the release, or else the commit the binary was built from.
func versionText() string {
	info, _ := debug.ReadBuildInfo()
	var revision string
	if info != nil {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return cmp.Or(version, revision, "development")
}
