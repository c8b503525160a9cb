// Package sample makes up journeys as a platform sends them: uploads that pass up to eight services, with retries,
// failures, stalls, repeats and events out of order, each in the JSON of its producer, and each with its true verdict.
// The same seed gives the same bytes, so tests, the demo and benchmarks speak of the same journeys.
package sample

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Config says how often things go wrong, as shares of the journeys from 0 to 1. Zero takes the default, a negative
// share means never.
type Config struct {
	// Failed journeys end with a failed stage (default 0.06).
	Failed float64
	// FailedIn names the service that they fail in, where it stands apart; a journey that does not come there does not
	// fail. "": any.
	FailedIn string
	// Stalled journeys fall silent in an open stage (default 0.015).
	Stalled float64
	// Lost journeys succeed in ingress and are never seen in puptoo: stalled under Rules, succeeded without the
	// hand-over rule (default 0).
	Lost float64
	// Retried journeys have an error that a later success heals (default 0.05).
	Retried float64
	// Repeated journeys have an event that arrives twice (default 0.04).
	Repeated float64
	// Disordered journeys have events that arrive late, behind newer ones (default 0.15).
	Disordered float64
	// Customers is the seed of the organisations and their hosts: generators that share it send for the same ones.
	// 0: the generator has its own.
	Customers uint64
}

func (c Config) withDefaults() Config {
	share(&c.Failed, 0.06)
	share(&c.Stalled, 0.015)
	share(&c.Lost, 0)
	share(&c.Retried, 0.05)
	share(&c.Repeated, 0.04)
	share(&c.Disordered, 0.15)
	return c
}

func share(value *float64, standard float64) {
	switch {
	case *value == 0:
		*value = standard
	case *value < 0:
		*value = 0
	}
}

// Message is one record on the topic.
type Message struct {
	// At is when the record is sent. Of an event out of order, or of a repeat, it lies well after the event's date.
	At time.Time
	// Key is the record's key: nil, as most producers send none.
	Key []byte
	// Value is the JSON of the producer.
	Value []byte
}

// Journey is the way of one payload, and the truth about it.
type Journey struct {
	RequestID payload.RequestID
	OrgID     string
	// InventoryID is the host as the inventory knows it, in UUID form; "" when the payload did not get that far.
	InventoryID string
	// Events are in the order in which they are sent.
	Events []Message
	// Distinct is the number of different events: what is stored of Events once.
	Distinct int
	// True is the state under Rules once every event is in and every limit has passed.
	True payload.State
	// Failed* describe the reason of a failed journey; all "" otherwise.
	FailedService, FailedSource, FailedStatus, FailedMessage string
	// Passed is the number of services passed.
	Passed int
}

// Generator makes up one journey after another. It is not safe for concurrent use.
type Generator struct {
	config Config
	random *rand.Rand
	orgs   []customer
}

type customer struct {
	org, account string
	hosts        []host
}

type host struct{ inventoryID, systemID string }

// New gives a generator. Equal seeds and configs give equal journeys for equal starts.
func New(seed uint64, config Config) *Generator {
	g := &Generator{
		config: config.withDefaults(),
		random: newRandom(seed),
	}
	drawn := g
	if config.Customers != 0 {
		drawn = &Generator{random: newRandom(config.Customers)}
	}
	for range 40 {
		g.orgs = append(g.orgs, drawn.newCustomer())
	}
	return g
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)) }

// Rules are the rules the truths hold under: the default ones, and the hand-over that lost journeys miss.
func Rules() payload.Rules {
	rules := payload.DefaultRules()
	lost := payload.Handover{From: "ingress", To: "puptoo"}
	if !slices.Contains(rules.Handovers, lost) {
		rules.Handovers = append(slices.Clone(rules.Handovers), lost)
	}
	return rules
}

// Journey makes up the next journey, whose first event happens at start.
func (g *Generator) Journey(start time.Time) Journey {
	customer := g.orgs[g.skewed(len(g.orgs))]
	w := &way{
		generator: g,
		customer:  customer,
		host:      customer.hosts[g.skewed(len(customer.hosts))],
		now:       start.UTC().Truncate(time.Microsecond),
	}
	w.journey.RequestID = g.uuid()
	w.journey.OrgID = customer.org
	w.journey.True = payload.StateSucceeded
	w.plan()
	w.walk()
	return w.sent()
}

func (g *Generator) newCustomer() customer {
	c := customer{org: digits(g, 8), account: digits(g, 7)}
	for range 5 + g.random.IntN(60) {
		inventory, system := g.uuid(), g.uuid()
		c.hosts = append(c.hosts, host{inventoryID: dashed(inventory), systemID: dashed(system)})
	}
	return c
}

func (g *Generator) chance(share float64) bool { return g.random.Float64() < share }

// skewed gives an index below n, small ones more often: a few customers send most of the uploads.
func (g *Generator) skewed(n int) int {
	x := g.random.Float64()
	return int(x * x * float64(n))
}

func (g *Generator) uuid() payload.RequestID {
	var id payload.RequestID
	for i := range id {
		id[i] = byte(g.random.UintN(256))
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// between gives a duration from low to high, log-uniform would be truer and is not needed here.
func (g *Generator) between(low, high time.Duration) time.Duration {
	return low + time.Duration(g.random.Int64N(int64(high-low)))
}

func dashed(id payload.RequestID) string {
	text := id.String()
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

func digits(g *Generator, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('0' + g.random.IntN(10))
	}
	text[0] = byte('1' + g.random.IntN(9))
	return string(text)
}
