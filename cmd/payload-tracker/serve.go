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
	return app.work(ctx, app.serve, app.store.WatchReplica, app.observe)
}

// serve is the duty of answering on PUBLICPORT.
func (a *app) serve(ctx context.Context) error {
	ctx, end := a.drained(ctx)
	defer end()
	questions := a.graphHandler()
	return together(ctx, questions.Run, func(ctx context.Context) error {
		return a.listen(ctx, "PUBLICPORT", a.config.publicPort, a.publicHandler(questions), questions.Shutdown)
	})
}

// observe is the duty of answering on METRICSPORT.
func (a *app) observe(ctx context.Context) error {
	ctx, end := a.drained(ctx)
	defer end()
	return a.listen(ctx, "METRICSPORT", a.config.metricsPort, a.metricsHandler(), nil)
}

// drained is a context that ends SHUTDOWN_DELAY after a signal has ended ctx. Until then all is answered as before, but
// for /readyz: whoever distributes requests learns from it to send them to another process, and none comes to a port
// that is closed. When a duty fails, ctx and it end together.
func (a *app) drained(ctx context.Context) (context.Context, context.CancelFunc) {
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), context.Canceled) {
			select {
			case <-time.After(a.config.shutdownDelay):
			case <-serving.Done():
			}
		}
		end()
	})
	return serving, func() { stop(); end() }
}

// parting asks clients to come by a new connection, once the process is ending: that may lead to another one.
func (a *app) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
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
