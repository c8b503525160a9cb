package consumer_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"sync/atomic"
)

// How the connection is cut inside the COMMIT of a batch.
const (
	commitLost       int32 = iota + 1 // it never reaches the database
	commitCut                         // it does, and nobody knows what came of it
	commitUnanswered                  // it is done, and its answer is lost
	commitHeld                        // nothing passes any more, and nobody hangs up
)

// tamper is what a proxy does to conversations with PostgreSQL.
type tamper struct {
	next     atomic.Int32  // how the next COMMIT of a batch is cut; 0: not at all
	cuts     atomic.Int32  // how many were
	from, to string        // what is put instead of what in a statement
	replaced atomic.Int32  // how often it was
	release  chan struct{} // ends what commitHeld holds
}

// withoutCompareAndSet makes the move of the positions, the guard against a
// former owner, one that always succeeds. The service itself has no such
// switch: it is made here, on the way to the database.
func withoutCompareAndSet(t *tamper) { t.from, t.to = "p.next_offset = u.before", "true" }

// take tells whether a COMMIT is to be cut in one of the ways, and uses that up.
func (t *tamper) take(ways ...int32) (way int32) {
	for _, way := range ways {
		if t.next.CompareAndSwap(way, 0) {
			t.cuts.Add(1)
			return way
		}
	}
	return 0
}

// conversation is one connection.
type conversation struct {
	*tamper
	moves atomic.Bool // its transaction moves positions: it stores a batch
}

// asks passes the client's messages on, until one is to be cut.
func (c *conversation) asks(to io.Writer, from io.Reader) {
	in, out := bufio.NewReader(from), bufio.NewWriter(to)
	for first := true; ; first = false {
		m, err := readMessage(in, first)
		if err != nil {
			return
		}
		way := int32(0)
		switch text := m.statement(); {
		case strings.EqualFold(text, "commit") && c.moves.Load():
			way = c.take(commitLost, commitCut, commitHeld)
		case strings.HasPrefix(text, "begin"):
			c.moves.Store(false)
		case strings.Contains(text, "UPDATE positions"):
			c.moves.Store(true)
			if c.from != "" && strings.Contains(text, c.from) {
				m.body = bytes.Replace(m.body, []byte(c.from), []byte(c.to), 1)
				c.replaced.Add(1)
			}
		}
		switch way {
		case commitHeld:
			<-c.release
			return
		case commitLost:
			return
		}
		m.write(out)
		if in.Buffered() == 0 || way == commitCut {
			if out.Flush() != nil || way == commitCut {
				return
			}
		}
	}
}

// answers passes the server's messages on, until one is to be cut.
func (c *conversation) answers(to io.Writer, from io.Reader) {
	in, out := bufio.NewReader(from), bufio.NewWriter(to)
	for {
		m, err := readMessage(in, false)
		if err != nil {
			return
		}
		committed := m.kind == 'C' && string(m.body) == "COMMIT\x00"
		if committed && c.moves.Load() && c.take(commitUnanswered) != 0 {
			return
		}
		m.write(out)
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}

// pgMessage is one of PostgreSQL's protocol.
type pgMessage struct {
	kind byte // 0: the first of a connection, which has none
	body []byte
}

func readMessage(in *bufio.Reader, first bool) (m pgMessage, err error) {
	if !first {
		if m.kind, err = in.ReadByte(); err != nil {
			return m, err
		}
	}
	var size [4]byte
	if _, err = io.ReadFull(in, size[:]); err != nil {
		return m, err
	}
	m.body = make([]byte, max(binary.BigEndian.Uint32(size[:]), 4)-4)
	_, err = io.ReadFull(in, m.body)
	return m, err
}

// write's errors are met by the Flush that follows.
func (m pgMessage) write(out *bufio.Writer) {
	if m.kind != 0 {
		_ = out.WriteByte(m.kind)
	}
	_, _ = out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(m.body)+4)))
	_, _ = out.Write(m.body)
}

// statement is the SQL that a message brings; "" when it brings none.
func (m pgMessage) statement() string {
	if m.kind != 'Q' && m.kind != 'P' {
		return ""
	}
	parts := strings.Split(string(m.body), "\x00")
	if m.kind == 'P' {
		return parts[1] // after the statement's name
	}
	return parts[0]
}
