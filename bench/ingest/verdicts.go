package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/payload/sample"
	"github.com/payload-tracker/payload-tracker/store"
)

// verdicts holds the stored payloads against what is true of them: every event is sent twice, all of them in any
// order, through all partitions, to two consumers.
func verdicts(ctx context.Context, t *trial) error {
	truths, events := made(t.truths, time.Now().Add(-12*time.Hour))
	t.rules = []string{"HANDOVERS=ingress>puptoo"} // as sample.Rules has it
	if err := t.prepare(ctx, false, func(l *load) error { return l.produceShuffled(ctx, events) }); err != nil {
		return err
	}
	say("%s: taking in %d events", t.name, 2*len(events))
	for range 2 {
		if _, err := t.start(ctx, "consume"); err != nil {
			return err
		}
	}
	if _, err := waitFor(ctx, t.db, t.load.topic, int64(2*len(events)), 10*time.Minute); err != nil {
		return err
	}
	distinct := 0
	for _, truth := range truths {
		distinct += truth.Distinct
	}
	stored, err := t.db.count(ctx)
	if err != nil {
		return err
	}
	right, err := t.rightVerdicts(ctx, truths)
	if err != nil {
		return err
	}
	row("verdicts as the generator's truth has them, each event sent twice, in any order, to two `consume`",
		fmt.Sprintf("%d of %d", t.truths, t.truths), "%d of %d, %d distinct events stored of %d", right, len(truths), stored, distinct)
	if right != len(truths) || stored != int64(distinct) {
		return errors.New("what is stored is not true")
	}
	return nil
}

// made are journeys of which much goes wrong, and their events.
func made(n int, from time.Time) (map[payload.RequestID]sample.Journey, [][]byte) {
	generator := sample.New(1, sample.Config{Failed: 0.2, Stalled: 0.1, Lost: 0.05, Retried: 0.2, Repeated: 0.1, Disordered: 0.3})
	truths, events := map[payload.RequestID]sample.Journey{}, [][]byte{}
	for i := range n {
		journey := generator.Journey(from.Add(time.Duration(i) * 100 * time.Millisecond))
		for _, message := range journey.Events {
			events = append(events, message.Value)
		}
		journey.Events = nil
		truths[journey.RequestID] = journey
	}
	return truths, events
}

// produceShuffled writes each event twice, all in any order.
func (l *load) produceShuffled(ctx context.Context, events [][]byte) error {
	var failed error
	for i, n := range rand.New(rand.NewPCG(5, 6)).Perm(2 * len(events)) {
		record := &kgo.Record{Topic: l.topic, Partition: int32(i) % l.partitions, Value: events[n/2]}
		l.client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	return errors.Join(l.client.Flush(ctx), failed)
}

// rightVerdicts counts the payloads whose stored verdict is the true one, once every limit has passed.
func (t *trial) rightVerdicts(ctx context.Context, truths map[payload.RequestID]sample.Journey) (int, error) {
	db, err := store.Open(ctx, store.Config{DSN: t.db.dsn})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	rules, err := db.Rules(ctx)
	if err != nil {
		return 0, err
	}
	const shown = 5
	right, wrong, first := 0, 0, store.MaxPageSize
	for page := (store.Page{First: &first}); ; {
		payloads, err := db.Payloads(ctx, store.PayloadFilter{}, store.PayloadOrder{}, page)
		if err != nil {
			return 0, err
		}
		for _, p := range payloads.Items {
			truth, verdict := truths[p.RequestID], p.Journey.Verdict(&rules, time.Now().Add(time.Hour))
			if isTrue(verdict, truth) {
				right++
			} else if wrong++; wrong <= shown {
				say("%s: %s, true is %s after %d services %s %s", p.RequestID, verdict.Sentence, truth.True, truth.Passed, truth.FailedService, truth.FailedMessage)
			}
		}
		if !payloads.PageInfo.HasNextPage {
			return right, nil
		}
		page.After = &payloads.Cursors[len(payloads.Cursors)-1]
	}
}

func isTrue(v payload.Verdict, truth sample.Journey) bool {
	var f payload.Failure
	if v.Failure != nil {
		f = *v.Failure
	}
	return v.State == truth.True && v.ServicesPassed == truth.Passed &&
		f.Service == truth.FailedService && f.Source == truth.FailedSource && f.Status == truth.FailedStatus && f.Message == truth.FailedMessage
}
