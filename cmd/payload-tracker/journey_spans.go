package main

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// journeySpan is a span and the service that has it.
type journeySpan struct {
	service string
	*otlp.Span
}

// spansOf is a payload's journey as one trace, whose id is the request id: a span a stage, below the one of the
// service that the payload came from. The same journey gives the same spans. A request id of zeros is no trace's id.
func spansOf(p *store.Payload, verdict *payload.Verdict) []journeySpan {
	if p.RequestID == (payload.RequestID{}) {
		return nil
	}
	stages := p.Journey.Stages() // by their first event
	first, from := map[string]int{}, map[string]string{}
	for i := range stages {
		if _, begun := first[stages[i].Service]; !begun {
			first[stages[i].Service] = i
		}
	}
	retried := map[payload.StageName]bool{}
	for _, passage := range p.Journey.AppendPassages(nil) {
		if passage.Whole {
			from[passage.Service] = passage.From
		}
		if passage.Stage {
			retried[payload.StageName{Service: passage.Service, Source: passage.Source}] = passage.Retried
		}
	}
	spans := make([]journeySpan, len(stages))
	for i := range stages {
		s := &stages[i]
		span := spanOf(p, s)
		if head := first[s.Service]; head != i {
			span.ParentSpanId = spanID(p, &stages[head])
		} else if before, ok := first[from[s.Service]]; ok {
			span.ParentSpanId = spanID(p, &stages[before])
		} else {
			span.Attributes = append(span.Attributes, attributeOf("payload_tracker.verdict", string(verdict.State)), attributeOf("payload_tracker.verdict.sentence", verdict.Sentence))
		}
		if retried[payload.StageName{Service: s.Service, Source: s.Source}] {
			span.Attributes = append(span.Attributes, &common.KeyValue{Key: "payload_tracker.retried", Value: &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: true}}})
		}
		spans[i] = journeySpan{s.Service, span}
	}
	return spans
}

func spanOf(p *store.Payload, s *payload.Stage) *otlp.Span {
	span := &otlp.Span{
		TraceId: slices.Clone(p.RequestID[:]), SpanId: spanID(p, s), Kind: otlp.Span_SPAN_KIND_CONSUMER,
		Name: cmp.Or(s.Source, "payload"), StartTimeUnixNano: nanos(s.StartedAt), EndTimeUnixNano: nanos(s.EndedAt),
		Attributes: []*common.KeyValue{
			attributeOf("request_id", p.RequestID.String()), attributeOf("payload_tracker.state", string(s.State)), texts("payload_tracker.statuses", s.Words),
		},
	}
	if p.OrgID != "" {
		span.Attributes = append(span.Attributes, attributeOf("org_id", p.OrgID))
	}
	switch f := s.Failure; {
	case f != nil:
		span.Status = &otlp.Status{Code: otlp.Status_STATUS_CODE_ERROR, Message: cmp.Or(f.Message, f.Status)}
		span.Attributes = append(span.Attributes, attributeOf("error.type", f.Status), attributeOf("payload_tracker.fingerprint", f.Fingerprint.String()))
		span.Events = []*otlp.Span_Event{{TimeUnixNano: nanos(f.At), Name: f.Status}}
	case s.State == payload.StageSucceeded:
		span.Status = &otlp.Status{Code: otlp.Status_STATUS_CODE_OK}
	}
	return span
}

// spanID is the stage's alone within its payload, and always the same.
func spanID(p *store.Payload, s *payload.Stage) []byte {
	sum := sha256.Sum256([]byte(p.RequestID.String() + "\x00" + s.Service + "\x00" + s.Source))
	return sum[:8]
}

func nanos(t time.Time) uint64 { return uint64(t.UnixNano()) }

func attributeOf(name, value string) *common.KeyValue {
	return &common.KeyValue{Key: name, Value: textValue(value)}
}

func textValue(value string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}
}

func texts(name string, values []string) *common.KeyValue {
	list := &common.ArrayValue{}
	for _, value := range values {
		list.Values = append(list.Values, textValue(value))
	}
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}}
}

// byService gives spans to the resources that have them, each service being one.
func byService(spans []journeySpan, shared []*common.KeyValue) []*otlp.ResourceSpans {
	var list []*otlp.ResourceSpans
	known := map[string]*otlp.ScopeSpans{}
	for _, span := range spans {
		scope := known[span.service]
		if scope == nil {
			scope = &otlp.ScopeSpans{Scope: &common.InstrumentationScope{Name: "payload-tracker", Version: versionText()}}
			known[span.service] = scope
			list = append(list, &otlp.ResourceSpans{
				Resource:   &resource.Resource{Attributes: append(slices.Clone(shared), attributeOf("service.name", span.service))},
				ScopeSpans: []*otlp.ScopeSpans{scope},
			})
		}
		scope.Spans = append(scope.Spans, span.Span)
	}
	return list
}
