package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/payload-tracker/payload-tracker/bench/data/stock"
)

// load asks for payloads, drawn from all. It speaks just enough HTTP: a whole client would take the processor from what
// is measured.
type load struct {
	address               string
	question              string // a GraphQL document to ask; "" asks the REST route
	plan                  stock.Plan
	payloads, connections int
	serve                 int // process id of who answers
}

// outcome is how long each request took.
type outcome struct {
	times   []time.Duration
	lasting time.Duration
}

func (o outcome) rate() float64 { return float64(len(o.times)) / o.lasting.Seconds() }

// at is the quantile of sorted times.
func (o outcome) at(share float64) time.Duration {
	return o.times[min(int(share*float64(len(o.times))), len(o.times)-1)]
}

// run asks for some time: as often as it goes, or at a rate a second. Then a request's time counts from when it was
// due, so that waiting for an earlier one is not forgotten.
func (l load) run(ctx context.Context, lasting time.Duration, rate float64) (outcome, error) {
	group, ctx := errgroup.WithContext(ctx)
	all := make([][]time.Duration, l.connections)
	began := time.Now()
	for i := range all {
		group.Go(func() error {
			caller, err := l.dial(ctx, uint64(i))
			if err != nil {
				return err
			}
			defer caller.conn.Close()
			for n := 0; ; n++ {
				due := time.Now()
				if rate > 0 {
					due = began.Add(time.Duration(float64(n*l.connections+i) / rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				if due.Sub(began) > lasting || ctx.Err() != nil {
					return ctx.Err()
				}
				if err := caller.ask(); err != nil {
					return err
				}
				all[i] = append(all[i], time.Since(due))
			}
		})
	}
	err := group.Wait()
	o := outcome{times: slices.Concat(all...), lasting: time.Since(began)}
	slices.Sort(o.times)
	if err == nil && len(o.times) == 0 {
		err = errors.New("nothing was answered")
	}
	return o, err
}

type caller struct {
	load
	conn   net.Conn
	reader *bufio.Reader
	random *rand.Rand
	buffer []byte
}

func (l load) dial(ctx context.Context, seed uint64) (*caller, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return nil, err
	}
	return &caller{load: l, conn: conn, reader: bufio.NewReaderSize(conn, 64<<10), random: rand.New(rand.NewPCG(seed, 1))}, nil
}

// ask wants 200 and a body of the length that was told.
func (c *caller) ask() error {
	c.request(c.plan.RequestID(c.random.IntN(c.payloads)).String())
	if _, err := c.conn.Write(c.buffer); err != nil {
		return err
	}
	length, chunked := -1, false
	for n := 0; ; n++ {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if n == 0 && !bytes.Contains(line, []byte(" 200 ")) {
			return fmt.Errorf("the answer to %.60q is %q", c.buffer, line)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	if !chunked {
		_, err := c.reader.Discard(length)
		return err
	}
	return c.discardChunks()
}

// request writes the one for a payload into the buffer.
func (c *caller) request(id string) {
	if c.question == "" {
		c.buffer = fmt.Appendf(c.buffer[:0], "GET /api/v1/payloads/%s HTTP/1.1\r\nHost: bench\r\n\r\n", id)
		return
	}
	body := fmt.Sprintf(`{"query":%q,"variables":{"id":%q}}`, c.question, id)
	c.buffer = fmt.Appendf(c.buffer[:0], "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func (c *caller) discardChunks() error {
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(line[:max(len(line)-2, 0)], 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c.reader, size+2); err != nil || size == 0 {
			return err
		}
	}
}
