package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// telemetryConfig is where traces go, by the variables that OpenTelemetry has for all programs. Those that are not
// here (certificates, timeouts, sizes of queues) its SDK reads by itself.
type telemetryConfig struct {
	disabled, journeys              bool
	exporter                        string
	endpoint, tracesEndpoint        string
	protocol, headers               string
	serviceName, resourceAttributes string
	sampler                         string
	samplerArg                      float64
}

const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// enabled tells whether there is anywhere to send traces to.
func (c telemetryConfig) enabled() bool {
	return !c.disabled && c.exporter != "none" && (c.endpoint != "" || c.tracesEndpoint != "")
}

func (c telemetryConfig) check() error {
	if c.journeys && !c.enabled() {
		return errors.New("JOURNEY_TRACES=on: OTEL_EXPORTER_OTLP_ENDPOINT must say where to")
	}
	return nil
}

// traces are the spans of the process on their way out.
type traces struct {
	trace.TracerProvider
	sdk *sdktrace.TracerProvider // nil: they are off
}

// newTraces connects to nothing yet: a collector that is away costs its spans and no more.
func newTraces(ctx context.Context, c telemetryConfig, log *slog.Logger, registerer prometheus.Registerer) (traces, error) {
	if !c.enabled() {
		return traces{TracerProvider: noop.NewTracerProvider()}, nil
	}
	exporter, err := c.newExporter(ctx)
	if err != nil {
		return traces{}, fmt.Errorf("OTEL_EXPORTER_OTLP_ settings: %w", err)
	}
	about, err := c.resource(ctx)
	if err != nil {
		return traces{}, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	sdk := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(newTolerant(exporter, log, registerer)),
		sdktrace.WithResource(about),
		sdktrace.WithSampler(c.newSampler()),
	)
	return traces{TracerProvider: sdk, sdk: sdk}, nil
}

func (c telemetryConfig) newExporter(ctx context.Context) (sdktrace.SpanExporter, error) {
	client, err := c.newClient()
	if err != nil {
		return nil, err
	}
	return otlptrace.New(ctx, client)
}

func (c telemetryConfig) newClient() (otlptrace.Client, error) {
	headers, err := parsePairs(c.headers)
	if err != nil {
		return nil, err
	}
	if c.protocol == protocolGRPC {
		return otlptracegrpc.NewClient(
			otlptracegrpc.WithEndpointURL(cmp.Or(c.tracesEndpoint, c.endpoint)), otlptracegrpc.WithHeaders(headers)), nil
	}
	address := c.tracesEndpoint
	if address == "" {
		address = strings.TrimSuffix(c.endpoint, "/") + "/v1/traces"
	}
	return otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(address), otlptracehttp.WithHeaders(headers)), nil
}

// resource says who makes the spans.
func (c telemetryConfig) resource(ctx context.Context) (*resource.Resource, error) {
	given, err := parsePairs(c.resourceAttributes)
	if err != nil {
		return nil, err
	}
	attributes := []attribute.KeyValue{semconv.ServiceName("payload-tracker"), semconv.ServiceVersion(versionText())}
	for name, value := range given {
		attributes = append(attributes, attribute.String(name, value))
	}
	if c.serviceName != "" {
		attributes = append(attributes, semconv.ServiceName(c.serviceName))
	}
	return resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(), resource.WithAttributes(attributes...))
}

// samplers are those of the specification, by their names there.
var samplers = []string{"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"}

func (c telemetryConfig) newSampler() sdktrace.Sampler {
	name, parentBased := strings.CutPrefix(c.sampler, "parentbased_")
	var root sdktrace.Sampler
	switch name {
	case "always_off":
		root = sdktrace.NeverSample()
	case "traceidratio":
		root = sdktrace.TraceIDRatioBased(c.samplerArg)
	default:
		root = sdktrace.AlwaysSample()
	}
	if parentBased {
		return sdktrace.ParentBased(root)
	}
	return root
}

// flushTime is how long the last spans are waited for at the end.
const flushTime = 2 * time.Second

func (t traces) close(ctx context.Context) {
	if t.sdk == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	_ = t.sdk.Shutdown(ctx) // tolerant has said it
}

// tolerant exports spans, and says in the log when the collector goes away and when it is back.
type tolerant struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	away atomic.Bool
	lost prometheus.Counter
}

func newTolerant(exporter sdktrace.SpanExporter, log *slog.Logger, registerer prometheus.Registerer) *tolerant {
	t := &tolerant{SpanExporter: exporter, log: log, lost: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "payload_tracker_spans_lost_total", Help: "Spans that the collector did not take.",
	})}
	registerer.MustRegister(t.lost)
	return t
}

// ExportSpans never fails: what is lost is counted.
func (t *tolerant) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := t.SpanExporter.ExportSpans(ctx, spans)
	if err != nil {
		t.lost.Add(float64(len(spans)))
	}
	switch was := t.away.Swap(err != nil); {
	case err != nil && !was:
		said, _, _ := strings.Cut(err.Error(), " (body: ") // who answers may repeat what it was sent, the headers too
		t.log.WarnContext(ctx, "traces cannot be sent; they are dropped until the collector takes them", slog.String("error", said))
	case err == nil && was:
		t.log.InfoContext(ctx, "traces are sent again")
	}
	return nil
}

// withTrace adds to what is logged the trace that it belongs to.
type withTrace struct{ slog.Handler }

// Handle is for slog.
func (h withTrace) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs is for slog.
func (h withTrace) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withTrace{h.Handler.WithAttrs(attrs)}
}

// WithGroup is for slog.
func (h withTrace) WithGroup(name string) slog.Handler { return withTrace{h.Handler.WithGroup(name)} }

// The kinds of settings that only telemetry has.

func endpointURL(field *string) func(string) error {
	return func(value string) error {
		if address, err := url.Parse(value); value != "" && (err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https") {
			return errors.New("must be an address that begins with http:// or https://")
		}
		*field = value
		return nil
	}
}

func ratio(field *float64) func(string) error {
	return func(value string) error {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n >= 0 && n <= 1) {
			return errors.New("must be a number from 0 to 1")
		}
		*field = n
		return nil
	}
}

func pairs(field *string) func(string) error {
	return func(value string) error {
		*field = value
		_, err := parsePairs(value)
		return err
	}
}

// parsePairs reads name=value with commas between, as W3C Baggage writes it.
func parsePairs(text string) (map[string]string, error) {
	read := map[string]string{}
	for _, part := range split(text) {
		name, value, found := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || name == "" || err != nil {
			return nil, errors.New("must be name=value with commas between, other signs as %XX")
		}
		read[name] = decoded
	}
	return read, nil
}
