package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/store"
)

const (
	gaugesFresh    = 15 * time.Second // so long one look serves all scrapes
	gaugesPatience = 3 * time.Second
)

var (
	payloadsGauge = prometheus.NewDesc("payload_tracker_payloads", "Payloads that began in the last hour, by their verdict now.", []string{"verdict"}, nil)
	stalledGauge  = prometheus.NewDesc("payload_tracker_payloads_stalled", "Payloads that hang, whenever they began.", nil, nil)
	overdueGauge  = prometheus.NewDesc("payload_tracker_handovers_overdue",
		"Payloads that hang because a service has not begun after another; of the newest 10,000 that hang.", []string{"from", "to"}, nil)
)

// gauges tell how payloads stand, as the database knows when it is asked. Every process tells the same.
type gauges struct {
	store *store.Store

	mu       sync.Mutex
	asked    time.Time
	standing *store.Standing // nil while the database is away: then there are no numbers
}

func newGauges(s *store.Store) *gauges { return &gauges{store: s} }

// Describe names what Collect gives.
func (g *gauges) Describe(all chan<- *prometheus.Desc) {
	all <- payloadsGauge
	all <- stalledGauge
	all <- overdueGauge
}

// Collect gives the numbers.
func (g *gauges) Collect(all chan<- prometheus.Metric) {
	standing := g.look()
	if standing == nil {
		return
	}
	gauge := func(desc *prometheus.Desc, n int64, labels ...string) {
		all <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), labels...)
	}
	for verdict, n := range standing.Recent {
		gauge(payloadsGauge, n, string(verdict))
	}
	gauge(stalledGauge, standing.Stalled)
	for handover, n := range standing.Overdue {
		gauge(overdueGauge, n, handover.From, handover.To)
	}
}

func (g *gauges) look() *store.Standing {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.asked) < gaugesFresh {
		return g.standing
	}
	ctx, cancel := context.WithTimeout(identity.WithScope(context.Background(), identity.Everything()), gaugesPatience)
	defer cancel()
	standing, err := g.store.Standing(ctx)
	if err != nil {
		standing = nil
	}
	g.standing, g.asked = standing, time.Now()
	return g.standing
}
