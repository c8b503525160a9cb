package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/payload/sample"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// product is the whole of it, as its users meet it: the commands, Kafka in front, HTTP behind.
type product struct {
	*testing.T
	kafka *consumertest.Kafka
	env   map[string]string
	base  string
}

// startProduct migrates an empty database, applies the default rules with these hand-overs, and runs `run` until the
// test ends.
func startProduct(t *testing.T, handovers ...payload.Handover) *product {
	t.Helper()
	p := newProduct(t, consumertest.New(t), databaseEnv(t), handovers...)
	t.Cleanup(p.run())
	return p
}

// run runs `run`, waits until it is ready, and gives what ends it.
func (p *product) run() (end func()) {
	p.Helper()
	return p.runInto(&lockedBuffer{})
}

// runInto does so and says into out what the process says.
func (p *product) runInto(out *lockedBuffer) (end func()) {
	p.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- dispatch(ctx, streams{env: from(p.env), out: out, err: out}, []string{"run"}) }()
	p.awaitReady()
	return func() {
		cancel()
		if code := <-ended; code != 0 {
			p.Errorf("run ended with %d:\n%s", code, out.String())
		}
	}
}

// newProduct has a database with its schema and rules, and runs nothing yet.
func newProduct(t *testing.T, kafka *consumertest.Kafka, env map[string]string, handovers ...payload.Handover) *product {
	t.Helper()
	p := &product{T: t, kafka: kafka, env: env}
	port := freePort(t)
	p.base = "http://127.0.0.1:" + port
	p.env["PUBLICPORT"], p.env["METRICSPORT"] = port, freePort(t)
	p.env["KAFKA_BOOTSTRAP_SERVERS"], p.env["KAFKA_AUTO_OFFSET_RESET"] = p.kafka.Addr(), "earliest"
	p.env["SHUTDOWN_DELAY"] = "0"
	p.env["RULES_HANDOVERS"] = joinHandovers(handovers)
	p.command("migrate", "up")
	p.command("rules", "apply")
	return p
}

func (p *product) awaitReady() {
	p.Helper()
	consumertest.Wait(p.T, "ready", func() error {
		request, err := http.NewRequestWithContext(p.Context(), http.MethodGet, p.base+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return errors.New(answer.Status)
		}
		return nil
	})
}

// databaseEnv is an empty database, as settings.
func databaseEnv(t *testing.T) map[string]string {
	t.Helper()
	return settingsOf(t, storetest.Empty(t))
}

// settingsOf a database, by its connection URL.
func settingsOf(t *testing.T, address string) map[string]string {
	t.Helper()
	dsn, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := dsn.User.Password()
	return map[string]string{
		"DB_HOST": dsn.Hostname(), "DB_PORT": dsn.Port(), "DB_USER": dsn.User.Username(), "DB_PASSWORD": password,
		"DB_NAME": strings.TrimPrefix(dsn.Path, "/"), "DB_SSLMODE": "disable", "LOGLEVEL": "WARN",
	}
}

// command runs one of the tools and gives its output.
func (p *product) command(args ...string) string {
	p.Helper()
	code, out, errs := runCommand(p.T, p.env, args...)
	if code != 0 {
		p.Fatalf("%q: %d\n%s\n%s", args, code, out, errs)
	}
	return out
}

// asked is what GraphQL tells of a payload.
type asked struct {
	RequestID   string  `json:"requestId"`
	OrgID       *string `json:"orgId"`
	Account     *string `json:"account"`
	InventoryID *string `json:"inventoryId"`
	SystemID    *string `json:"systemId"`
	Verdict     struct {
		State          string `json:"state"`
		ServicesPassed int    `json:"servicesPassed"`
		Failure        *struct {
			Service string  `json:"service"`
			Source  *string `json:"source"`
			Status  string  `json:"status"`
			Message *string `json:"message"`
		} `json:"failure"`
	} `json:"verdict"`
	Timeline struct {
		Nodes []askedStatus `json:"nodes"`
	} `json:"timeline"`
}

type askedStatus struct {
	Service string    `json:"service"`
	Source  *string   `json:"source"`
	Status  string    `json:"status"`
	Message *string   `json:"message"`
	Date    time.Time `json:"date"`
}

const question = `query ($id: RequestID!) { payload(by: {requestId: $id}) {
	requestId orgId account inventoryId systemId
	verdict { state servicesPassed failure { service source status message } }
	timeline(first: 100) { nodes { service source status message date } } } }`

