package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

const (
	// journeysEvery is how often it is looked for payloads that have become final.
	journeysEvery = 10 * time.Second
	// uploadBytes are sent to the collector at once, about: it takes 4 MiB.
	uploadBytes = 1 << 20
)

// journeys exports final payloads as traces.
type journeys struct {
	store  *store.Store
	client otlptrace.Client
	log    *slog.Logger
	shared []*common.KeyValue // what each service's resource says beside its name

	traced   prometheus.Counter
	failures prometheus.Counter
}

// newJourneys is nil where JOURNEY_TRACES is off. It connects to nothing yet.
func newJourneys(c telemetryConfig, s *store.Store, log *slog.Logger, registerer prometheus.Registerer) (*journeys, error) {
	if !c.journeys {
		return nil, nil
	}
	client, err := c.newClient()
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ settings: %w", err)
	}
	given, err := parsePairs(c.resourceAttributes)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	j := &journeys{
		store: s, client: client, log: log,
		traced: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payload_tracker_journeys_traced_total", Help: "Payloads that this process exported as traces.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payload_tracker_journey_trace_failures_total", Help: "Times that payloads could not be exported as traces; they are tried again.",
		}),
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !strings.HasPrefix(name, "service.") { // those are of this process
			j.shared = append(j.shared, attributeOf(name, given[name]))
		}
	}
	registerer.MustRegister(j.traced, j.failures)
	return j, nil
}

// exportJourneys is the duty of exporting payloads as traces.
func (a *app) exportJourneys(ctx context.Context) error {
	if a.journeys == nil {
		<-ctx.Done()
		return nil
	}
	return a.journeys.keep(ctx)
}

func (j *journeys) keep(ctx context.Context) error {
	if err := j.client.Start(ctx); err != nil {
		return fmt.Errorf("export journeys: %w", err)
	}
	defer j.stop()
	away := false
	for {
		err := j.once(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			j.failures.Inc()
			if !away {
				j.log.WarnContext(ctx, "journeys cannot be exported; they wait, and are tried again", slog.Any("error", err))
			}
		case away:
			j.log.InfoContext(ctx, "journeys are exported again")
		}
		away = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(journeysEvery):
		}
	}
}

func (j *journeys) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	_ = j.client.Stop(ctx)
}

func (j *journeys) once(ctx context.Context) error {
	n, err := j.store.ExportJourneys(ctx, j.upload)
	j.traced.Add(float64(n))
	return err
}

// upload ends without an error when the collector has all of the payloads.
func (j *journeys) upload(ctx context.Context, payloads []*store.Payload) error {
	rules, err := j.store.Rules(ctx)
	if err != nil {
		return err
	}
	var spans []journeySpan
	size := 0
	flush := func() error {
		if len(spans) == 0 {
			return nil
		}
		err := j.client.UploadTraces(ctx, byService(spans, j.shared))
		spans, size = nil, 0
		return err
	}
	for _, p := range payloads {
		for _, span := range j.spans(p, &rules) {
			spans = append(spans, span)
			size += proto.Size(span.Span)
		}
		if size >= uploadBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (j *journeys) spans(p *store.Payload, rules *payload.Rules) []journeySpan {
	verdict := p.Journey.Verdict(rules, j.store.Now())
	return spansOf(p, &verdict)
}
