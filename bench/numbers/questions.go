package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/payload-tracker/payload-tracker/bench/data/stock"
)

const ms = time.Millisecond

// question is asked many times.
type question struct {
	name    string
	within  time.Duration // wanted of the 99th percentile; 0: nothing is said
	rollups bool          // answered from them alone
	ask     func(context.Context, *copied) error
}

// The questions of the contract, as users send them.
const (
	services = `{ services(window: {since: "%s"}%s) { name received succeeded failed open successRate duration { p50 p95 p99 } before { successRate duration { p95 } } trend { at received failed p95 } } }`
	flow     = `{ flow(window: {since: "%s"}%s) { nodes { service payloads failed } edges { from to payloads failed handover { p50 p95 } } } }`
	failures = `{ failures(window: {since: "%s"}%s) { fingerprint sample service source total open firstSeen lastSeen trend { at count } isNew orgs share payloads(first: 3) { nodes { requestId } } } }`
	slowest  = `{ slowest(window: {since: "%s"}, service: "inventory", first: 10) { nodes { requestId duration } } }`
	stalled  = `{ payloads(filter: {verdict: {in: [STALLED]}}, orderBy: {field: QUIET_SINCE, direction: ASC}, first: 50) { nodes { requestId verdict { sentence quietSince } } } }`
)

// questions of the table, in its order.
func questions() []question {
	ofOrg := `, filter: {orgId: {eq: "` + stock.LargestOrg + `"}}`
	var list []question
	for _, q := range []struct{ name, query, field, filter string }{
		{"services", services, "services", ""},
		{"services of the large org", services, "services", ofOrg},
		{"flow", flow, "flow", ""},
		{"flow of the large org", flow, "flow", ofOrg},
		{"failures", failures, "failures", ""},
		{"failures of the large org", failures, "failures", ofOrg},
	} {
		list = append(list,
			question{q.name + " over 24 h", 50 * ms, true, asked(fmt.Sprintf(q.query, "PT24H", q.filter), q.field)},
			question{q.name + " over 30 days", 80 * ms, true, asked(fmt.Sprintf(q.query, "P30D", q.filter), q.field)})
	}
	return append(list,
		question{"what hangs: the first 50, each with its sentence", 25 * ms, false, asked(stalled, "payloads")},
		question{"how many hang, and for what (the gauges: package store, not over HTTP)", 25 * ms, false, standing},
		question{"slowest in inventory over 24 h", 0, false, asked(fmt.Sprintf(slowest, "PT24H"), "slowest")},
		question{"slowest in inventory over 30 days", 0, false, asked(fmt.Sprintf(slowest, "P30D"), "slowest")})
}

func asked(query, field string) func(context.Context, *copied) error {
	return func(ctx context.Context, c *copied) error {
		data, err := c.server.Ask(ctx, query, nil)
		if err == nil && len(data[field]) < len(`[{"name":"a"}]`) {
			err = fmt.Errorf("nothing is answered: %s", data[field])
		}
		return err
	}
}

// standing is what a scrape of the metrics reads at most every 15 s.
func standing(ctx context.Context, c *copied) error {
	s, err := c.db.Standing(ctx)
	if err == nil && s.Stalled == 0 {
		err = errors.New("nothing hangs")
	}
	return err
}
