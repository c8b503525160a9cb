package consumer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

func (b *bundle) letters(options ...func(*consumer.Config)) *consumer.DeadLetters {
	b.t.Helper()
	config := consumer.Config{Brokers: []string{b.Addr()}, Topic: b.Topic, Store: b.store, Logger: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(&config)
	}
	d, err := consumer.OpenDeadLetters(config)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(d.Close)
	return d
}

// listed are the chosen letters in short: position, reason, service, attempts.
func listed(t *testing.T, d *consumer.DeadLetters, filter consumer.LetterFilter) string {
	t.Helper()
	var lines []string
	err := d.Read(t.Context(), filter, func(l *consumer.DeadLetter) error {
		lines = append(lines, fmt.Sprintf("%s %s %s %d", l.LetterPosition, l.Reason, l.Service, l.Attempts))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, ", ")
}

// replayed says what became of which letters.
func replayed(t *testing.T, d *consumer.DeadLetters, replay consumer.Replay) string {
	t.Helper()
	var lines []string
	err := d.Replay(t.Context(), replay, func(l *consumer.DeadLetter, outcome consumer.Outcome) {
		lines = append(lines, fmt.Sprintf("%s %s", l.LetterPosition, outcome))
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, ", ")
}

// refuseAll makes every event a dead letter.
func refuseAll(c *consumer.Config) { c.Decoder = payload.Decoder{MaxBytes: 1} }

func TestReplayKeepsTheMessageAndCountsAttempts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	junk := []byte("\xff\x00 no event")
	good := []byte(message(1, 0, "puptoo", "received"))
	own := []kgo.RecordHeader{
		{Key: "error.code", Value: []byte("the producer's own")}, {Key: "twice", Value: []byte("a")}, {Key: "twice", Value: []byte{0, 0xff}},
	}
	b.ProduceRecords(
		&kgo.Record{Partition: 2, Key: []byte("k\x00y"), Value: junk, Headers: own},
		&kgo.Record{Partition: 2, Value: good},
		&kgo.Record{Partition: 2, Value: nil},
	)
	first := b.start(refuseAll)
	b.waitPosition(2, 3)
	first.stop()
	d := b.letters()
	if got := listed(t, d, consumer.LetterFilter{}); got != "0:0 too_large  0, 0:1 too_large puptoo 0, 0:2 not_json  0" {
		t.Fatalf("letters: %s", got)
	}
	if got := replayed(t, d, consumer.Replay{DryRun: true}); got != "0:0 sent, 0:1 sent, 0:2 sent" || b.End(2) != 3 {
		t.Errorf("a dry run: %s; the topic ends at %d", got, b.End(2))
	}
	if got := replayed(t, d, consumer.Replay{}); got != "0:0 sent, 0:1 sent, 0:2 sent" {
		t.Errorf("replay: %s", got)
	}
	sent := b.Read(b.Topic, 6)[3:]
	if !bytes.Equal(sent[0].Value, junk) || string(sent[0].Key) != "k\x00y" || !bytes.Equal(sent[1].Value, good) || sent[2].Value != nil {
		t.Errorf("sent %q %q, %q, %q", sent[0].Key, sent[0].Value, sent[1].Value, sent[2].Value)
	}
	for i, h := range append(own, kgo.RecordHeader{Key: "replay.attempts", Value: []byte("1")}) {
		if got := sent[0].Headers; len(got) != 4 || got[i].Key != h.Key || !bytes.Equal(got[i].Value, h.Value) {
			t.Errorf("headers %v", got)
		}
	}
	if sent[0].Partition != 2 {
		t.Errorf("sent to partition %d", sent[0].Partition)
	}

	// The good one is an event now; what fails again comes back.
	b.start()
	b.waitPosition(2, 6)
	if got := b.statuses(); got != 1 {
		t.Errorf("%d statuses, want 1", got)
	}
	if got := listed(t, d, consumer.LetterFilter{At: []consumer.LetterPosition{{Offset: 3}, {Offset: 4}}}); got != "0:3 invalid_utf8  1, 0:4 not_json  1" {
		t.Errorf("came back: %s", got)
	}
	if got := replayed(t, d, consumer.Replay{}); strings.Count(got, "sent by an earlier replay") != 3 || !strings.HasSuffix(got, "0:3 sent, 0:4 sent") {
		t.Errorf("second replay: %s", got)
	}
	b.waitPosition(2, 8)
	if got := listed(t, d, consumer.LetterFilter{Reasons: []string{"invalid_utf8"}}); got != "0:3 invalid_utf8  1, 0:5 invalid_utf8  2" {
		t.Errorf("attempts: %s", got)
	}
	if got := replayed(t, d, consumer.Replay{Again: true, LetterFilter: consumer.LetterFilter{At: []consumer.LetterPosition{{Offset: 1}}}}); got != "0:1 sent" {
		t.Errorf("again: %s", got)
	}
	b.waitPosition(2, 9)
	if got := b.statuses(); got != 1 {
		t.Errorf("%d statuses after the same event again, want 1", got)
	}
}

func TestReplayStopsAtTheLettersOfItsStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var junk []string
	for i := range 3000 {
		junk = append(junk, "junk "+strconv.Itoa(i))
	}
	b.Produce(0, junk...)
	b.start()
	b.waitPosition(0, 3000)
	d := b.letters()
	// Each letter that is sent comes back while the others are being read.
	if got := strings.Count(replayed(t, d, consumer.Replay{}), " sent"); got != 3000 {
		t.Errorf("sent %d letters, want 3000", got)
	}
	b.waitPosition(0, 6000)
	if got := b.count(`SELECT sum(count) FROM dead_letters`); got != 6000 {
		t.Errorf("counted %d, want 6000", got)
	}
}

