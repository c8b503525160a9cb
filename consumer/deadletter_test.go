package consumer_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

func headers(r *kgo.Record) map[string]string {
	texts := map[string]string{}
	for _, h := range r.Headers {
		texts[h.Key] = string(h.Value)
	}
	return texts
}

func TestDeadLettersByteForByte(t *testing.T) {
	t.Parallel()
	b := setup(t)
	junk := []byte("\xff\x00 no event \x80")
	b.ProduceRecords(
		&kgo.Record{Partition: 1, Value: []byte(message(1, 0, "ingress", "received"))},
		&kgo.Record{Partition: 1, Key: []byte("k\x00y"), Value: junk, Headers: []kgo.RecordHeader{
			{Key: "traceparent", Value: []byte("00-1-2-01")}, {Key: "twice", Value: []byte("a")}, {Key: "twice", Value: []byte("b")},
		}},
		&kgo.Record{Partition: 1, Value: nil},
		&kgo.Record{Partition: 1, Value: []byte(message(1, 1, "ingress", "success"))},
	)
	b.start()
	b.waitPosition(1, 4)
	if got := b.statuses(); got != 2 {
		t.Errorf("%d statuses, want 2", got)
	}
	letters := b.Read(b.DeadLetterTopic, 2)
	if len(letters) != 2 {
		t.Fatalf("%d dead letters, want 2", len(letters))
	}
	l := letters[0]
	if !bytes.Equal(l.Value, junk) || string(l.Key) != "k\x00y" {
		t.Errorf("key %q, value %q", l.Key, l.Value)
	}
	var sent []string
	for _, h := range l.Headers[:3] {
		sent = append(sent, h.Key+"="+string(h.Value))
	}
	if got := strings.Join(sent, " "); got != "traceparent=00-1-2-01 twice=a twice=b" {
		t.Errorf("headers %s", got)
	}
	added := headers(l)
	for key, want := range map[string]string{
		"error.code": "invalid_utf8", "__connect.errors.topic": b.Topic,
		"__connect.errors.partition": "1", "__connect.errors.offset": "1",
	} {
		if added[key] != want {
			t.Errorf("%s is %q, want %q", key, added[key], want)
		}
	}
	if added["error.message"] == "" || len(added) != 7 {
		t.Errorf("headers %v", added)
	}
	if got := headers(letters[1])["error.code"]; got != "not_json" || letters[1].Value != nil {
		t.Errorf("a tombstone became %s, value %q", got, letters[1].Value)
	}
}

func TestDeadLetterTopicIsMade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, "junk")
	r := b.start(func(c *consumer.Config) { c.DeadLetterTopic = "elsewhere" })
	if got := b.Read("elsewhere", 1); string(got[0].Value) != "junk" {
		t.Errorf("dead letter %q", got[0].Value)
	}
	r.waitReady()
}

func TestADeadLetterTopicThatCannotBeMadeIsSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cluster := b.Broker().Cluster()
	var allowed atomic.Bool
	cluster.ControlKey(int16(kmsg.CreateTopics), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if allowed.Load() {
			return nil, nil, false
		}
		resp := kreq.ResponseKind().(*kmsg.CreateTopicsResponse)
		for _, topic := range kreq.(*kmsg.CreateTopicsRequest).Topics {
			refused := kmsg.NewCreateTopicsResponseTopic()
			refused.Topic, refused.ErrorCode = topic.Topic, kerr.TopicAuthorizationFailed.Code
			resp.Topics = append(resp.Topics, refused)
		}
		return resp, nil, true
	})
	r := b.start(func(c *consumer.Config) { c.DeadLetterTopic, c.WatchEvery = "elsewhere", 100*time.Millisecond })
	consumertest.Wait(t, "not ready", func() error {
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), "elsewhere does not exist and could not be made") {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	b.Produce(0, message(1, 0, "ingress", "received"))
	b.waitStatuses(1) // events are taken in all the same
	allowed.Store(true)
	r.waitReady()
	b.Produce(0, "junk")
	if got := b.Read("elsewhere", 1); string(got[0].Value) != "junk" {
		t.Errorf("dead letter %q", got[0].Value)
	}
}

