package consumer_test

import (
	"errors"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
)

func TestEndsAreToldAndTheBrokersAbsenceToo(t *testing.T) {
	t.Parallel()
	kafka := consumertest.New(t)
	kafka.Produce(0, "a", "b")
	ends := func(topic string) *consumer.Ends {
		e := consumer.NewEnds(consumer.Config{Brokers: []string{kafka.Addr()}, Topic: topic, Logger: slog.New(slog.DiscardHandler)})
		t.Cleanup(e.Close)
		return e
	}
	known := ends(kafka.Topic)
	got, err := known.Of(t.Context())
	if err != nil || !maps.Equal(got, kafka.Ends()) || got[0] != 2 {
		t.Errorf("%v, %v, want %v", got, err, kafka.Ends())
	}
	unavailable := func(e *consumer.Ends) error {
		_, err := e.Of(t.Context())
		if refused, ok := errors.AsType[*payload.Error](err); !ok || refused.Code != payload.CodeUnavailable {
			return errors.Join(errors.New("not told that the broker does not tell"), err)
		}
		return nil
	}
	if err := unavailable(ends("nowhere")); err != nil {
		t.Error("of a topic that does not exist:", err)
	}
	kafka.Stop()
	began := time.Now()
	for _, e := range []*consumer.Ends{ends(kafka.Topic), known} {
		consumertest.Wait(t, "the broker's absence to be told", func() error { return unavailable(e) })
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %v to tell that the broker is away", took)
	}
	kafka.Start()
	consumertest.Wait(t, "the broker to be back", func() error { _, err := known.Of(t.Context()); return err })
}
