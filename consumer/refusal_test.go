package consumer_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
)

// waitReason waits until the consumer says why it waits.
func (r *running) waitReason(want string) {
	r.t.Helper()
	consumertest.Wait(r.t, "reason", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), want) {
			return fmt.Errorf("ready says %v, want %s", err, want)
		}
		return nil
	})
}

// A broker that refuses is not said to be away: the settings to look at are named.
func TestARefusalByKafkaIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cluster := b.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return request.ResponseKind(), nil, true
	})
	cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		refused := request.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		refused.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return refused, nil, true
	})
	quick := func(opts ...kgo.Opt) func(*consumer.Config) {
		return func(c *consumer.Config) { c.WatchEvery, c.KafkaOpts = 500*time.Millisecond, opts }
	}
	plainly, overTLS := httptest.NewServer(nil), httptest.NewTLSServer(nil)
	defer plainly.Close()
	defer overTLS.Close()
	overTLS.Config.ErrorLog = log.New(io.Discard, "", 0)
	for want, options := range map[string]func(*consumer.Config){
		"Kafka refuses the user: KAFKA_USERNAME": quick(kgo.SASL(plain.Auth{User: "tracker", Pass: "guess"}.AsMechanism())),
		"Kafka's certificate is not trusted":     quick(kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}), kgo.SeedBrokers(overTLS.Listener.Addr().String())),
		"Kafka does not speak TLS here":          quick(kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}), kgo.SeedBrokers(plainly.Listener.Addr().String())),
		"Kafka hangs up at once":                 quick(kgo.SeedBrokers(overTLS.Listener.Addr().String())),
	} {
		r := b.start(options)
		r.waitReason(want)
		r.stop()
	}
}

// A topic that may be seen and not be read is no topic where nothing comes.
func TestATopicThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var refuses atomic.Bool
	refuses.Store(true)
	var asked atomic.Int64
	cluster := b.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if !refuses.Load() {
			return nil, nil, false
		}
		asked.Add(1)
		answer := request.ResponseKind().(*kmsg.FetchResponse)
		for _, topic := range request.(*kmsg.FetchRequest).Topics {
			refused := kmsg.NewFetchResponseTopic()
			refused.Topic, refused.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				partition := kmsg.NewFetchResponseTopicPartition()
				partition.Partition, partition.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
				refused.Partitions = append(refused.Partitions, partition)
			}
			answer.Topics = append(answer.Topics, refused)
		}
		return answer, nil, true
	})
	r := b.start(func(c *consumer.Config) { c.WatchEvery = 500 * time.Millisecond })
	b.Produce(0, messages(1, 10)...)
	r.waitReason("Kafka's user may not read topic " + b.Topic)
	time.Sleep(2 * time.Second)
	if n := asked.Load(); n > 100 {
		t.Errorf("asked %d times within 2 s", n)
	}
	refuses.Store(false)
	b.waitStatuses(30)
	r.waitReady()
}

// Who may not be of the group is told so, not left waiting for it.
func TestAGroupThatMayNotBeJoined(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cluster := b.Broker().Cluster()
	var refuses atomic.Bool
	refuses.Store(true)
	cluster.ControlKey(int16(kmsg.FindCoordinator), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if !refuses.Load() {
			return nil, nil, false
		}
		answer := request.ResponseKind().(*kmsg.FindCoordinatorResponse)
		answer.ErrorCode = kerr.GroupAuthorizationFailed.Code
		for _, key := range request.(*kmsg.FindCoordinatorRequest).CoordinatorKeys {
			refused := kmsg.NewFindCoordinatorResponseCoordinator()
			refused.Key, refused.ErrorCode = key, kerr.GroupAuthorizationFailed.Code
			answer.Coordinators = append(answer.Coordinators, refused)
		}
		return answer, nil, true
	})
	b.Produce(0, messages(1, 10)...)
	r := b.start()
	r.waitReason("it cannot join its group: GROUP_AUTHORIZATION_FAILED")
	refuses.Store(false)
	b.waitStatuses(30)
	r.waitReady()
}
