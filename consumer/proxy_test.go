package consumer_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// failProduce makes the broker refuse what is written to a topic, as one that
// forbids it, while what it returns is true.
func (b *bundle) failProduce(topic string) *atomic.Bool {
	fail := &atomic.Bool{}
	fail.Store(true)
	cluster := b.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.Produce), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		req := kreq.(*kmsg.ProduceRequest)
		if !fail.Load() {
			return nil, nil, false
		}
		id := cluster.TopicInfo(topic).TopicID
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, rt := range req.Topics {
			if rt.Topic != topic && rt.TopicID != id {
				return nil, nil, false
			}
			st := kmsg.NewProduceResponseTopic()
			st.Topic, st.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				sp := kmsg.NewProduceResponseTopicPartition()
				sp.Partition, sp.ErrorCode = rp.Partition, kerr.TopicAuthorizationFailed.Code
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
	return fail
}

// proxy stands before a server (a store's database, a consumer's broker): it
// can be cut, and fall silent.
type proxy struct {
	t      *testing.T
	target string
	tamper *tamper // with what is said to a database; nil: every byte passes
	port   string
	mu     sync.Mutex
	listen net.Listener
	conns  map[net.Conn]bool
	shut   bool
	wg     sync.WaitGroup
	gate   sync.RWMutex // held while paused
}

// newProxy returns a proxy in front of a DSN's server, and the DSN through it.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxyTo(t, u.Host, nil)
	u.Host = p.address()
	return p, u.String()
}

func newProxyTo(t *testing.T, target string, tamper *tamper) *proxy {
	t.Helper()
	p := &proxy{t: t, target: target, tamper: tamper, port: "0", conns: map[net.Conn]bool{}}
	p.open()
	t.Cleanup(p.cut)
	return p
}

func (p *proxy) address() string { return net.JoinHostPort("127.0.0.1", p.port) }

func (p *proxy) open() {
	p.t.Helper()
	listen, err := net.Listen("tcp", "127.0.0.1:"+p.port)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.listen, p.shut = listen, false
	_, p.port, _ = net.SplitHostPort(listen.Addr().String())
	p.mu.Unlock()
	p.wg.Go(func() {
		for {
			conn, err := listen.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.carry(conn) })
		}
	})
}

func (p *proxy) carry(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	if p.shut { // cut since it was accepted
		_ = client.Close()
		_ = server.Close()
	}
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	pass := func(to, from net.Conn, carry func(to io.Writer, from io.Reader)) {
		carry(paused{p, to}, from)
		_ = to.Close()
		_ = from.Close()
	}
	asks := func(to io.Writer, from io.Reader) { _, _ = io.Copy(to, from) }
	answers := asks
	if p.tamper != nil {
		talk := &conversation{tamper: p.tamper}
		asks, answers = talk.asks, talk.answers
	}
	both.Go(func() { pass(server, client, asks) })
	both.Go(func() { pass(client, server, answers) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// paused is a connection that holds back what it is given while its proxy is
// paused.
type paused struct {
	proxy *proxy
	net.Conn
}

func (c paused) Write(b []byte) (int, error) {
	c.proxy.gate.RLock()
	defer c.proxy.gate.RUnlock()
	return c.Conn.Write(b)
}

// pause makes the way to the database silent, and lets it speak again.
func (p *proxy) pause(on bool) {
	if on {
		p.gate.Lock()
	} else {
		p.gate.Unlock()
	}
}

// cut closes the door and every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	p.shut = true
	_ = p.listen.Close()
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
