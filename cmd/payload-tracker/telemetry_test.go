package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
)

// receiver is an OTLP collector that keeps what it is sent.
type receiver struct {
	collector.UnimplementedTraceServiceServer

	mu        sync.Mutex
	list      []*span
	resources []map[string]string
	headers   []string
}

// span is one that was received.
type span struct {
	*spans.Span
	attributes map[string]string
	of         map[string]string // its resource
}

// Export is for gRPC.
func (r *receiver) Export(ctx context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	sent, _ := metadata.FromIncomingContext(ctx)
	r.keep(request, strings.Join(sent.Get("x-key"), ","))
	return &collector.ExportTraceServiceResponse{}, nil
}

// ServeHTTP is for http/protobuf.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	content, err := io.ReadAll(body)
	sent := &collector.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(content, sent)
	}
	if err != nil || request.URL.Path != "/v1/traces" {
		http.Error(w, fmt.Sprint(request.URL.Path, err), http.StatusBadRequest)
		return
	}
	r.keep(sent, request.Header.Get("X-Key"))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (r *receiver) keep(request *collector.ExportTraceServiceRequest, header string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers = append(r.headers, header)
	for _, of := range request.GetResourceSpans() {
		about := attributesOf(of.GetResource().GetAttributes())
		r.resources = append(r.resources, about)
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.list = append(r.list, &span{s, attributesOf(s.GetAttributes()), about})
			}
		}
	}
}

func attributesOf(list []*common.KeyValue) map[string]string {
	read := map[string]string{}
	for _, pair := range list {
		switch v := pair.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			read[pair.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			read[pair.GetKey()] = fmt.Sprint(v.IntValue)
		default:
			read[pair.GetKey()] = pair.GetValue().String()
		}
	}
	return read
}

// named are the spans of a name.
func (r *receiver) named(name string) []*span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.list), func(s *span) bool { return s.GetName() != name })
}

// below are the spans whose parent is s.
func (r *receiver) below(s *span, name string) []*span {
	return slices.DeleteFunc(r.named(name), func(child *span) bool {
		return !bytes.Equal(child.GetParentSpanId(), s.GetSpanId()) || !bytes.Equal(child.GetTraceId(), s.GetTraceId())
	})
}

// one is the only span of a list.
func one(t *testing.T, what string, list []*span) *span {
	t.Helper()
	if len(list) != 1 {
		t.Fatalf("%d spans %s", len(list), what)
	}
	return list[0]
}

func (s *span) check(t *testing.T, kind spans.Span_SpanKind, want map[string]string) {
	t.Helper()
	if s.GetKind() != kind {
		t.Errorf("%s has kind %s, want %s", s.GetName(), s.GetKind(), kind)
	}
	for name, value := range want {
		if s.attributes[name] != value {
			t.Errorf("%s: %s=%q, want %q", s.GetName(), name, s.attributes[name], value)
		}
	}
}

const (
	producerA = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1111111111111111-01"
	producerB = "00-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-2222222222222222-01"
	callerC   = "00-cccccccccccccccccccccccccccccccc-3333333333333333-01"

	tracedID = "11111111222233334444555555555555"
	unsaid   = "words that nobody must see in a trace"
)

func TestTraces(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{protocolHTTP, protocolGRPC} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			received := &receiver{}
			p := newProduct(t, consumertest.New(t), databaseEnv(t))
			p.env["OTEL_EXPORTER_OTLP_ENDPOINT"], p.env["OTEL_EXPORTER_OTLP_PROTOCOL"] = received.listen(t, protocol), protocol
			p.env["OTEL_EXPORTER_OTLP_HEADERS"], p.env["OTEL_RESOURCE_ATTRIBUTES"] = "x-key=a%20b", "deployment.environment.name=test"
			end := p.run()
			p.makeTraces()
			end()

			received.checkBatches(t)
			received.checkQuestion(t)
			received.checkREST(t)
			received.checkAll(t, p.env)
		})
	}
}

// listen gives the address of the receiver for a protocol.
func (r *receiver) listen(t *testing.T, protocol string) string {
	t.Helper()
	if protocol == protocolHTTP {
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		return server.URL
	}
	return listenGRPC(t, r)
}

func listenGRPC(t *testing.T, takes collector.TraceServiceServer) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, takes)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return "http://" + listener.Addr().String()
}

