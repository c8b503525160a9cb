package store

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// spans makes a span of each statement that is asked for by something which is
// traced itself: what this process asks for its own sake (pings, folds) makes
// no traces. The span says the statement and never a value of it.
type spans struct{}

// tracerOf is spans, and beside it the tracer that the settings name.
func tracerOf(other pgx.QueryTracer) pgx.QueryTracer {
	if other == nil {
		return spans{}
	}
	return multitracer.New(spans{}, other)
}

const scopeName = "github.com/payload-tracker/payload-tracker/store"

// begin makes the span of a statement, below the one of ctx; none where that
// is not recorded.
func (spans) begin(ctx context.Context, conn *pgx.Conn, sql string) context.Context {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx
	}
	text := withoutValues(sql)
	summary := summaryOf(text)
	config := conn.Config()
	ctx, _ = parent.TracerProvider().Tracer(scopeName).Start(ctx, summary, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.DBSystemNamePostgreSQL, semconv.DBNamespace(config.Database),
		semconv.DBQueryText(text), semconv.DBQuerySummary(summary),
		semconv.ServerAddress(config.Host), semconv.ServerPort(int(config.Port)),
	))
	return context.WithValue(ctx, spanKey{}, true)
}

// spanKey marks a context whose span is a statement's: not all have one.
type spanKey struct{}

func (spans) end(ctx context.Context, err error) {
	if ctx.Value(spanKey{}) == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if err != nil {
		// The database's own words may quote values.
		span.SetStatus(codes.Error, "")
		span.SetAttributes(errorAttributes(err)...)
	}
	span.End()
}

func errorAttributes(err error) []attribute.KeyValue {
	state := sqlState(err)
	switch {
	case state != "":
		return []attribute.KeyValue{semconv.ErrorTypeKey.String(state), semconv.DBResponseStatusCode(state)}
	case errors.Is(err, context.Canceled):
		return []attribute.KeyValue{semconv.ErrorTypeKey.String("canceled")}
	case errors.Is(err, context.DeadlineExceeded):
		return []attribute.KeyValue{semconv.ErrorTypeKey.String("timeout")}
	default:
		return []attribute.KeyValue{semconv.ErrorTypeOther}
	}
}

// TraceQueryStart is for pgx.
func (s spans) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return s.begin(ctx, conn, data.SQL)
}

// TraceQueryEnd is for pgx.
func (s spans) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	s.end(ctx, data.Err)
}

// TraceBatchStart is for pgx: statements that go out together are one span.
func (s spans) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	texts := make([]string, len(data.Batch.QueuedQueries))
	for i, query := range data.Batch.QueuedQueries {
		texts[i] = query.SQL
	}
	return s.begin(ctx, conn, strings.Join(texts, "; "))
}

// TraceBatchQuery is for pgx.
func (spans) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is for pgx.
func (s spans) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	s.end(ctx, data.Err)
}

// literal is what of a statement may be a value, or is none and would look
// like one: strings of all kinds, numbers, quoted and plain names, parameters,
// comments.
var literal = regexp.MustCompile(`(?s)` + strings.Join([]string{
	`[eE]'(?:[^'\\]|\\.|'')*'`,
	`[bBxXnN]?'(?:[^']|'')*'`,
	`"(?:[^"]|"")*"`,
	`\$\d+`, `\$\$.*?\$\$`,
	`[\pL_][\pL\d_$]*`,
	`\.?\d(?:[eE][+-]\d|[\w.])*`,
	`--[^\n]*`, `/\*.*?\*/`,
}, "|"))

// dayTableName is a day's partition: which one is a value, too.
var dayTableName = regexp.MustCompile(`\b` + allDays + `_\d{8}\b`)

var (
	valueList = regexp.MustCompile(`\?(?:, ?\?)+`)
	rowList   = regexp.MustCompile(`\(\?\)(?:, ?\(\?\))+`)
)

const maxStatement = 2000

// withoutValues is a statement with ? in place of each value, and of each
// list of them.
func withoutValues(sql string) string {
	const margin = 10 * maxStatement // of lists that become one sign
	if len(sql) > margin {
		sql = sql[:strings.LastIndexByte(sql[:margin], ' ')+1]
	}
	text := literal.ReplaceAllStringFunc(sql, func(part string) string {
		switch c := part[0]; {
		case strings.HasPrefix(part, "--"), strings.HasPrefix(part, "/*"):
			return " "
		case strings.HasSuffix(part, "'"), strings.HasSuffix(part, "$$"), c == '.', '0' <= c && c <= '9':
			return "?"
		}
		return part
	})
	// A string that was cut off has no end: nothing after its start is kept.
	if start := strings.IndexByte(text, '\''); start >= 0 {
		text = text[:start] + "?"
	}
	text = strings.Join(strings.Fields(dayTableName.ReplaceAllString(text, allDays)), " ")
	text = rowList.ReplaceAllString(valueList.ReplaceAllString(text, "?"), "(?)")
	if len(text) > maxStatement {
		text = strings.ToValidUTF8(text[:maxStatement], "") + "…"
	}
	return text
}

var target = regexp.MustCompile(`(?i)\b(?:from|into|update|join|copy) (?:only )?"?([a-z_][a-z_0-9]*)`)

// summaryOf is a statement's verb and the first table that it names.
func summaryOf(text string) string {
	verb, _, _ := strings.Cut(text, " ")
	summary := strings.ToUpper(strings.TrimRight(verb, ";"))
	if found := target.FindStringSubmatch(text); found != nil {
		summary += " " + found[1]
	}
	return summary
}
