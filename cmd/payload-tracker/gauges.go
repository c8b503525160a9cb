package main

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/store"
)

// Gauges tell what the database knows when it is asked: every process tells the same. While it is away there are none.
const (
	gaugesPatience = 3 * time.Second
	standingFresh  = 15 * time.Second // so long one look serves all scrapes
	numbersFresh   = time.Minute

	numbersWindow     = time.Hour // that services and failures are told of
	mostGaugeServices = 30        // with the most payloads
	mostGaugeFailures = 10        // the most frequent
)

// gauges are metrics made of one look at the database.
type gauges[T any] struct {
	what  string // they tell of
	log   *slog.Logger
	descs []*prometheus.Desc
	fresh time.Duration
	read  func(context.Context) (T, error)
	send  func(T, sendGauge)

	mu    sync.Mutex
	asked time.Time
	known bool // what value is
	value T
}

// sendGauge gives one value.
type sendGauge func(desc *prometheus.Desc, value float64, labels ...string)

// Describe names what Collect gives.
func (g *gauges[T]) Describe(all chan<- *prometheus.Desc) {
	for _, desc := range g.descs {
		all <- desc
	}
}

// Collect gives the numbers.
func (g *gauges[T]) Collect(all chan<- prometheus.Metric) {
	if value, known := g.look(); known {
		g.send(value, func(desc *prometheus.Desc, value float64, labels ...string) {
			all <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
		})
	}
}

func (g *gauges[T]) look() (T, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.asked) < g.fresh {
		return g.value, g.known
	}
	ctx, cancel := context.WithTimeout(identity.WithScope(context.Background(), identity.Everything()), gaugesPatience)
	defer cancel()
	value, err := g.read(ctx)
	if first := g.asked.IsZero(); err != nil && (g.known || first) { // once: alerts on them cannot fire meanwhile
		g.log.WarnContext(ctx, "metrics are missing", slog.String("of", g.what), slog.Any("error", err))
	}
	g.value, g.known, g.asked = value, err == nil, time.Now()
	return g.value, g.known
}

// newGauges are all of them.
func newGauges(s *store.Store, log *slog.Logger) []prometheus.Collector {
	return []prometheus.Collector{standingGauges(s, log), storageGauges(s, log), retentionGauges(s, log), serviceGauges(s, log), failureGauges(s, log)}
}

func gaugeDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("payload_tracker_"+name, help, labels, nil)
}

func standingGauges(s *store.Store, log *slog.Logger) prometheus.Collector {
	payloads := gaugeDesc("payloads", "Payloads that began in the last hour, by their verdict now.", "verdict")
	stalled := gaugeDesc("payloads_stalled", "Payloads that hang, whenever they began.")
	overdue := gaugeDesc("handovers_overdue",
		"Payloads that hang because a service has not begun after another; of the newest 10,000 that hang.", "from", "to")
	return &gauges[*store.Standing]{
		what: "how payloads stand", log: log,
		descs: []*prometheus.Desc{payloads, stalled, overdue}, fresh: standingFresh, read: s.Standing,
		send: func(standing *store.Standing, send sendGauge) {
			for verdict, n := range standing.Recent {
				send(payloads, float64(n), string(verdict))
			}
			send(stalled, float64(standing.Stalled))
			for handover, n := range standing.Overdue {
				send(overdue, float64(n), handover.From, handover.To)
			}
		},
	}
}

func storageGauges(s *store.Store, log *slog.Logger) prometheus.Collector {
	whole := gaugeDesc("database_bytes", "Size of the database.")
	table := gaugeDesc("table_bytes", "Size of a table that grows, with its indexes and all of its partitions.", "table")
	partitions := gaugeDesc("partitions", "Partitions of the events.")
	ahead := gaugeDesc("partition_days_ahead", "Days after today whose partition is there already, without a gap.")
	deltas := gaugeDesc("rollup_deltas_waiting", "Batches that the numbers over many payloads do not have yet; at most 100,000 are counted.")
	oldest := gaugeDesc("oldest_event_timestamp_seconds", "Date of the oldest event, in seconds since 1970; absent without one.")
	newest := gaugeDesc("newest_event_timestamp_seconds", "Date of the newest event, in seconds since 1970; absent without one.")
	takenIn := gaugeDesc("last_taken_in_timestamp_seconds", "When a batch was last stored, in seconds since 1970; absent before the first.")
	return &gauges[*store.Storage]{
		what: "what the database holds", log: log,
		descs: []*prometheus.Desc{whole, table, partitions, ahead, deltas, oldest, newest, takenIn}, fresh: numbersFresh, read: s.Storage,
		send: func(held *store.Storage, send sendGauge) {
			send(whole, float64(held.Bytes))
			for name, bytes := range held.Tables {
				send(table, float64(bytes), name)
			}
			send(partitions, float64(held.Partitions))
			send(ahead, float64(held.DaysAhead))
			send(deltas, float64(held.Deltas))
			for desc, at := range map[*prometheus.Desc]*time.Time{oldest: held.OldestEvent, newest: held.NewestEvent, takenIn: held.TakenInAt} {
				if at != nil {
					send(desc, float64(at.UnixMilli())/1000)
				}
			}
		},
	}
}

