package storetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/store"
)

// CountStatements is a store like New's whose statements are counted.
func CountStatements(t testing.TB, options ...func(*store.Config)) (*store.Store, *Statements) {
	t.Helper()
	statements := &Statements{}
	s := New(t, append(options, func(c *store.Config) { c.Tracer = statements })...)
	return s, statements
}

// Statements collects what a store asks the database; safe for concurrent use.
// The frame of a transaction (BEGIN, SAVEPOINT, COMMIT, …) does not count.
type Statements struct {
	mu   sync.Mutex
	list []string
	hook func(sql string)
}

// Hook calls f with each statement before it is sent; nil ends that.
func (s *Statements) Hook(f func(sql string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

// Count is the number of statements since the last Reset.
func (s *Statements) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list)
}

// SQL lists the statements since the last Reset.
func (s *Statements) SQL() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// Reset starts the count again.
func (s *Statements) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

func (s *Statements) add(sql string) {
	if frames(sql) {
		return
	}
	s.mu.Lock()
	s.list = append(s.list, sql)
	hook := s.hook
	s.mu.Unlock()
	if hook != nil {
		hook(sql)
	}
}

func frames(sql string) bool {
	words := strings.Fields(strings.ToLower(strings.TrimRight(sql, "; \n")))
	if len(words) == 0 {
		return true
	}
	switch words[0] {
	case "begin", "commit", "rollback", "savepoint", "release", "start", "--": // "-- ping" by the pool
		return true
	default:
		return false
	}
}

// TraceQueryStart is for pgx.
func (s *Statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.add(data.SQL)
	return ctx
}

// TraceQueryEnd is for pgx.
func (s *Statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart is for pgx.
func (s *Statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery is for pgx: each statement of a batch counts.
func (s *Statements) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	s.add(data.SQL)
}

// TraceBatchEnd is for pgx.
func (s *Statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceCopyFromStart is for pgx: a copy counts once.
func (s *Statements) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	s.add("copy " + data.TableName.Sanitize())
	return ctx
}

// TraceCopyFromEnd is for pgx.
func (s *Statements) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}
