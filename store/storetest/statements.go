package storetest

import (
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
	list []statement
	hook func(sql string)
}

type statement struct {
	sql  string
	args []any
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
	texts := make([]string, len(s.list))
	for i, statement := range s.list {
		texts[i] = statement.sql
	}
	return texts
}

// Inlined lists them with their arguments written into the text: they can be
// explained then.
func (s *Statements) Inlined() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	texts := make([]string, len(s.list))
	for i, statement := range s.list {
		texts[i] = parameter.ReplaceAllStringFunc(statement.sql, func(name string) string {
			n, err := strconv.Atoi(name[1:])
			if err != nil || n > len(statement.args) {
				return name
			}
			return literal(statement.args[n-1])
		})
	}
	return texts
}

var parameter = regexp.MustCompile(`\$\d+`)

func literal(value any) string {
	text := fmt.Sprint(value)
	switch value := value.(type) {
	case time.Time:
		text = value.Format(time.RFC3339Nano)
	case [16]byte:
		text = hex.EncodeToString(value[:])
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// Reset starts the count again.
func (s *Statements) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

func (s *Statements) add(sql string, args ...any) {
	if frames(sql) {
		return
	}
	s.mu.Lock()
	s.list = append(s.list, statement{sql, slices.DeleteFunc(slices.Clone(args), isMode)})
	hook := s.hook
	s.mu.Unlock()
	if hook != nil {
		hook(sql)
	}
}

func isMode(arg any) bool { _, ok := arg.(pgx.QueryExecMode); return ok }

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
	s.add(data.SQL, data.Args...)
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
	s.add(data.SQL, data.Args...)
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
