package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/twmb/franz-go/pkg/kgo"
)

// load sends events about each active payload in turn and knows when each was sent.
type load struct {
	client *kgo.Client
	topic  string
	s      settings

	mu     sync.Mutex
	sent   [][]time.Time // by followed payload and number of its event
	seen   []int         // of these, how many have been pushed
	took   []time.Duration
	pushes int
}

func newLoad(brokers, topic string, s settings) (*load, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerLinger(0))
	if err != nil {
		return nil, err
	}
	s.active = max(s.active, s.subscribers)
	return &load{client: client, topic: topic, s: s, sent: make([][]time.Time, s.subscribers), seen: make([]int, s.subscribers)}, nil
}

var steps = []struct{ service, status string }{
	{"ingress", "received"},
	{"ingress", "processing"},
	{"puptoo", "received"},
	{"puptoo", "processing"},
	{"inventory", "received"},
	{"inventory", "processing"},
	{"advisor", "received"},
	{"advisor", "processing"},
}

// produce sends at the rate, for so long.
func (l *load) produce(ctx context.Context, lasts time.Duration) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	begun, produced := time.Now(), 0
	for time.Since(begun) < lasts {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		for due := int(time.Since(begun).Seconds() * float64(l.s.rate)); produced < due; produced++ {
			l.client.Produce(ctx, &kgo.Record{Topic: l.topic, Value: l.event(produced%l.s.active, produced/l.s.active)}, nil)
		}
	}
	return l.client.Flush(ctx)
}

func (l *load) event(number, turn int) []byte {
	now := time.Now()
	if number < len(l.sent) {
		l.mu.Lock()
		l.sent[number] = append(l.sent[number], now)
		l.mu.Unlock()
	}
	step := steps[turn%len(steps)]
	text := fmt.Sprintf(`{"service":%q,"request_id":%q,"account":"%07d","org_id":"%08d","status":%q,"date":%q,"status_msg":"%d `,
		step.service, requestID(number), number, number%500, step.status, now.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), turn)
	return []byte(text + strings.Repeat("payload went on as planned; ", 11)[:max(298-len(text), 0)] + `"}`)
}

func requestID(number int) string {
	source := rand.New(rand.NewPCG(uint64(number), 9))
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], source.Uint64())
	binary.BigEndian.PutUint64(id[8:], source.Uint64())
	return hex.EncodeToString(id[:])
}

// pushed notes that an answer shows a payload's event, and with it all before.
func (l *load) pushed(number, turn int) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pushes++
	for ; l.seen[number] <= turn; l.seen[number]++ {
		l.took = append(l.took, now.Sub(l.sent[number][l.seen[number]]))
	}
}

func (l *load) result() (took []time.Duration, pushes, missing int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for number, sent := range l.sent {
		missing += len(sent) - l.seen[number]
	}
	return l.took, l.pushes, missing
}

const query = `subscription ($id: RequestID!) { payload(requestId: $id) {
	requestId orgId updatedAt verdict { state sentence final servicesPassed failure { service message } }
	current { service source status message date }
	timeline(last: 5) { nodes { id service source status message date sincePrevious } }
	stages { service source state startedAt endedAt duration } } }`

// follower is one websocket.
type follower struct {
	conn   *websocket.Conn
	load   *load
	number int
}

type message struct {
	Type    string
	Payload struct {
		Data struct {
			Payload *struct{ Current struct{ Message string } }
		}
		Errors json.RawMessage
	}
}

// follow connects and takes the first answer, which says that the payload is unknown.
func follow(ctx context.Context, url string, l *load, number int) (*follower, error) {
	conn, response, err := websocket.Dial(ctx, url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, err
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	f := &follower{conn: conn, load: l, number: number}
	subscribe, err := json.Marshal(map[string]any{
		"type": "subscribe", "id": "1", "payload": map[string]any{"query": query, "variables": map[string]string{"id": requestID(number)}},
	})
	if err != nil {
		return nil, err
	}
	for _, text := range []string{`{"type":"connection_init"}`, string(subscribe)} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			return nil, err
		}
	}
	for _, kind := range []string{"connection_ack", "next"} {
		m, err := f.next(ctx)
		if err != nil || m.Type != kind {
			return nil, fmt.Errorf("%s, not %s: %s (%w)", m.Type, kind, m.Payload.Errors, err)
		}
	}
	return f, nil
}

func (f *follower) next(ctx context.Context) (m message, err error) {
	_, text, err := f.conn.Read(ctx)
	if err != nil {
		return m, err
	}
	// The payload of an error is a list: its text says enough.
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%w: %s", err, text)
	}
	return m, nil
}

// read takes answers until ctx ends.
func (f *follower) read(ctx context.Context) error {
	defer func() { _ = f.conn.CloseNow() }()
	for {
		m, err := f.next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case m.Type != "next" || m.Payload.Data.Payload == nil:
			return fmt.Errorf("%s: %s", m.Type, m.Payload.Errors)
		}
		turn, _, _ := strings.Cut(m.Payload.Data.Payload.Current.Message, " ")
		n, err := strconv.Atoi(turn)
		if err != nil {
			return err
		}
		f.load.pushed(f.number, n)
	}
}