// makeTraces takes events in and asks for them, in all ways.
func (p *product) makeTraces() {
	p.Helper()
	p.produceTraced("received", producerA)
	p.produceTraced("processing", producerB, producerA)
	p.produceTraced("success", "")
	id, err := payload.ParseRequestID(tracedID)
	if err != nil {
		p.Fatal(err)
	}
	p.await(id, 3)

	body := `{"query":"query Where($id: RequestID!) { payload(by: {requestId: $id}) { requestId timeline(first: 5) { nodes { message } } } }","variables":{"id":"` + tracedID + `"}}`
	request, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.base+"/graphql", strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", callerC)
	request.Header.Set("X-Rh-Identity", unsaid)
	if code, text := send(p.T, request); code != http.StatusOK || strings.Contains(text, "errors") {
		p.Fatalf("%d %s", code, text)
	}
	for _, path := range []string{"/api/v1/payloads/" + tracedID, "/api/v1/statuses?page=x", "/livez"} {
		request, err := http.NewRequestWithContext(p.Context(), http.MethodGet, p.base+path, nil)
		if err != nil {
			p.Fatal(err)
		}
		send(p.T, request)
	}
}

// produceTraced sends an event once for each trace that it belongs to.
func (p *product) produceTraced(status string, traces ...string) {
	p.Helper()
	value := fmt.Sprintf(`{"service":"ingress","request_id":%q,"status":%q,"date":"2026-03-04T05:06:07Z","org_id":"700101","status_msg":%q}`, tracedID, status, unsaid)
	for _, parent := range traces {
		record := &kgo.Record{Value: []byte(value), Headers: []kgo.RecordHeader{{Key: "other", Value: []byte("x")}}}
		if parent != "" {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: "traceparent", Value: []byte(parent)})
		}
		p.kafka.ProduceRecords(record)
	}
}

func (r *receiver) checkBatches(t *testing.T) {
	t.Helper()
	batches := r.named("process platform.payload-status")
	if len(batches) == 0 {
		t.Fatal("no batch has a span")
	}
	links, events := map[string]int{}, 0
	for _, batch := range batches {
		batch.check(t, spans.Span_SPAN_KIND_CONSUMER, map[string]string{
			"messaging.system": "kafka", "messaging.operation.type": "process", "messaging.operation.name": "process",
			"messaging.destination.name": "platform.payload-status", "messaging.consumer.group.name": "payload_tracker",
		})
		if len(batch.GetParentSpanId()) > 0 {
			t.Error("a batch has a parent: it is of many producers")
		}
		one(t, "COPY below a batch", r.below(batch, "COPY payload_statuses")).check(t, spans.Span_SPAN_KIND_CLIENT, map[string]string{
			"db.system.name": "postgresql", "db.query.summary": "COPY payload_statuses",
		})
		for _, link := range batch.GetLinks() {
			links[hex.EncodeToString(link.GetTraceId())+hex.EncodeToString(link.GetSpanId())]++
		}
		n := 0
		_, _ = fmt.Sscan(batch.attributes["payload_tracker.events.stored"], &n)
		events += n
	}
	a, b := strings.ReplaceAll(producerA[3:52], "-", ""), strings.ReplaceAll(producerB[3:52], "-", "")
	if events != 3 || links[a] == 0 || links[b] == 0 || len(links) != 2 {
		t.Errorf("%d events, links %v", events, links)
	}
}

func (r *receiver) checkQuestion(t *testing.T) {
	t.Helper()
	var asked *span
	for _, s := range r.named("POST /graphql") {
		if hex.EncodeToString(s.GetTraceId()) == callerC[3:35] {
			asked = s
		}
	}
	if asked == nil || hex.EncodeToString(asked.GetParentSpanId()) != callerC[36:52] {
		t.Fatalf("the question is not below its caller: %v", asked)
	}
	asked.check(t, spans.Span_SPAN_KIND_SERVER, map[string]string{
		"http.request.method": "POST", "http.route": "/graphql", "http.response.status_code": "200", "url.path": "/graphql", "url.scheme": "http",
	})
	operation := one(t, "query below the request", r.below(asked, "query"))
	operation.check(t, spans.Span_SPAN_KIND_INTERNAL, map[string]string{
		"graphql.operation.type": "query", "graphql.operation.name": "Where", "request_id": tracedID,
	})
	statement := one(t, "SELECT of the payload", r.below(operation, "SELECT payloads"))
	statement.check(t, spans.Span_SPAN_KIND_CLIENT, map[string]string{"db.system.name": "postgresql", "db.query.summary": "SELECT payloads"})
	if text := statement.attributes["db.query.text"]; !strings.HasPrefix(text, "SELECT ") || !strings.Contains(text, "$1") {
		t.Errorf("statement %q", text)
	}
}

