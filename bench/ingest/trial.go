package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

// trial is one measurement, with a topic and a database of its own.
type trial struct {
	settings
	server *pgserver.Server
	name   string

	db        *database
	load      *load
	rules     []string // settings of the first rules
	env       []string
	processes []*process
}

// prepare makes the topic and the database, and has produce fill the topic.
func (t *trial) prepare(ctx context.Context, keyed bool, produce func(*load) error) error {
	t.close()
	topic := "bench." + t.name + "." + strconv.FormatInt(time.Now().UnixNano(), 36)
	var err error
	if t.db, err = openDatabase(ctx, t.server, "bench_"+strconv.FormatInt(time.Now().UnixNano(), 36), t.dsn); err != nil {
		return err
	}
	if t.load, err = newLoad(ctx, t.brokers, topic, int32(t.partitions), keyed); err != nil {
		return err
	}
	say("%s: producing", t.name)
	if err := produce(t.load); err != nil {
		return err
	}
	config, err := t.db.environment()
	if err != nil {
		return err
	}
	t.env = append(append(os.Environ(), config...),
		"KAFKA_BOOTSTRAP_SERVERS="+t.brokers, "TOPIC_PAYLOAD_STATUS="+topic, "KAFKA_GROUP_ID="+topic, "LOGLEVEL=WARN",
	)
	t.env = append(t.env, t.rules...)
	return runOnce(ctx, t.binary, t.env, "migrate", "up")
}

// start starts a process of the program on free ports.
func (t *trial) start(ctx context.Context, command string, env ...string) (*process, error) {
	ports := []string{"PUBLICPORT=" + freePort(), "METRICSPORT=" + freePort()}
	all := append(append(append([]string{}, t.env...), ports...), env...)
	p, err := start(ctx, t.binary, all, command)
	if err == nil {
		p.env = all
		t.processes = append(t.processes, p)
	}
	return p, err
}

// intake has n consumers take in all events of the topic.
func (t *trial) intake(ctx context.Context, n, events int, env ...string) (intake, error) {
	say("%s: taking in %d events, %d consumers", t.name, events, n)
	for range n {
		if _, err := t.start(ctx, "consume", env...); err != nil {
			return intake{}, err
		}
	}
	return measureIntake(ctx, t.db, t.processes[0], t.load.topic, int64(events))
}

func (t *trial) close() {
	for _, p := range t.processes {
		p.stop()
	}
	t.processes = nil
	if t.load != nil {
		t.load.close()
	}
	if t.db != nil {
		t.db.close()
	}
	t.load, t.db = nil, nil
}

func row(what, wanted, format string, args ...any) {
	fmt.Printf("| %s | %s | %s |\n", what, wanted, fmt.Sprintf(format, args...))
}

const mebibyte = 1 << 20

func intakeAndAnswers(ctx context.Context, t *trial) error {
	if err := t.prepare(ctx, true, func(l *load) error { return l.produce(ctx, t.events) }); err != nil {
		return err
	}
	in, err := t.intake(ctx, 1, t.events)
	if err != nil {
		return err
	}
	shares, err := t.db.shares(ctx, int64(t.events))
	if err != nil {
		return err
	}
	copied, err := t.db.copyRate(ctx)
	if err != nil {
		return err
	}
	row("taken in from Apache Kafka, keyed, from the first to the last", "≥ 80,000 events/s", "%.0f events/s", in.rate)
	row("the same, the start of the process included", "", "%.0f events/s", in.rateFromStart)
	row("COPY of the same rows into a table with one index", "", "%.0f events/s", copied)
	row("taken in against COPY", "≥ 30 %", "%.0f %%", 100*in.rate/copied)
	row("processor time of `consume`", "≤ 8 s a million events", "%.1f s a million events", in.cpu.Seconds()*1e6/float64(t.events))
	row("resident memory at most, `consume`", "≤ 256 MiB", "%d MiB", in.memory/mebibyte)
	row("disk, all tables and indexes", "≤ 240 bytes an event", "%.0f bytes an event", float64(in.bytes)/float64(t.events))
	row("of these, tables + their indexes", "", "%s", shares)
	if err := t.answers(ctx); err != nil {
		return err
	}
	if in.rate < t.atLeast {
		return fmt.Errorf("%.0f events a second, %.0f wanted", in.rate, t.atLeast)
	}
	return nil
}

