package consumer

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/payload-tracker/payload-tracker/store"
)

// mostLinks is how many producers' traces the span of a batch leads to: those
// of the first records that carry one.
const mostLinks = 16

const (
	headerTrace = "traceparent"
	traceIDEnd  = len("00-0af7651916cd43dd8448eb211c80319c")
)

// tracer makes a span of each batch. An event costs it a look for a header,
// and only while a batch has room for links; nothing when traces are off.
type tracer struct {
	trace.Tracer
	on bool
}

func newTracer(provider trace.TracerProvider) tracer {
	_, off := provider.(noop.TracerProvider)
	if provider == nil || off {
		return tracer{noop.Tracer{}, false}
	}
	return tracer{provider.Tracer("github.com/payload-tracker/payload-tracker/consumer"), true}
}

// linksOf are the traces that records say they belong to, each once.
func (t tracer) linksOf(records []*kgo.Record) []trace.Link {
	if !t.on {
		return nil
	}
	var links []trace.Link
	seen := map[string]bool{}
	for _, r := range records {
		header := headerOf(r, headerTrace)
		if len(header) < traceIDEnd || seen[string(header[:traceIDEnd])] {
			continue
		}
		seen[string(header[:traceIDEnd])] = true
		carrier := propagation.MapCarrier{headerTrace: string(header)}
		of := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier)) //nolint:forbidigo // a parser whose only input is the carrier
		if !of.IsValid() {
			continue
		}
		if links = append(links, trace.Link{SpanContext: of}); len(links) == mostLinks {
			break
		}
	}
	return links
}

func headerOf(r *kgo.Record, name string) []byte {
	for i := range r.Headers {
		if r.Headers[i].Key == name {
			return r.Headers[i].Value
		}
	}
	return nil
}

// start begins the span of a batch.
func (t tracer) start(ctx context.Context, config *Config, b *batch) (context.Context, trace.Span) {
	if !t.on {
		return ctx, noop.Span{}
	}
	return t.Start(ctx, "process "+config.Topic, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(b.links...), trace.WithAttributes(
		semconv.MessagingSystemKafka, semconv.MessagingOperationTypeProcess, semconv.MessagingOperationName("process"),
		semconv.MessagingDestinationName(config.Topic), semconv.MessagingConsumerGroupName(config.Group),
		semconv.MessagingBatchMessageCount(b.rows), attribute.Int("payload_tracker.batch.bytes", b.bytes),
	))
}

// failed says that an attempt to store the batch came to nothing.
func failed(ctx context.Context, reason string) {
	trace.SpanFromContext(ctx).AddEvent("attempt failed", trace.WithAttributes(attribute.String("reason", reason)))
}

// outcome says what became of the batch.
func outcome(ctx context.Context, result store.Result, live []*stretch) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	letters := 0
	for _, st := range live {
		letters += len(st.letters)
	}
	span.SetAttributes(
		attribute.Int("payload_tracker.events.stored", result.Stored), attribute.Int("payload_tracker.events.repeated", result.Repeated),
		attribute.Int("payload_tracker.events.late", result.Late),
		attribute.Int("payload_tracker.dead_letters", letters), attribute.Int("payload_tracker.partitions.lost", len(result.Lost)),
	)
}

// end ends the span of a batch that was stored, or abandoned.
func end(span trace.Span, stored bool) {
	if !stored {
		span.SetStatus(codes.Error, "abandoned: it will be read again")
	}
	span.End()
}