// Two replays at once would both send what neither has noted.
func TestOneReplayAtATime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, "junk", "more")
	taking := b.start()
	b.waitPosition(0, 2)
	taking.stop() // or what is sent would come back meanwhile
	nobody := func(l *consumer.DeadLetter, o consumer.Outcome) {
		t.Errorf("the other one: %s %s", l.LetterPosition, o)
	}
	first, other, heard := b.letters(), b.letters(), 0
	err := first.Replay(t.Context(), consumer.Replay{}, func(*consumer.DeadLetter, consumer.Outcome) {
		heard++
		if err := other.Replay(t.Context(), consumer.Replay{Again: true}, nobody); err == nil || !strings.Contains(err.Error(), "wait until it has ended") {
			t.Errorf("the other one says %v", err)
		}
		if got := replayed(t, other, consumer.Replay{DryRun: true, Again: true}); got != "0:0 sent, 0:1 sent" {
			t.Errorf("a dry run meanwhile: %s", got)
		}
	})
	if err != nil || heard != 2 {
		t.Errorf("%d letters, %v", heard, err)
	}
	if got := replayed(t, other, consumer.Replay{}); got != "0:0 sent by an earlier replay, 0:1 sent by an earlier replay" || b.End(0) != 4 {
		t.Errorf("after the first: %s; the topic ends at %d", got, b.End(0))
	}
}

