package main

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// announce says what to open and what to try, with the ids of a payload that failed.
func (d *demo) announce(ctx context.Context) error {
	failed, err := d.newestFailed(ctx)
	if err != nil {
		return err
	}
	web := "http://" + d.local(d.options.port)
	kafka, topic := d.local(d.options.kafkaPort), d.app.config.kafka.topic
	fmt.Fprintf(d.out, `
payload-tracker is running.

  web page   %[1]s/
  GraphQL    %[1]s%[10]s
  REST       %[1]s/api/v1/
  metrics    http://%[2]s/metrics
  broker     %[3]s, topic %[4]s
  log        %[5]s

Three things to try:

  1. Where is this upload, and why did it fail? On the page: %[1]s/payloads/%[6]s

curl -s %[1]s/graphql -H 'Content-Type: application/json' -d '{"query":"{ payload(by: {requestId: \"%[6]s\"}) { verdict { state sentence failure { service status message } } timeline(last: 5) { nodes { service status message date } } } }"}'

  2. The same upload, as the existing front end asks for it:

curl -s '%[1]s/api/v1/payloads/%[6]s?sort_dir=asc&verbosity=1'

  3. Send an event of your own, and look it up:

echo '{"service":"puptoo","request_id":"%[7]s","org_id":"1","status":"received","date":"'$(date -u +%%FT%%TZ)'"}' | kcat -P -b %[3]s -t %[4]s
curl -s %[1]s/api/v1/payloads/%[7]s

%[8]s Ctrl-C stops everything; the data stays in %[9]s.
`, web, d.local(d.options.metricsPort), kafka, topic, d.logPath(), failed, demoOwnID, d.sending(), d.options.dir, d.graphqlPath())
	return nil
}

// demoOwnID is the request id of the event that the user is invited to send.
const demoOwnID = "0123456789abcdef0123456789abcdef"

// graphqlPath is where to try questions.
func (d *demo) graphqlPath() string {
	if d.app.config.playground {
		return "/playground"
	}
	return "/graphql"
}

func (d *demo) sending() string {
	if d.options.rate == 0 {
		return "No live events are sent."
	}
	return fmt.Sprintf("About %d events a second come in.", d.options.rate)
}

// local is how this machine reaches a port of the demo.
func (d *demo) local(port int) string { return net.JoinHostPort("localhost", strconv.Itoa(port)) }

func (d *demo) newestFailed(ctx context.Context) (string, error) {
	state, one := payload.StateFailed, 1
	page, err := d.app.store.Payloads(ctx,
		store.PayloadFilter{Verdict: &store.VerdictFilter{Eq: &state}},
		store.PayloadOrder{Field: store.OrderByFailedAt, Direction: store.Descending},
		store.Page{First: &one})
	if err != nil {
		return "", err
	}
	if len(page.Items) == 0 {
		return demoOwnID, nil // a history of a few uploads may have none that failed
	}
	return page.Items[0].RequestID.String(), nil
}
