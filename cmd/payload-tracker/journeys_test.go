package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// journal is a store with a clock, whose journeys are exported.
type journal struct {
	*testing.T
	*store.Store
	clock atomic.Int64
	next  int64
}

func newJournal(t *testing.T) *journal {
	t.Helper()
	j := &journal{T: t}
	j.clock.Store(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC).UnixMicro())
	j.Store = storetest.New(t, func(c *store.Config) { c.Now = func() time.Time { return time.UnixMicro(j.clock.Load()) } })
	if _, err := j.InitPosition(t.Context(), "g", "t", [16]byte{1}, 0, 0); err != nil {
		t.Fatal(err)
	}
	return j
}

func (j *journal) wait(d time.Duration) { j.clock.Add(d.Microseconds()) }

func (j *journal) feed(events ...payload.Event) {
	j.Helper()
	to := j.next + int64(len(events))
	_, err := j.Ingest(j.Context(), store.Batch{Group: "g", Parts: []store.Part{{Topic: "t", TopicID: [16]byte{1}, From: j.next, To: to, Events: events}}})
	if err != nil {
		j.Fatal(err)
	}
	j.next = to
}

// event happens so long after the journal's now.
func (j *journal) event(id, service, source, word string, after time.Duration) payload.Event {
	j.Helper()
	read, err := payload.ParseRequestID(id)
	if err != nil {
		j.Fatal(err)
	}
	return payload.Event{
		RequestID: read, Service: service, Source: source, Status: word, OrgID: "700101", Message: service + " says " + word,
		Date: j.Now().Add(after),
	}
}

func (j *journal) exporter(endpoint, protocol string, logs io.Writer) *journeys {
	j.Helper()
	made, err := newJourneys(telemetryConfig{
		journeys: true, endpoint: endpoint, protocol: protocol, resourceAttributes: "deployment.environment.name=test,service.version=1",
	}, j.Store, slog.New(slog.NewTextHandler(logs, nil)), prometheus.NewRegistry())
	if err != nil {
		j.Fatal(err)
	}
	return made
}

// exports are as after a restart each.
func (j *journal) exports(endpoint, protocol string) error {
	j.Helper()
	made := j.exporter(endpoint, protocol, io.Discard)
	if err := made.client.Start(j.Context()); err != nil {
		j.Fatal(err)
	}
	defer made.stop()
	return made.once(j.Context())
}

const failedID, goodID = "aaaaaaaa111122223333444444444444", "bbbbbbbb111122223333444444444444"

func TestJourneysAsTraces(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{protocolHTTP, protocolGRPC} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			j, received := newJournal(t), &receiver{}
			address := received.listen(t, protocol)
			if err := j.exports(address, protocol); err != nil {
				t.Fatal(err)
			}
			j.wait(time.Second)
			begun := j.Now()
			j.feed(
				j.event(failedID, "ingress", "", "received", 0), j.event(failedID, "ingress", "", "success", time.Second),
				j.event(failedID, "puptoo", "", "error", 2*time.Second), j.event(failedID, "puptoo", "", "received", 3*time.Second),
				j.event(failedID, "puptoo", "", "success", 4*time.Second),
				j.event(failedID, "inventory", "", "received", 5*time.Second), j.event(failedID, "inventory", "inventory-mq", "error", 7*time.Second),
				j.event(goodID, "ingress", "", "success", time.Second),
				j.event("cccccccc111122223333444444444444", "ingress", "", "received", 0), // not final
				j.event(strings.Repeat("0", 32), "ingress", "", "success", 0),             // no trace may have this id
			)
			j.wait(10 * time.Minute)
			for range 2 {
				if err := j.exports(address, protocol); err != nil {
					t.Fatal(err)
				}
			}
			received.checkJourney(t, begun)
			if all := append(received.named("payload"), received.named("inventory-mq")...); len(all) != 5 {
				t.Errorf("%d spans", len(all))
			}
		})
	}
}

