package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// runServe is `serve`: questions by GraphQL, REST and the web page.
func runServe(ctx context.Context, std streams, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	app, err := newApp(ctx, std)
	if err != nil {
		return err
	}
	defer app.close()
	return together(ctx, app.serve, app.observe)
}

// serve is the duty of answering on PUBLICPORT.
func (a *app) serve(ctx context.Context) error {
	questions := a.graphHandler()
	return together(ctx, questions.Run, func(ctx context.Context) error {
		return a.listen(ctx, "PUBLICPORT", a.config.publicPort, a.publicHandler(questions), questions.Shutdown)
	})
}

// observe is the duty of answering on METRICSPORT.
func (a *app) observe(ctx context.Context) error {
	return a.listen(ctx, "METRICSPORT", a.config.metricsPort, a.metricsHandler(), nil)
}

// listen serves a port until ctx ends, and then lets the requests under way finish; leave (may be nil) ends those that
// would not by themselves.
func (a *app) listen(ctx context.Context, setting string, port int, handler http.Handler, leave duty) error {
	address := net.JoinHostPort(a.config.host, strconv.Itoa(port))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%s: %w", setting, err)
	}
	server := &http.Server{
		Handler: handler,
		// Who sends or reads slowly is cut. A stream has a deadline of its own for each message: http.ResponseController.
		ReadHeaderTimeout: min(5*time.Second, a.config.readTimeout),
		ReadTimeout:       a.config.readTimeout,
		WriteTimeout:      a.config.writeTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
		// What is left when the shutdown's patience ends is cut; until then nobody's request is.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	a.log.InfoContext(ctx, "listening", slog.String("setting", setting), slog.String("address", listener.Addr().String()))
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.config.shutdownTimeout)
		defer cancel()
		left := make(chan error, 1)
		go func() {
			if leave != nil {
				left <- leave(patience)
			}
			close(left)
		}()
		err := server.Shutdown(patience)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		stopped <- errors.Join(err, <-left)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("%s: %w", setting, err)
	}
	if err := <-stopped; err != nil {
		a.log.WarnContext(ctx, "requests were cut off at the end", slog.String("setting", setting), slog.Any("error", err))
	}
	return nil
}