// Whoever has lost the lock sends nothing more: another may be at it.
func TestAReplayEndsWithItsLock(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var junk []string
	for i := range 1500 {
		junk = append(junk, "junk "+strconv.Itoa(i))
	}
	b.Produce(0, junk...)
	first := b.start()
	b.waitPosition(0, 1500)
	first.stop()
	sent := 0
	err := b.letters().Replay(t.Context(), consumer.Replay{}, func(*consumer.DeadLetter, consumer.Outcome) {
		if sent++; sent == 1 {
			b.exec(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'payload-tracker replay'`)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "begin again") || sent != 1000 || b.End(0) != 2500 {
		t.Errorf("%d sent, the topic ends at %d: %v", sent, b.End(0), err)
	}
	if got := strings.Count(replayed(t, b.letters(), consumer.Replay{}), " sent,"); got != 499 {
		t.Errorf("then %d", got)
	}
}

func TestReplayRefusesWhatIsCut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.Broker().Cluster().CreateTopic("small", 1, map[string]string{"max.message.bytes": "200000"}); err != nil {
		t.Fatal(err)
	}
	large := make([]byte, 600_000)
	for i := range large { // nothing a compressor can shrink
		sum := sha256.Sum256([]byte(strconv.Itoa(i / 32)))
		large[i] = sum[i%32]
	}
	b.ProduceRecords(&kgo.Record{Value: large}, &kgo.Record{Value: []byte("junk")})
	b.ProduceRecords(&kgo.Record{Topic: "small", Value: []byte("of someone else")})
	small := func(c *consumer.Config) { c.DeadLetterTopic = "small" }
	b.start(small)
	b.waitPosition(0, 2)
	got := replayed(t, b.letters(small), consumer.Replay{})
	want := "0:0 not sent: it is no dead letter of this topic, 0:1 not sent: only its beginning is kept, 0:2 sent"
	if got != want {
		t.Errorf("replay: %s, want %s", got, want)
	}
	if b.waitPosition(0, 3); b.End(0) != 3 {
		t.Errorf("the topic ends at %d", b.End(0))
	}
}

func TestLettersChosen(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *consumertest.Config) { c.Partitions = 1 })
	at := func(minute int) time.Time { return time.Date(2026, 3, 4, 12, minute, 0, 0, time.UTC) }
	junk := func(service string) []byte { return fmt.Appendf(nil, `{"service":%q}`, service) }
	b.ProduceRecords(
		&kgo.Record{Value: junk("Puptoo"), Timestamp: at(0)},
		&kgo.Record{Value: []byte("[]"), Timestamp: at(1)},
		&kgo.Record{Value: junk("advisor"), Timestamp: at(2)},
	)
	b.start()
	b.waitPosition(0, 3)
	d := b.letters()
	for _, c := range []struct {
		filter consumer.LetterFilter
		want   string
	}{
		{consumer.LetterFilter{Reasons: []string{"missing_field"}}, "0:0 missing_field puptoo 0, 0:2 missing_field advisor 0"},
		{consumer.LetterFilter{Services: []string{"advisor", ""}}, "0:1 not_object  0, 0:2 missing_field advisor 0"},
		{consumer.LetterFilter{Since: at(1), Until: at(2)}, "0:1 not_object  0"},
		{consumer.LetterFilter{At: []consumer.LetterPosition{{Offset: 1}, {Partition: 3}, {Offset: 9}}}, "0:1 not_object  0"},
		{consumer.LetterFilter{Reasons: []string{"bad_date"}}, ""},
	} {
		if got := listed(t, d, c.filter); got != c.want {
			t.Errorf("%+v: %s, want %s", c.filter, got, c.want)
		}
	}
	if err := d.Read(t.Context(), consumer.LetterFilter{}, func(*consumer.DeadLetter) error { return errStop }); !errors.Is(err, errStop) {
		t.Errorf("read ended with %v", err)
	}
}

var errStop = errors.New("stop")

func TestLettersOfATopicThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.letters(func(c *consumer.Config) { c.DeadLetterTopic = "nowhere" })
	err := d.Read(t.Context(), consumer.LetterFilter{}, func(*consumer.DeadLetter) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "the dead-letter topic nowhere does not exist") {
		t.Errorf("says %v", err)
	}
}

func TestAReplayThatCannotSendSendsTheRestLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, "junk")
	b.start()
	b.waitPosition(0, 1)
	fail := b.failProduce(b.Topic)
	d := b.letters()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := d.Replay(ctx, consumer.Replay{}, func(l *consumer.DeadLetter, o consumer.Outcome) { t.Errorf("%s %s", l.LetterPosition, o) })
	if err == nil || !strings.Contains(err.Error(), "send dead letter 0:0") {
		t.Errorf("says %v", err)
	}
	fail.Store(false)
	if got := replayed(t, b.letters(), consumer.Replay{}); got != "0:0 sent" {
		t.Errorf("then: %s", got)
	}
}

func TestARefusedEventWaitsForTheDeadLetterTopic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refusePoison()
	fail := b.failProduce(b.DeadLetterTopic)
	poison := strings.Replace(message(2, 0, "ingress", "received"), "700101", "poison", 1)
	b.Produce(0, message(1, 0, "ingress", "received"), poison, message(3, 0, "ingress", "received"), poison)
	r := b.start()
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "dead-letter topic") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	if got := b.position(0); got > 0 {
		t.Errorf("the position moved to %d before the dead letter was acknowledged", got)
	}
	fail.Store(false)
	b.waitPosition(0, 4)
	if got := b.statuses(); got != 2 {
		t.Errorf("%d statuses, want 2", got)
	}
	if got := len(b.Read(b.DeadLetterTopic, 2)); got != 2 {
		t.Errorf("%d dead letters, want 2", got)
	}
	groups, err := b.store.DeadLetters(t.Context(), store.DeadLetterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || groups[0].Reason != "refused" || groups[0].Service != "ingress" || groups[0].Count != 2 || groups[0].SampleOffset != 3 || groups[0].Sample != poison {
		t.Errorf("counted %+v", groups)
	}
}