// retentionGauges tell what is given up and what goes next, whichever process looks after it.
func retentionGauges(s *store.Store, log *slog.Logger) prometheus.Collector {
	gauge := func(name, help string) *prometheus.Desc { return gaugeDesc("retention_"+name, help) }
	horizon := gauge("horizon_timestamp_seconds", "Events of dates before this one are given up; 0: none are.")
	age := gauge("age_seconds", "How old an event may grow: RETENTION; 0: any age.")
	used := gauge("budget_used_ratio", "Share of MAX_DATABASE_BYTES that the database takes; past 1 the oldest days go. 0 without a budget.")
	left := gauge("budget_left_seconds", "When the budget is used up, at the growth of the last days. 0 without a budget, or without growth.")
	nextDay := gauge("next_day_timestamp_seconds", "The oldest day that is kept: it goes next. 0 where nothing is given up.")
	nextBytes := gauge("next_bytes", "What the events of the oldest day that is kept take.")
	done := gauge("done_timestamp_seconds", "When a look at what is too old last ended well; 0: never, or nothing is given up any more.")
	return &gauges[*store.RetentionState]{
		what: "what is given up", log: log,
		descs: []*prometheus.Desc{horizon, age, used, left, nextDay, nextBytes, done}, fresh: numbersFresh, read: s.RetentionState,
		send: func(r *store.RetentionState, send sendGauge) {
			send(horizon, float64(r.Horizon.Unix()))
			send(age, r.MaxAge.Seconds())
			send(used, r.Used())
			send(nextBytes, float64(r.NextBytes))
			until := 0.0
			if r.FullAt != nil {
				until = max(0, r.FullAt.Sub(s.Now()).Seconds())
			}
			send(left, until)
			for desc, at := range map[*prometheus.Desc]*time.Time{nextDay: r.NextDay, done: r.DoneAt} {
				since1970 := 0.0
				if at != nil {
					since1970 = float64(at.Unix())
				}
				send(desc, since1970)
			}
		},
	}
}

func serviceGauges(s *store.Store, log *slog.Logger) prometheus.Collector {
	const among = " Of the 30 services with the most payloads."
	payloads := gaugeDesc("service_payloads", "Payloads that came to a service in the last hour, by how they stand there: received (all), succeeded, failed, open."+among, "service", "result")
	rate := gaugeDesc("service_success_ratio", "Share that succeeded of those that ended at a service in the last hour, 0 to 1; absent where none ended."+among, "service")
	seconds := gaugeDesc("service_seconds", "Time that payloads took at a service in the last hour, in seconds: quantiles 0.5, 0.95 and 0.99 of those that ended."+among, "service", "quantile")
	return &gauges[[]*store.ServiceNumbers]{
		what: "services", log: log,
		descs: []*prometheus.Desc{payloads, rate, seconds}, fresh: numbersFresh,
		read: func(ctx context.Context) ([]*store.ServiceNumbers, error) {
			return s.Services(ctx, lastHour(), store.NumbersFilter{})
		},
		send: func(services []*store.ServiceNumbers, send sendGauge) {
			for _, of := range busiest(services) {
				for result, n := range map[string]int64{"received": of.Received, "succeeded": of.Succeeded, "failed": of.Failed, "open": of.Open} {
					send(payloads, float64(n), of.Name, result)
				}
				if share := of.SuccessRate(); share != nil {
					send(rate, *share, of.Name)
				}
				if took := of.Duration; took != nil {
					send(seconds, took.P50.Seconds(), of.Name, "0.5")
					send(seconds, took.P95.Seconds(), of.Name, "0.95")
					send(seconds, took.P99.Seconds(), of.Name, "0.99")
				}
			}
		},
	}
}

func lastHour() store.Window {
	window := numbersWindow
	return store.Window{Since: &window}
}

// busiest are the services with the most payloads: a label must not take every name that an event has.
func busiest(services []*store.ServiceNumbers) []*store.ServiceNumbers {
	services = slices.DeleteFunc(slices.Clone(services), func(s *store.ServiceNumbers) bool { return s.Received == 0 })
	slices.SortStableFunc(services, func(a, b *store.ServiceNumbers) int { return cmp.Compare(b.Received, a.Received) })
	return services[:min(len(services), mostGaugeServices)]
}

func failureGauges(s *store.Store, log *slog.Logger) prometheus.Collector {
	failures := gaugeDesc("failures", "Payloads that failed in one way in the last hour: of the 10 most frequent kinds of failure, by the fingerprint that the page finds them by.",
		"service", "source", "fingerprint")
	return &gauges[[]*store.FailureGroup]{
		what: "failures", log: log,
		descs: []*prometheus.Desc{failures}, fresh: numbersFresh,
		read: func(ctx context.Context) ([]*store.FailureGroup, error) {
			return s.FailureGroups(ctx, lastHour(), store.FailureFilter{})
		},
		send: func(groups []*store.FailureGroup, send sendGauge) {
			for _, group := range groups[:min(len(groups), mostGaugeFailures)] {
				send(failures, float64(group.Total), group.Service, group.Source, group.Fingerprint.String())
			}
		},
	}
}
