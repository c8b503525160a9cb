package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload/sample"
)

// sendLive sends new journeys, each event at its time, until ctx ends: about options.rate events a second.
func (d *demo) sendLive(ctx context.Context, client *kgo.Client) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	begun, planned := time.Now(), 0
	var waiting []sample.Message
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := time.Now()
		for float64(planned) < now.Sub(begun).Seconds()*float64(d.options.rate) {
			events := d.generator.Journey(now).Events
			planned += len(events)
			waiting = append(waiting, events...)
		}
		slices.SortStableFunc(waiting, func(a, b sample.Message) int { return a.At.Compare(b.At) })
		due := 0
		for due < len(waiting) && !waiting[due].At.After(now) {
			client.Produce(ctx, &kgo.Record{Key: waiting[due].Key, Value: waiting[due].Value}, d.produced)
			due++
		}
		waiting = slices.Delete(waiting, 0, due)
	}
}

func (d *demo) produced(_ *kgo.Record, err error) {
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, kgo.ErrClientClosed) {
		d.app.log.Warn("sample event not sent", slog.Any("error", err))
	}
}