func (r *receiver) checkREST(t *testing.T) {
	t.Helper()
	route := "/api/v1/payloads/{request_id}"
	one(t, "of the REST route", r.named("GET "+route)).check(t, spans.Span_SPAN_KIND_SERVER, map[string]string{
		"http.route": route, "http.response.status_code": "200", "request_id": tracedID,
	})
	wrong := one(t, "of the wrong request", r.named("GET /api/v1/statuses"))
	wrong.check(t, spans.Span_SPAN_KIND_SERVER, map[string]string{"http.response.status_code": "400"})
	if wrong.GetStatus().GetCode() == spans.Status_STATUS_CODE_ERROR {
		t.Error("a client's fault is shown as the server's")
	}
}

// checkAll: nobody's traces but those that were asked for, and nothing secret in them.
func (r *receiver) checkAll(t *testing.T, env map[string]string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.list {
		if s.GetKind() == spans.Span_SPAN_KIND_CLIENT && len(s.GetParentSpanId()) == 0 {
			t.Errorf("%s is a trace of its own", s.GetName())
		}
		if strings.Contains(s.GetName(), "livez") {
			t.Error("probes are traced")
		}
		text := s.String()
		for _, secret := range []string{unsaid, cmp.Or(env["DB_PASSWORD"], unsaid), "700101"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q stands in %s", secret, text)
			}
		}
		if strings.Contains(s.attributes["db.query.text"], "1111") {
			t.Errorf("a value stands in %s", s.attributes["db.query.text"])
		}
	}
	for i, about := range r.resources {
		if about["service.name"] != "payload-tracker" || about["deployment.environment.name"] != "test" || about["service.version"] == "" {
			t.Errorf("resource %v", about)
		}
		if r.headers[i] != "a b" {
			t.Errorf("header %q", r.headers[i])
		}
	}
}

func TestNoTracesByDefault(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
	} {
		c, err := readConfig(from(env))
		if err != nil {
			t.Fatal(err)
		}
		made, err := newTraces(t.Context(), c.traces, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if _, span := made.Tracer("x").Start(t.Context(), "x"); made.sdk != nil || span.IsRecording() {
			t.Errorf("%v makes traces", env)
		}
	}
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_TRACES_SAMPLER": "some",
		"OTEL_TRACES_SAMPLER_ARG": "NaN", "OTEL_RESOURCE_ATTRIBUTES": "x", "OTEL_EXPORTER_OTLP_HEADERS": "a=%zz",
	} {
		if _, err := readConfig(from(map[string]string{name: value})); err == nil || !strings.HasPrefix(err.Error(), name) || strings.Contains(err.Error(), "%zz") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func TestACollectorThatIsAwayIsSaidOnce(t *testing.T) {
	t.Parallel()
	var logs lockedBuffer
	registry := prometheus.NewRegistry()
	made, err := newTraces(t.Context(), telemetryConfig{endpoint: "http://127.0.0.1:1", protocol: protocolHTTP},
		slog.New(slog.NewJSONHandler(&logs, nil)), registry)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, span := made.Tracer("x").Start(t.Context(), "x")
		span.End()
		ctx, cancel := context.WithTimeout(t.Context(), flushTime)
		_ = made.sdk.ForceFlush(ctx)
		cancel()
	}
	made.close(t.Context())
	if n := strings.Count(logs.String(), "traces cannot be sent"); n != 1 {
		t.Errorf("said %d times: %s", n, logs.String())
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetCounter().GetValue() != 2 {
		t.Errorf("%v %v", families, err)
	}
}

func TestLogsSayTheTrace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(withTrace{slog.NewJSONHandler(&out, nil)}).With(slog.String("topic", "x"))
	of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	log.WarnContext(trace.ContextWithSpanContext(t.Context(), of), "in a trace")
	log.WarnContext(t.Context(), "in none")
	var lines []map[string]any
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if len(lines) != 2 || lines[0]["trace_id"] != of.TraceID().String() || lines[0]["span_id"] != of.SpanID().String() || lines[0]["topic"] != "x" || lines[1]["trace_id"] != nil {
		t.Errorf("%v", lines)
	}
}
