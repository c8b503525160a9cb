package consumer

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/trace"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// partition is one assignment of one partition. A new assignment, and a
// position that moved under us, make a new one: rows know whose they are by
// this pointer, and rows of a former one are dropped.
type partition struct {
	number  int32
	topicID [16]byte
	next    int64 // the position the database has once everything taken in so far is stored
	read    int64 // offset of the next record: next, unless the log was cut or made again
	stored  int64 // the position the database is known to have
	told    int64 // the position Kafka was told
	seek    bool  // fetching must be moved to read
	gap     int64 // where records were missing; -1 nowhere
}

// stretch is what one partition adds to a batch.
type stretch struct {
	owner   *partition
	part    store.Part
	offsets []int64  // of part.Events: a refused one is read again by its offset
	letters []letter // records that are no events
	sent    bool     // letters are acknowledged
	rows    int      // records, those only counted too
	bytes   int
}

// batch is what is stored at once.
type batch struct {
	stretches map[int32]*stretch
	rows      int // records
	bytes     int // of their values
	since     time.Time
	links     []trace.Link // to the producers' traces, mostLinks of them
}

func newBatch() *batch { return &batch{stretches: map[int32]*stretch{}} }

// lane is the way of some partitions into the store: one batch that grows and
// one that is being stored. The database works for one lane while this
// process works for the other.
type lane struct {
	number int
	work   chan struct{} // the open batch has grown

	// guarded by session.mu
	open   *batch
	taken  time.Time // when the last batch was taken
	flying *flight   // the batch being stored; nil when idle
}

func newLane(number int) *lane {
	return &lane{number: number, work: make(chan struct{}, 1), open: newBatch()}
}

func (s *session) lane(partition int32) *lane { return s.lanes[int(partition)%len(s.lanes)] }

// drop takes a partition's rows out.
func (b *batch) drop(number int32) {
	s := b.stretches[number]
	if s == nil {
		return
	}
	delete(b.stretches, number)
	b.rows -= s.rows
	b.bytes -= s.bytes
	if len(b.stretches) == 0 {
		*b = *newBatch()
	}
}

// drop takes a partition's rows out of its open batch, under s.mu; a reader
// that found the batch full may go on.
func (s *session) drop(number int32) {
	s.lane(number).open.drop(number)
	signal(s.room)
}

// chunk is what one poll brought of one partition, decoded.
type chunk struct {
	owner   *partition
	events  []payload.Event
	offsets []int64
	letters []letter
	counts  store.LetterCounts // of letters, and of what is only counted
	rows    int
	bytes   int
	to      int64 // offset after the last record
	epoch   int32
	links   []trace.Link
}

// decode reads a partition's records. Those before owner.read were read
// already: they are left out, and fetching is moved to where it should be.
func (s *session) decode(owner *partition, read int64, records []*kgo.Record) (c chunk, backward bool) {
	c = chunk{
		owner: owner, to: read, epoch: -1,
		events: make([]payload.Event, 0, len(records)), offsets: make([]int64, 0, len(records)),
		links: s.c.tracer.linksOf(records),
	}
	m := s.c.metrics
	for _, r := range records {
		if r.Offset < c.to {
			backward = true
			continue
		}
		if r.Offset > c.to {
			m.skippedOffsets.Add(float64(r.Offset - c.to))
		}
		c.to, c.epoch = r.Offset+1, r.LeaderEpoch
		c.rows++
		c.bytes += len(r.Value)
		event, err := s.c.config.Decoder.Decode(r.Value)
		if err != nil {
			s.c.rejected(&c, r, err)
			continue
		}
		if event.OrgID == "" {
			m.withoutOrg.Inc()
		}
		if event.Oddities != 0 {
			for _, field := range event.Oddities.Fields() {
				m.oddities.WithLabelValues(field).Inc()
			}
		}
		c.events, c.offsets = append(c.events, event), append(c.offsets, r.Offset)
	}
	m.consumed.Add(float64(c.rows))
	return c, backward
}

// add puts a chunk into the open batch, unless its partition has changed
// hands since.
func (s *session) add(c chunk) {
	if c.rows == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts[c.owner.number] != c.owner {
		return
	}
	l := s.lane(c.owner.number)
	b := l.open
	if b.rows == 0 {
		b.since = time.Now()
	}
	st := b.stretches[c.owner.number]
	if st == nil {
		st = &stretch{owner: c.owner, part: store.Part{
			Topic: s.c.config.Topic, Partition: c.owner.number, TopicID: c.owner.topicID,
			From: c.owner.next, Events: c.events, Letters: c.counts,
		}, offsets: c.offsets, letters: c.letters}
		b.stretches[c.owner.number] = st
	} else {
		st.part.Events = append(st.part.Events, c.events...)
		st.offsets = append(st.offsets, c.offsets...)
		st.letters = append(st.letters, c.letters...)
		st.part.Letters.Merge(c.counts)
	}
	st.part.To, st.part.LeaderEpoch = c.to, c.epoch
	c.owner.next, c.owner.read = c.to, c.to
	st.rows += c.rows
	st.bytes += c.bytes
	b.rows += c.rows
	b.bytes += c.bytes
	b.links = append(b.links, c.links[:min(len(c.links), mostLinks-len(b.links))]...)
	signal(l.work)
}

func (s *session) full(b *batch) bool {
	return b.rows >= s.c.config.MaxRows || b.bytes >= s.c.config.MaxBytes
}

// awaitRoom returns when the open batches take more records; false at the end.
func (s *session) awaitRoom(ctx context.Context) bool {
	for {
		s.mu.Lock()
		full := slices.ContainsFunc(s.lanes, func(l *lane) bool { return s.full(l.open) })
		s.mu.Unlock()
		if !full {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-s.room:
		}
	}
}

// take waits until a lane's open batch is due and takes it; nil at the end. A
// batch is due when it is full, or old enough, or when nothing was taken for
// that long: so a lone event is stored at once, a stream in few transactions,
// and a backlog in full batches.
func (s *session) take(ctx context.Context, l *lane) *flight {
	for {
		s.mu.Lock()
		var wait <-chan time.Time
		if l.open.rows > 0 {
			due := min(time.Until(l.open.since.Add(s.c.config.MaxAge)), time.Until(l.taken.Add(s.c.config.MaxAge)))
			if s.full(l.open) || due <= 0 {
				f := &flight{batch: l.open, done: make(chan struct{})}
				l.flying, l.open, l.taken = f, newBatch(), time.Now()
				s.mu.Unlock()
				signal(s.room)
				return f
			}
			wait = time.After(due)
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-l.work:
		case <-wait:
		}
	}
}

// live drops the stretches whose partition has changed hands, and returns
// the others.
func (s *session) live(b *batch) []*stretch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var live []*stretch
	for number, st := range b.stretches {
		if s.parts[number] == st.owner {
			live = append(live, st)
		}
	}
	return live
}

// signal wakes who waits on c, once.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
