package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
)

// A half-dead connection says nothing, and a pooler takes LISTEN and delivers
// nothing: so a listener notifies itself every Config.ListenPing, and must hear
// it within that time.
const listenPing = 5 * time.Second

// listenSlack is how much older than its notice a batch's stamp may be: batches
// commit in another order than they are stamped, by several clocks.
const listenSlack = 10 * time.Second

// Backoff between two tries to listen.
const (
	listenBackoffLeast = 100 * time.Millisecond
	listenBackoffMost  = 5 * time.Second
)

// Listen calls handle with each change of the database, on one connection of
// its own, until ctx ends; then it is nil. When it begins to listen, again
// after every break, and while it cannot, it calls handle with a notice that
// anything may have changed: who looks again then has missed nothing. handle
// is called by one goroutine and must not wait for anything.
func (s *Store) Listen(ctx context.Context, handle func(Notice)) error {
	config, err := s.listenConfig()
	if err != nil {
		return err
	}
	l := &listener{store: s, config: config, handle: handle, ping: s.config.ListenPing, complete: s.Now()}
	backoff := listenBackoffLeast
	for {
		heard := l.heard
		err := l.listen(ctx)
		s.metrics.listening.Set(0)
		if sqlState(err) == codeReadOnly { // a standby, where its name leads for now: what is read there would be old
			s.pool.Reset()
		}
		if l.heard > heard {
			backoff = listenBackoffLeast
		}
		if said := err.Error(); ctx.Err() == nil && said != l.said { // once, not every few seconds
			l.said = said
			s.logger.WarnContext(ctx, "cannot listen for changes; they are looked for instead", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(backoff/2 + rand.N(backoff)):
		}
		backoff = min(2*backoff, listenBackoffMost)
		l.lookAround()
	}
}

func (s *Store) listenConfig() (*pgx.ConnConfig, error) {
	dsn := s.config.ListenDSN
	if dsn == "" {
		dsn = s.config.DSN
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("settings of the connection that listens: %w", withoutDSN(err))
	}
	s.config.trust(&config.Config)
	config.ConnectTimeout = s.config.ListenPing
	setDefault(config.RuntimeParams, "application_name", "payload-tracker listen")
	return config, nil
}

// listener is one process's ear.
type listener struct {
	store  *Store
	config *pgx.ConnConfig
	handle func(Notice)
	ping   time.Duration

	conn     *pgx.Conn
	complete time.Time // what was taken in before was announced
	heard    int       // notices and answers to pings, ever
	said     string    // why it could not listen last, and the log was told; "" when it does
}

// lookAround announces that anything may have changed.
func (l *listener) lookAround() {
	since := l.complete
	l.complete = l.store.Now().Add(-listenSlack)
	l.handle(Notice{All: true, Since: since})
}

// listen connects and listens until the connection fails.
func (l *listener) listen(ctx context.Context) error {
	var err error
	if l.conn, err = pgx.ConnectConfig(ctx, l.config); err != nil {
		return errors.New(reason(err)) // the whole of it would show the password's place
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = l.conn.Close(ctx)
	}()
	echo := fmt.Sprintf("payload_listener_%d", l.conn.PgConn().PID())
	for _, channel := range []string{ChangeChannel, echo} {
		if err := l.exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return err
		}
	}
	l.store.metrics.listening.Set(1)
	l.lookAround()
	return l.hear(ctx, echo)
}

// hear takes what is announced, and pings in between.
func (l *listener) hear(ctx context.Context, echo string) error {
	due, pinged := time.Now(), false
	for {
		n, err := l.wait(ctx, due)
		switch {
		case err == nil && n.Channel == echo:
			pinged, due = false, time.Now().Add(l.ping)
			if l.said != "" {
				l.said = ""
				l.store.logger.InfoContext(ctx, "changes are heard again")
			}
			l.heard++
			l.complete = l.store.Now().Add(-l.ping - listenSlack)
		case err == nil:
			l.heard++
			l.store.metrics.notices.Inc()
			l.take(n.Payload)
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
			return err
		case pinged:
			return errors.New("notices do not arrive: the connection that listens must lead to the primary itself, not through a pooler (DB_LISTEN_HOST)")
		default:
			if err := l.exec(ctx, "SELECT pg_notify($1, '')", echo); err != nil {
				return err
			}
			pinged, due = true, time.Now().Add(l.ping)
		}
	}
}

func (l *listener) wait(ctx context.Context, until time.Time) (*pgconn.Notification, error) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	return l.conn.WaitForNotification(ctx)
}

func (l *listener) exec(ctx context.Context, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, l.ping)
	defer cancel()
	_, err := l.conn.Exec(ctx, sql, args...)
	return err
}

func (l *listener) take(text string) {
	if text == noticeOfAll {
		l.store.forgetRules() // it is they that are new
		l.lookAround()
		return
	}
	n, err := decodeNotice(text)
	if err != nil { // another version's: it may mean anything
		l.lookAround()
		return
	}
	l.handle(n)
}

// listenMetrics tell whether a process hears of changes.
type listenMetrics struct {
	listening prometheus.Gauge
	notices   prometheus.Counter
}

func newListenMetrics(registerer prometheus.Registerer) listenMetrics {
	m := listenMetrics{
		listening: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "payload_tracker_listening",
			Help: "1 while this process hears of changes in the database, else 0.",
		}),
		notices: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payload_tracker_notices_total",
			Help: "Notices of changes that this process heard.",
		}),
	}
	if registerer != nil {
		registerer.MustRegister(m.listening, m.notices)
	}
	return m
}