// answers asks for payloads with all events stored, and follows single events among a steady load.
func (t *trial) answers(ctx context.Context) error {
	say("%s: storing %d events in all", t.name, t.stored)
	if err := t.load.produce(ctx, t.stored-t.events); err != nil {
		return err
	}
	if _, err := waitFor(ctx, t.db, t.load.topic, int64(t.stored), 10*time.Minute); err != nil {
		return err
	}
	if err := t.db.settle(ctx); err != nil {
		return err
	}
	serve, err := t.start(ctx, "serve")
	if err != nil {
		return err
	}
	client, err := newClient(ctx, serve.env)
	if err != nil {
		return err
	}
	answers, err := measureAnswers(ctx, client, t.load, t.requests)
	if err != nil {
		return err
	}
	steady, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.load.steady(steady, t.steady)
	}()
	time.Sleep(2 * time.Second)
	visible, err := measureVisible(ctx, client, t.load, t.visible)
	stop()
	<-done
	if err != nil {
		return err
	}
	row(fmt.Sprintf("where is it, %d stored: p50, p99, most", t.stored), "p99 ≤ 20 ms", "%s", answers)
	row(fmt.Sprintf("produced to visible at %d events/s: p50, p99, most", t.steady), "p99 ≤ 250 ms", "%s", visible)
	row("resident memory at most, `serve`", "", "%d MiB", serve.peak()/mebibyte)
	if info, err := os.Stat(t.binary); err == nil {
		row("binary", "≤ 60 MB", "%.1f MB", float64(info.Size())/1e6)
	}
	return nil
}

// rollupsCost takes in the same with rollups and without, in turn: in a database from before there were rollups, as
// generation 0 says, none are counted. One payload in eight fails.
func rollupsCost(ctx context.Context, t *trial) error {
	const rounds = 5
	var with, without []float64
	for range rounds {
		for _, rates := range []*[]float64{&with, &without} {
			err := t.prepare(ctx, true, func(l *load) error {
				l.failing = true
				return l.produce(ctx, t.events)
			})
			if err != nil {
				return err
			}
			if rates == &without {
				if err := t.db.countNothing(ctx); err != nil {
					return err
				}
			}
			in, err := t.intake(ctx, 1, t.events)
			if err != nil {
				return err
			}
			*rates = append(*rates, in.rate)
		}
	}
	slices.Sort(with)
	slices.Sort(without)
	share := with[rounds/2] / without[rounds/2]
	row(fmt.Sprintf("taken in, one payload in eight failing, medians of %d in turn: with rollups, without", rounds), "≥ 85 %", "%.0f events/s, %.0f events/s: %.0f %%",
		with[rounds/2], without[rounds/2], 100*share)
	if t.atLeast > 0 && share < 0.85 {
		return fmt.Errorf("with rollups %.0f %% of the rate without, 85 %% wanted", 100*share)
	}
	return nil
}

// smallBox takes in the same on one processor and in 256 MiB.
func smallBox(ctx context.Context, t *trial) error {
	if err := t.prepare(ctx, true, func(l *load) error { return l.produce(ctx, t.events) }); err != nil {
		return err
	}
	in, err := t.intake(ctx, 1, t.events, "GOMAXPROCS=1", "GOMEMLIMIT=220MiB")
	if err != nil {
		return err
	}
	row("the same with GOMAXPROCS=1, GOMEMLIMIT=220MiB", "≥ 30,000 events/s", "%.0f events/s, %d MiB", in.rate, in.memory/mebibyte)
	return nil
}

// unkeyed compares one consumer with three where the events of a payload come through all partitions.
func unkeyed(ctx context.Context, t *trial) error {
	var rates []float64
	var deadlocks int64
	for _, n := range []int{1, 3} {
		if err := t.prepare(ctx, false, func(l *load) error { return l.produce(ctx, t.events) }); err != nil {
			return err
		}
		in, err := t.intake(ctx, n, t.events)
		if err != nil {
			return err
		}
		met, err := t.db.deadlocks(ctx)
		if err != nil {
			return err
		}
		rates, deadlocks = append(rates, in.rateFromStart), deadlocks+met
	}
	row("unkeyed, one `consume`, its start included", "", "%.0f events/s", rates[0])
	row("unkeyed, three `consume`, their start included", "≥ one", "%.0f events/s, %d deadlocks", rates[1], deadlocks)
	return nil
}

func backlog(ctx context.Context, t *trial) error {
	if err := t.prepare(ctx, true, func(l *load) error { return l.produce(ctx, t.backlog) }); err != nil {
		return err
	}
	in, err := t.intake(ctx, 1, t.backlog)
	if err != nil {
		return err
	}
	row(fmt.Sprintf("resident memory at most, a backlog of %d events", t.backlog), "≤ 256 MiB", "%d MiB", in.memory/mebibyte)
	return nil
}

func large(ctx context.Context, t *trial) error {
	const size = 900_000
	if err := t.prepare(ctx, true, func(l *load) error { return l.produceLarge(ctx, t.large, size) }); err != nil {
		return err
	}
	in, err := t.intake(ctx, 1, t.large)
	if err != nil {
		return err
	}
	row(fmt.Sprintf("resident memory at most, %d events of 900 KB", t.large), "≤ 256 MiB", "%d MiB, %.0f MB/s", in.memory/mebibyte, in.rateFromStart*size/1e6)
	return nil
}