// checkJourney is of the failed one.
func (r *receiver) checkJourney(t *testing.T, begun time.Time) {
	t.Helper()
	of := func(service, name string) *span {
		t.Helper()
		return one(t, service+" "+name, slices.DeleteFunc(r.named(name), func(s *span) bool {
			return s.of["service.name"] != service || fmt.Sprintf("%x", s.GetTraceId()) != failedID
		}))
	}
	ingress, puptoo, inventory, queue := of("ingress", "payload"), of("puptoo", "payload"), of("inventory", "payload"), of("inventory", "inventory-mq")
	for child, parent := range map[*span][]byte{ingress: nil, puptoo: ingress.GetSpanId(), inventory: puptoo.GetSpanId(), queue: inventory.GetSpanId()} {
		if !bytes.Equal(child.GetParentSpanId(), parent) || len(child.GetSpanId()) != 8 {
			t.Errorf("%s %s is below %x, want %x", child.of["service.name"], child.GetName(), child.GetParentSpanId(), parent)
		}
		child.check(t, spans.Span_SPAN_KIND_CONSUMER, map[string]string{"request_id": failedID, "org_id": "700101"})
		if child.of["deployment.environment.name"] != "test" || child.of["service.version"] != "" {
			t.Errorf("resource %v", child.of)
		}
	}
	ingress.check(t, spans.Span_SPAN_KIND_CONSUMER, map[string]string{
		"payload_tracker.state": "SUCCEEDED", "payload_tracker.verdict": "FAILED",
		"payload_tracker.verdict.sentence": "failed in inventory after 2 services: inventory says error",
	})
	puptoo.check(t, spans.Span_SPAN_KIND_CONSUMER, map[string]string{"payload_tracker.state": "SUCCEEDED", "payload_tracker.verdict": "", "payload_tracker.retried": "bool_value:true"})
	queue.check(t, spans.Span_SPAN_KIND_CONSUMER, map[string]string{
		"payload_tracker.state": "FAILED", "error.type": "error",
		"payload_tracker.fingerprint": payload.FingerprintOf("inventory", "inventory-mq", "inventory says error").String(),
	})
	if s := queue.GetStatus(); s.GetCode() != spans.Status_STATUS_CODE_ERROR || s.GetMessage() != "inventory says error" || len(queue.GetEvents()) != 1 {
		t.Errorf("%v, events %v", s, queue.GetEvents())
	}
	if ingress.GetStatus().GetCode() != spans.Status_STATUS_CODE_OK || inventory.GetStatus().GetCode() != spans.Status_STATUS_CODE_UNSET {
		t.Errorf("%v, %v", ingress.GetStatus(), inventory.GetStatus())
	}
	if ingress.GetStartTimeUnixNano() != uint64(begun.UnixNano()) || puptoo.GetEndTimeUnixNano() != uint64(begun.Add(4*time.Second).UnixNano()) {
		t.Errorf("from %d to %d", ingress.GetStartTimeUnixNano(), puptoo.GetEndTimeUnixNano())
	}
}

// away is a collector that takes nothing at first.
type away struct {
	receiver
	refuse atomic.Bool
}

// Export is for gRPC.
func (a *away) Export(ctx context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	if a.refuse.Load() {
		return nil, status.Error(codes.PermissionDenied, "not now")
	}
	return a.receiver.Export(ctx, request)
}

// Journeys wait for a collector that does not take them, and large ones go in
// parts that it takes.
func TestJourneysWaitForTheCollector(t *testing.T) {
	t.Parallel()
	j, received := newJournal(t), &away{}
	address := listenGRPC(t, received)
	if err := j.exports(address, protocolGRPC); err != nil {
		t.Fatal(err)
	}
	j.wait(time.Second)
	const many = 60
	for n := range many {
		var events []payload.Event
		for stage := range 120 {
			e := j.event(fmt.Sprintf("dddddddd11112222333344444444%04d", n), fmt.Sprintf("service-%d", stage), "", "error", 0)
			e.Message = strings.Repeat("m", 1024)
			events = append(events, e)
		}
		j.feed(events...)
	}
	j.wait(10 * time.Minute)
	received.refuse.Store(true)
	if err := j.exports(address, protocolGRPC); err == nil || !strings.Contains(err.Error(), "not now") {
		t.Errorf("says %v", err)
	}
	received.refuse.Store(false)
	if err := j.exports(address, protocolGRPC); err != nil {
		t.Fatal(err)
	}
	if n := len(received.named("payload")); n != many*120 {
		t.Errorf("%d spans, want %d", n, many*120)
	}
}

// A process says once that the collector is away, ends at once when it is told
// to, and what it could not send another sends.
func TestAProcessKeepsExporting(t *testing.T) {
	t.Parallel()
	j, received := newJournal(t), &away{}
	address := listenGRPC(t, received)
	if err := j.exports(address, protocolGRPC); err != nil {
		t.Fatal(err)
	}
	j.wait(time.Second)
	j.feed(j.event(goodID, "ingress", "", "success", 0))
	j.wait(10 * time.Minute)
	for _, refuse := range []bool{true, false} {
		received.refuse.Store(refuse)
		var logs lockedBuffer
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- j.exporter(address, protocolGRPC, &logs).keep(ctx) }()
		consumertest.Wait(t, "the first look", func() error {
			if refuse && !strings.Contains(logs.String(), "journeys cannot be exported") || !refuse && len(received.named("payload")) != 1 {
				return fmt.Errorf("%d spans, log %q", len(received.named("payload")), logs.String())
			}
			return nil
		})
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestJourneyTracesNeedACollector(t *testing.T) {
	t.Parallel()
	if _, err := readConfig(from(map[string]string{"JOURNEY_TRACES": "on"})); err == nil || !strings.HasPrefix(err.Error(), "JOURNEY_TRACES=on: ") {
		t.Error(err)
	}
	if _, err := readConfig(from(map[string]string{"JOURNEY_TRACES": "on", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"})); err != nil {
		t.Error(err)
	}
}
