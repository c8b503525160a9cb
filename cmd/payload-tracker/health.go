package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// healthPatience is how long a process may take to say how it is.
const healthPatience = 5 * time.Second

// runHealth is `health`: the probe of containers, whose image has nothing else that could ask.
func runHealth(ctx context.Context, std streams, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	config, err := readConfig(std.env)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	address := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(config.metricsPort)) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("nothing answers on METRICSPORT: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read what it says: %w", err)
	}
	if answer.StatusCode == http.StatusOK {
		fmt.Fprintln(std.out, "ready")
		return nil
	}
	return fmt.Errorf("not ready: %s", bytes.TrimSpace(said))
}
