// Command rewrite has the code that gqlgen has just written marshal its lists
// by the package's own marshalList: see there.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

const (
	file = "generated.go"
	from = "graphql.MarshalSliceConcurrently(ctx, "
	to   = "marshalList(ctx, "
)

func main() {
	if err := rewrite(); err != nil {
		fmt.Fprintf(os.Stderr, "rewrite %s: %v\n", file, err)
		os.Exit(1)
	}
}

func rewrite() error {
	code, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Contains(code, []byte(from)) {
		return errors.New("gqlgen writes lists in another way now: compare with marshalList")
	}
	return os.WriteFile(file, bytes.ReplaceAll(code, []byte(from), []byte(to)), 0o644)
}
