package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// begun waits until the server has taken a tail in: it answers nothing at
// first, so events of a marker service are sent until one comes.
func (b *liveBundle) begun(hear func() reply) {
	b.t.Helper()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		hear()
	}()
	for n := 0; ; n++ {
		b.replica.feed(happens(900_000+n, "marker", "received"))
		select {
		case <-heard:
			time.Sleep(200 * time.Millisecond)
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// nextBut is the next answer whose status is none of the marker's.
func (e *eventStream) nextBut() reply {
	e.t.Helper()
	for {
		r := e.next()
		if len(r.Errors) > 0 {
			e.t.Fatalf("%+v", r.Errors)
		}
		if at(e.t, r.Data, "statuses", "service") != "marker" {
			return r
		}
	}
}

func TestTailGivesWhatItsFilterSays(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	tail := b.events(`subscription { statuses(filter: {service: {in: ["Inventory", "marker"]}, status: {notIn: ["success"]}}) {
		service status message requestId sincePrevious payload { requestId verdict { state } } } }`)
	b.begun(tail.next)
	first := happens(1, "inventory", "error")
	first.Message = "no such host"
	b.replica.feed(happens(1, "puptoo", "error"), happens(1, "inventory", "success"), first)
	own := &bundle{t: t, store: b.store, partition: 1}
	own.feed(happens(2, "inventory", "received")) // taken in by the server itself
	data := tail.nextBut().Data
	want(t, data, "no such host", "statuses", "message")
	want(t, data, requestID(1).String(), "statuses", "payload", "requestId")
	want(t, data, "FAILED", "statuses", "payload", "verdict", "state")
	want(t, tail.nextBut().Data, requestID(2).String(), "statuses", "requestId")
}

// Batches commit in another order than they are stamped: a tail gives both.
func TestTailMissesNoBatchThatCommitsLate(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	tail := b.events(`subscription { statuses { service requestId } }`)
	b.begun(tail.next)
	b.replica.feed(happens(1, "ingress", "received"))
	want(t, tail.nextBut().Data, requestID(1).String(), "statuses", "requestId")

	holder := storetest.Conn(t, b.dsn)
	for _, sql := range []string{"BEGIN", "SELECT FROM payloads WHERE request_id = '" + requestID(1).String() + "' FOR UPDATE"} {
		if _, err := holder.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	late := make(chan struct{})
	go func() {
		defer close(late)
		b.replica.feed(happens(1, "late", "received")) // waits for the row
	}()
	waiting := func() (n int) {
		err := holder.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for deadline := time.Now().Add(patience); waiting() == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	other := &bundle{t: t, store: b.store, partition: 1}
	other.feed(happens(2, "early", "received"))
	want(t, tail.nextBut().Data, "early", "statuses", "service")
	if _, err := holder.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	<-late
	want(t, tail.nextBut().Data, "late", "statuses", "service")
}

// Past its rate a tail is a sample, and says of how many.
func TestTailSamples(t *testing.T) {
	t.Parallel()
	const rate, many = 20, 300
	b := setupLive(t, func(c *graph.HandlerConfig) { c.Live.TailRate = rate })
	tail := b.events(`subscription { statuses(filter: {service: {in: ["flood", "end", "marker"]}}) { service message } }`)
	b.begun(tail.next)
	time.Sleep(time.Second)
	var flood []payload.Event
	for n := range many {
		e := happens(n, "flood", "received")
		e.Message = fmt.Sprint(n)
		flood = append(flood, e)
	}
	b.replica.feed(flood...)
	time.Sleep(300 * time.Millisecond)
	b.replica.feed(happens(1, "end", "received"))
	given, skipped := 0, 0.0
	for {
		r := tail.nextBut()
		if n, ok := r.Extensions["skipped"].(float64); ok {
			skipped += n
		}
		if at(t, r.Data, "statuses", "service") == "end" {
			break
		}
		given++
	}
	if given == 0 || given > 2*rate || given+int(skipped) != many {
		t.Errorf("%d given and %v skipped of %d", given, skipped, many)
	}
}

func TestTailRefusesAWrongFilter(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	c := b.connect()
	c.subscribe("1", `subscription { statuses(filter: {date: {since: "PT1H", from: "2026-01-01T00:00:00Z"}}) { service } }`)
	m := c.hear()
	if m.Type != "error" || m.ID != "1" || !strings.Contains(string(m.Payload), `"BAD_USER_INPUT"`) {
		t.Errorf("%+v %s", m, m.Payload)
	}
}

// What tails ask of the payloads of a batch is read once for all of them.
func TestTailsAreReadForTogether(t *testing.T) {
	t.Parallel()
	b := setupLive(t)
	costs := map[int]int{}
	for _, many := range []int{1, 20} {
		var tails []*eventStream
		for range many {
			tail := b.events(`subscription { statuses { service requestId payload { requestId orgId } } }`)
			b.begun(tail.next)
			tails = append(tails, tail)
		}
		time.Sleep(300 * time.Millisecond) // the markers are sent and read for
		b.statements.Reset()
		id := requestID(many)
		b.replica.feed(happens(many, "ingress", "received"), happens(many, "puptoo", "received"))
		for _, tail := range tails {
			for range 2 {
				want(t, tail.nextBut().Data, id.String(), "statuses", "payload", "requestId")
			}
		}
		for _, sql := range b.statements.SQL() {
			if !strings.HasSuffix(sql, "FROM rules") {
				costs[many]++
			}
		}
	}
	if costs[1] != costs[20] || costs[1] == 0 {
		t.Errorf("statements: %v", costs)
	}
}
