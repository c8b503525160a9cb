package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/payload-tracker/payload-tracker/payload"
)

func newTracer(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		provider = noop.NewTracerProvider()
	}
	return provider.Tracer("github.com/payload-tracker/payload-tracker/graph")
}

// nameSpan says in the span of ctx what is asked: its kind and name, and not
// its text, which holds what the client looks for.
func nameSpan(ctx context.Context, operation *graphql.OperationContext) {
	span := trace.SpanFromContext(ctx)
	if operation == nil || !span.IsRecording() {
		return
	}
	kind := string(operation.Operation.Operation)
	span.SetName(kind)
	span.SetAttributes(semconv.GraphQLOperationTypeKey.String(kind))
	if name := operation.Operation.Name; name != "" {
		span.SetAttributes(semconv.GraphQLOperationName(name))
	}
}

// traceOf says in the span of ctx which payload is asked for: Jaeger finds the
// trace by it.
func traceOf(ctx context.Context, id payload.RequestID) {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("request_id", id.String()))
}

// startTurn begins the span of one answer of a subscription: a trace of its
// own, since the subscription may last for days, with a link to where it began.
func (h *Handler) startTurn(ctx context.Context) (context.Context, trace.Span) {
	begun := trace.SpanFromContext(ctx).SpanContext()
	ctx, span := h.tracer.Start(ctx, "subscription", trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: begun}))
	nameSpan(ctx, graphql.GetOperationContext(ctx))
	return ctx, span
}

// endSpan ends a span with the code of its first error. Only what is no fault
// of who asks makes it a failed one.
func endSpan(span trace.Span, errs gqlerror.List) {
	if len(errs) > 0 {
		code, _ := errs[0].Extensions["code"].(string)
		span.SetAttributes(semconv.ErrorTypeKey.String(code))
		switch code {
		case string(payload.CodeInternal), string(payload.CodeUnavailable), string(payload.CodeTimeout):
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}
