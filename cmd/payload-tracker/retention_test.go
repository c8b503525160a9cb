package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
)

// produceAt sends one event of a payload and a date.
func (p *product) produceAt(id string, date time.Time) payload.RequestID {
	p.Helper()
	p.kafka.ProduceRecords(&kgo.Record{Value: fmt.Appendf(nil,
		`{"service":"ingress","request_id":%q,"org_id":"1","status":"received","date":%q}`, id, date.UTC().Format(time.RFC3339Nano))})
	read, err := payload.ParseRequestID(id)
	if err != nil {
		p.Fatal(err)
	}
	return read
}

// metric is what /metrics says of a counter or gauge without labels.
func (p *product) metric(name string) string {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), http.MethodGet, "http://127.0.0.1:"+p.env["METRICSPORT"]+"/metrics", nil)
	if err != nil {
		p.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		p.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + name + ` (.*)$`).FindSubmatch(page)
	if found == nil {
		p.Fatalf("no metric %s", name)
	}
	return string(found[1])
}

// lateEvents is what the API says.
func (p *product) lateEvents() (n int) {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.base+"/graphql", strings.NewReader(`{"query":"{ ingest { lateEvents } }"}`))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	_, text := send(p.T, request)
	var answer struct {
		Data struct{ Ingest struct{ LateEvents int } }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		p.Fatalf("%v: %s", err, text)
	}
	return answer.Data.Ingest.LateEvents
}

// A running consumer gives up what is too old, and the tool does it once.
func TestRetention(t *testing.T) {
	t.Parallel()
	p := newProduct(t, consumertest.New(t), databaseEnv(t))
	if code, out, errs := runCommand(t, p.env, "retention"); code != 0 || !strings.Contains(out, "neither RETENTION nor") {
		t.Errorf("without a retention: %d, %s%s", code, out, errs)
	}
	p.env["RETENTION"] = "10d"
	t.Cleanup(p.run())
	old := p.produceAt("11111111111111111111111111111111", time.Now().AddDate(0, 0, -20))
	young := p.produceAt("22222222222222222222222222222222", time.Now().AddDate(0, 0, -9))
	p.await(old, 1)
	p.await(young, 1)
	gone := func(id payload.RequestID) error {
		found, err := p.ask(id)
		if err == nil && found != nil {
			err = errors.New("it is there")
		}
		return err
	}
	consumertest.Wait(t, "the consumer's own look", func() error { return gone(old) })
	p.produceAt("11111111111111111111111111111111", time.Now().AddDate(0, 0, -20))
	consumertest.Wait(t, "the late event", func() error {
		if n := p.lateEvents(); n != 1 {
			return fmt.Errorf("%d late events", n)
		}
		return nil
	})
	p.await(young, 1)
	if late := p.metric("payload_tracker_events_late_total"); late != "1" {
		t.Errorf("the metric says %s", late)
	}
	p.env["RETENTION"] = "5d"
	p.command("retention")
	if err := gone(young); err != nil {
		t.Error("after the tool's look: ", err)
	}
}