func TestADeadLetterTooLargeForItsTopicIsCut(t *testing.T) {
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
	b.ProduceRecords(
		&kgo.Record{Value: []byte("junk")},
		&kgo.Record{Value: large, Key: []byte("key")},
		&kgo.Record{Value: []byte("more junk")},
		&kgo.Record{Value: []byte("x"), Headers: []kgo.RecordHeader{{Key: "h", Value: large}}},
	)
	b.start(func(c *consumer.Config) { c.DeadLetterTopic = "small" })
	letters := b.Read("small", 4)
	b.waitPosition(0, 4)
	byOffset := map[string]*kgo.Record{}
	for _, l := range letters {
		byOffset[headers(l)["__connect.errors.offset"]] = l
	}
	if got := string(byOffset["0"].Value) + string(byOffset["2"].Value); got != "junkmore junk" {
		t.Errorf("small ones: %q", got)
	}
	cut, sum := byOffset["1"], sha256.Sum256(large)
	h := headers(cut)
	if !bytes.Equal(cut.Value, large[:64<<10]) || h["truncated"] != "true" || h["size"] != "600000" || h["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("cut to %d bytes with %v", len(cut.Value), h)
	}
	if h := headers(byOffset["3"]); h["truncated"] != "true" || h["h"] != "" || h["error.code"] == "" {
		t.Errorf("huge headers: %d of them", len(h))
	}
}

func TestADeadLetterThatCannotBeWrittenStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fail := b.failProduce(b.DeadLetterTopic)
	b.Produce(0, "junk", message(1, 0, "ingress", "received"))
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
	b.waitPosition(0, 2)
	if got := b.Read(b.DeadLetterTopic, 1); len(got) != 1 {
		t.Errorf("%d dead letters", len(got))
	}
	r.waitReady()
}

// refusePoison makes the database refuse what comes from the org "poison".
func (b *bundle) refusePoison() {
	b.t.Helper()
	_, err := b.conn.Exec(b.t.Context(), `
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.org_id = 'poison' THEN RAISE EXCEPTION 'never' USING ERRCODE = '22023'; END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON payloads FOR EACH ROW EXECUTE FUNCTION refuse()`)
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestWhatTheDatabaseRefusesBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refusePoison()
	poison := strings.Replace(message(2, 0, "ingress", "received"), "700101", "poison", 1)
	b.Produce(0, message(1, 0, "ingress", "received"))
	b.ProduceRecords(&kgo.Record{Key: []byte("k"), Value: []byte(poison), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}})
	b.Produce(0, message(3, 0, "ingress", "received"))
	b.start()
	letters := b.Read(b.DeadLetterTopic, 1)
	b.waitPosition(0, 3)
	if got := b.statuses(); got != 2 {
		t.Errorf("%d statuses, want 2", got)
	}
	l, h := letters[0], headers(letters[0])
	if string(l.Value) != poison || string(l.Key) != "k" || h["h"] != "v" || h["error.code"] != "refused" || h["__connect.errors.offset"] != "1" {
		t.Errorf("dead letter %q %v", l.Value, h)
	}
}

func TestJunkThatIsOnlyCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	junk := strings.Replace(message(1, 0, "advisor", "error"), requestID(1).String(), "third-party", 1)
	b.Produce(0, junk, "other junk", junk)
	b.start(func(c *consumer.Config) { c.CountOnly = []string{"third-party"} })
	b.waitPosition(0, 3)
	if got := b.Read(b.DeadLetterTopic, 1); len(got) != 1 || string(got[0].Value) != "other junk" {
		t.Errorf("%d dead letters", len(got))
	}
	groups, err := b.store.DeadLetters(t.Context(), store.DeadLetterFilter{Reason: &store.Text{Eq: new("bad_request_id")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || groups[0].Service != "advisor" || groups[0].Count != 2 || groups[0].SampleOffset != 2 || groups[0].Sample != junk {
		t.Errorf("counted %+v", groups)
	}
}

func TestTheSizeLimitIsASetting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Produce(0, message(1, 0, "ingress", "received"))
	b.start(func(c *consumer.Config) { c.Decoder = payload.Decoder{MaxBytes: 40} })
	if got := headers(b.Read(b.DeadLetterTopic, 1)[0])["error.code"]; got != "too_large" {
		t.Errorf("reason %s", got)
	}
}
