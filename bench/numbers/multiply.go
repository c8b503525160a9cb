package main

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/payload-tracker/payload-tracker/bench/data/stock"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rollup"
	"github.com/payload-tracker/payload-tracker/store"
)

const (
	reach    = 61 * 24 * time.Hour // 30 days, the 30 before, and the day in which these begin
	perDelta = 5_000               // payloads that one delta counts
	perFold  = 40                  // deltas from one fold to the next
)

// multiply adds to the rollups what times-1 more payloads beside each one would have added: the same journeys-to-sums
// and sums-to-rows as ingest and its fold have. The events and the payloads themselves are not stored, which no
// question that rollups answer reads but for the sample payloads of failures: those are of the stock.
func multiply(ctx context.Context, db *store.Store, dsn string, plan stock.Plan, times int) error {
	adder, err := newAdder(ctx, db, dsn)
	if err != nil {
		return err
	}
	defer adder.close()
	now := time.Now()
	plan.Seed, plan.Every = plan.Seed+1, plan.Every/time.Duration(times-1)
	deltas := make(chan []byte, runtime.GOMAXPROCS(0))
	var group errgroup.Group
	next, last := atomic.Int64{}, int64(plan.Before(now))
	next.Store(int64(plan.Before(now.Add(-reach))))
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for from := next.Add(perDelta) - perDelta; from < last && ctx.Err() == nil; from = next.Add(perDelta) - perDelta {
				deltas <- count(plan, from, min(from+perDelta, last), adder.payloads)
			}
			return ctx.Err()
		})
	}
	made := make(chan error, 1)
	go func() {
		made <- group.Wait()
		close(deltas)
	}()
	for delta := range deltas {
		if err == nil {
			err = adder.add(ctx, delta)
		}
	}
	if err == nil {
		err = db.FoldRollups(ctx)
	}
	return errors.Join(err, <-made)
}

// count is what journeys add to the rollups.
func count(plan stock.Plan, from, to, payloads int64) []byte {
	c := newCounter(payloads)
	for number := from; number < to; number++ {
		c.count(number, plan.Events(int(number))...)
	}
	return c.sum.AppendBinary(nil)
}

// counter sums up what payloads contribute that are not stored; for a sample it names one that is.
type counter struct {
	rules         payload.Rules
	payloads      int64
	sum           *rollup.Sum
	contributions rollup.Contributions
}

func newCounter(payloads int64) *counter {
	return &counter{rules: payload.DefaultRules(), payloads: payloads, sum: rollup.NewSum()}
}

func (c *counter) count(number int64, events ...payload.Event) {
	var journey payload.Journey
	journey.Merge(&c.rules, events...)
	c.contributions.Reset()
	c.sum.Move(rollup.Contribution{}, c.contributions.Of(1+number%c.payloads, &journey))
}

// adder writes deltas as batches do, and has them folded.
type adder struct {
	db       *store.Store
	conn     *pgx.Conn
	payloads int64 // that are stored
	added    int
}

func newAdder(ctx context.Context, db *store.Store, dsn string) (*adder, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	a := &adder{db: db, conn: conn}
	if err := conn.QueryRow(ctx, `SELECT max(id) FROM payloads`).Scan(&a.payloads); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return a, nil
}

func (a *adder) close() { _ = a.conn.Close(context.Background()) }

func (a *adder) add(ctx context.Context, delta []byte) error {
	if _, err := a.conn.Exec(ctx, `INSERT INTO rollup_deltas (generation, body) SELECT generation, $1::bytea FROM rollup_state`, delta); err != nil {
		return err
	}
	if a.added++; a.added%perFold > 0 {
		return nil
	}
	say("%d deltas are added", a.added)
	return a.db.FoldRollups(ctx)
}