// ask asks GraphQL for a payload; nil when it is unknown.
func (p *product) ask(id payload.RequestID) (*asked, error) {
	body, err := json.Marshal(map[string]any{"query": question, "variables": map[string]any{"id": id.String()}})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.base+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	_, text := send(p.T, request)
	var answer struct {
		Data   struct{ Payload *asked }
		Errors []any
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	if len(answer.Errors) > 0 {
		return nil, errors.New(text)
	}
	return answer.Data.Payload, nil
}

// await asks until a payload has n statuses, and then once more: one answer is read in several statements, so events
// that come in between may be in its timeline and not yet in its verdict.
func (p *product) await(id payload.RequestID, n int) *asked {
	p.Helper()
	var found *asked
	consumertest.Wait(p.T, id.String(), func() error {
		var err error
		found, err = p.ask(id)
		if err != nil {
			return err
		}
		if found == nil || len(found.Timeline.Nodes) < n {
			return fmt.Errorf("%+v, want %d statuses", found, n)
		}
		return nil
	})
	found, err := p.ask(id)
	if err != nil {
		p.Fatal(err)
	}
	return found
}

func TestProductJudgesSampleJourneys(t *testing.T) {
	t.Parallel()
	p := startProduct(t, sample.Rules().Handovers...)
	generator := sample.New(11, sample.Config{Failed: 0.3, Stalled: 0.1, Lost: 0.05, Retried: 0.3, Repeated: 0.3, Disordered: 0.5})
	var journeys []sample.Journey
	var records []*kgo.Record
	for n := range 120 {
		journey := generator.Journey(time.Now().Add(-time.Duration(n+60) * time.Minute))
		journeys = append(journeys, journey)
		for i, message := range journey.Events {
			records = append(records, &kgo.Record{Partition: int32(i % 3), Key: message.Key, Value: message.Value})
		}
	}
	p.kafka.ProduceRecords(records...)
	for _, journey := range journeys {
		got := p.await(journey.RequestID, journey.Distinct)
		var service, source, status, message string
		if f := got.Verdict.Failure; f != nil {
			service, source, status, message = f.Service, deref(f.Source), f.Status, deref(f.Message)
		}
		if len(got.Timeline.Nodes) != journey.Distinct || got.Verdict.State != string(journey.True) ||
			got.Verdict.ServicesPassed != journey.Passed || service != journey.FailedService || source != journey.FailedSource ||
			status != journey.FailedStatus || message != journey.FailedMessage || deref(got.InventoryID) != journey.InventoryID {
			journey.Events = nil // long, and not in question
			t.Errorf("%s: %+v\nwant %+v", journey.RequestID, got, journey)
		}
	}
}

func TestTools(t *testing.T) {
	t.Parallel()
	p := &product{T: t, env: databaseEnv(t)}
	if out := p.command("migrate", "status"); !strings.Contains(out, "pending") {
		t.Errorf("status before: %s", out)
	}
	p.command("migrate", "up")
	p.command("migrate", "up")
	if out := p.command("migrate", "status"); !strings.Contains(out, "applied 20") || strings.Contains(out, "pending") {
		t.Errorf("status after: %s", out)
	}
	if out := p.command("rules", "show"); !strings.Contains(out, "version 1\n") || !strings.Contains(out, "RULES_STALL_AFTER=15m0s") {
		t.Errorf("first rules: %s", out)
	}
	p.env["RULES_STALL_AFTER"], p.env["RULES_STALL_AFTER_SERVICE"] = "20m", "puptoo=30m"
	want := "version 2\n"
	if out := p.command("rules", "apply"); !strings.HasPrefix(out, want) || !strings.Contains(out, "RULES_STALL_AFTER=20m0s") {
		t.Errorf("applied: %s", out)
	}
	delete(p.env, "RULES_STALL_AFTER")
	if out := p.command("rules", "show"); !strings.HasPrefix(out, want) || !strings.Contains(out, "RULES_STALL_AFTER_SERVICE=puptoo=30m0s") {
		t.Errorf("shown: %s", out)
	}
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func readCases(t *testing.T) []productCase {
	t.Helper()
	content, err := os.ReadFile("../../testdata/cases/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var cases []productCase
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, len(content)+1)
	for lines.Scan() {
		var c productCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 44 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}
