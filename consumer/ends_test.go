package consumer_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

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
	unavailable := func(e *consumer.Ends, why string) error {
		_, err := e.Of(t.Context())
		if refused, ok := errors.AsType[*payload.Error](err); !ok || refused.Code != payload.CodeUnavailable || !strings.HasSuffix(refused.Message, why) {
			return fmt.Errorf("%w, want one that says: %s", err, why)
		}
		return nil
	}
	if err := unavailable(ends("nowhere"), "topic nowhere goes is not known: the broker has no such topic"); err != nil {
		t.Error("of a topic that does not exist:", err)
	}
	kafka.Stop()
	began := time.Now()
	for _, e := range []*consumer.Ends{ends(kafka.Topic), known} {
		consumertest.Wait(t, "the broker's absence to be told", func() error { return unavailable(e, "Kafka does not answer") })
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %v to tell that the broker is away", took)
	}
	kafka.Start()
	consumertest.Wait(t, "the broker to be back", func() error { _, err := known.Of(t.Context()); return err })
}

// A partition without a leader does not hide how far the others go.
func TestEndsOfAPartOfTheTopic(t *testing.T) {
	t.Parallel()
	kafka := consumertest.New(t)
	kafka.Produce(1, "a", "b")
	cluster := kafka.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.ListOffsets), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		answer := request.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, topic := range request.(*kmsg.ListOffsetsRequest).Topics {
			told := kmsg.NewListOffsetsResponseTopic()
			told.Topic = topic.Topic
			for _, p := range topic.Partitions {
				partition := kmsg.NewListOffsetsResponseTopicPartition()
				partition.Partition, partition.Offset = p.Partition, 2*int64(p.Partition)
				if p.Partition == 0 {
					partition.ErrorCode = kerr.OffsetNotAvailable.Code
				}
				told.Partitions = append(told.Partitions, partition)
			}
			answer.Topics = append(answer.Topics, told)
		}
		return answer, nil, true
	})
	e := consumer.NewEnds(consumer.Config{Brokers: []string{kafka.Addr()}, Topic: kafka.Topic, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(e.Close)
	got, err := e.Of(t.Context())
	if err == nil || len(got) == 0 || got[1] != 2 {
		t.Errorf("%v, %v", got, err)
	}
	if _, known := got[0]; known {
		t.Errorf("the end of a partition that is not known: %v", got)
	}
}
