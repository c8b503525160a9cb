package rollup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// codecVersion is the first byte of an encoded sum.
const codecVersion = 1

// AppendBinary appends the sum's bytes; what is zero is left out. Names are
// written once: most counters of a batch are of few services and its
// organisations.
func (s *Sum) AppendBinary(b []byte) []byte {
	w := &encoder{names: map[string]uint64{}, base: s.earliest()}
	w.stages(s.Stages)
	w.handovers(s.Handovers)
	w.failures(s.Failures)
	b = append(b, codecVersion)
	b = binary.AppendVarint(b, int64(w.base))
	b = binary.AppendUvarint(b, uint64(len(w.list)))
	for _, name := range w.list {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
	}
	return append(b, w.b...)
}

// Empty tells whether the sum counts nothing.
func (s *Sum) Empty() bool {
	for _, c := range s.Stages {
		if !c.Zero() {
			return false
		}
	}
	for _, c := range s.Handovers {
		if !c.Zero() {
			return false
		}
	}
	for _, c := range s.Failures {
		if !c.Zero() {
			return false
		}
	}
	return true
}

func (s *Sum) earliest() Bucket {
	least := Bucket(math.MaxInt64)
	for k := range s.Stages {
		least = min(least, k.Bucket)
	}
	for k := range s.Handovers {
		least = min(least, k.Bucket)
	}
	for k := range s.Failures {
		least = min(least, k.Bucket)
	}
	return least
}

type encoder struct {
	b     []byte
	names map[string]uint64
	list  []string
	base  Bucket
}

func (w *encoder) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *encoder) int(v int64) { w.b = binary.AppendVarint(w.b, v) }

func (w *encoder) bucket(b Bucket) { w.uint(uint64(b - w.base)) }

func (w *encoder) name(name string) uint64 {
	n, known := w.names[name]
	if !known {
		n = uint64(len(w.list))
		w.names[name], w.list = n, append(w.list, name)
	}
	return n
}

// counts writes which are not zero, then these.
func (w *encoder) counts(counts ...int64) {
	var mask uint64
	for i, n := range counts {
		if n != 0 {
			mask |= 1 << i
		}
	}
	w.uint(mask)
	for _, n := range counts {
		if n != 0 {
			w.int(n)
		}
	}
}

func (w *encoder) sparse(s Sparse) { w.b = s.AppendBinary(w.b) }

// AppendBinary appends the row's bytes.
func (s Sparse) AppendBinary(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	before := uint16(0)
	for _, c := range s {
		b = binary.AppendUvarint(b, uint64(c.Slot-before))
		b = binary.AppendVarint(b, c.N)
		before = c.Slot
	}
	return b
}

// many writes those of a map that are not zero, after their number.
func many[K comparable, V interface{ Zero() bool }](w *encoder, m map[K]V, write func(K, V)) {
	n := 0
	for _, v := range m {
		if !v.Zero() {
			n++
		}
	}
	w.uint(uint64(n))
	for k, v := range m {
		if !v.Zero() {
			write(k, v)
		}
	}
}

func (w *encoder) stages(m map[StageKey]*Stage) {
	many(w, m, func(k StageKey, s *Stage) {
		w.bucket(k.Bucket)
		w.uint(w.name(k.Org))
		w.uint(w.name(k.Service))
		w.uint(w.name(k.Source)<<2 | uint64(k.Scope))
		w.counts(s.Received, s.Succeeded, s.Failed, s.Open, s.Retried)
		w.sparse(s.Durations)
	})
}

func (w *encoder) handovers(m map[HandoverKey]*Handover) {
	many(w, m, func(k HandoverKey, h *Handover) {
		w.bucket(k.Bucket)
		w.uint(w.name(k.Org))
		w.uint(w.name(k.From))
		w.uint(w.name(k.To))
		w.counts(h.Payloads, h.Failed)
		w.sparse(h.Waits)
	})
}

func (w *encoder) failures(m map[FailureKey]*Failure) {
	many(w, m, func(k FailureKey, f *Failure) {
		w.bucket(k.Bucket)
		w.uint(w.name(k.Org))
		w.uint(w.name(k.Service))
		w.uint(w.name(k.Source))
		w.uint(uint64(k.Fingerprint))
		var first, last int64
		if !f.First.IsZero() {
			first, last = f.First.UnixMicro()+1, f.Last.UnixMicro()+1
		}
		w.counts(f.Total, f.Open, first, last, f.Payload)
		w.uint(w.name(f.Message))
	})
}

// Add adds the sum that AppendBinary wrote; after an error it has added some
// of it.
func (s *Sum) Add(data []byte) error {
	if len(data) == 0 || data[0] != codecVersion {
		return errors.New("not a sum of a known version")
	}
	r := &decoder{b: data[1:]}
	r.base = Bucket(r.int())
	r.list = make([]string, r.count())
	for i := range r.list {
		r.list[i] = string(r.take(r.count()))
	}
	for range r.count() {
		r.stage(s)
	}
	for range r.count() {
		r.handover(s)
	}
	for range r.count() {
		r.failure(s)
	}
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("a sum of %d bytes is damaged", len(data))
	}
	return nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (s *Sparse) UnmarshalBinary(data []byte) error {
	r := &decoder{b: data}
	*s = r.sparse()
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("a histogram of %d bytes is damaged", len(data))
	}
	return nil
}

type decoder struct {
	b    []byte
	list []string
	base Bucket
	bad  bool
}

func (r *decoder) fail() { r.bad, r.b = true, nil }

func (r *decoder) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *decoder) int() int64 {
	v := r.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// count is a number of things that take at least one byte each.
func (r *decoder) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *decoder) take(n int) []byte {
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *decoder) bucket() Bucket { return r.base + Bucket(r.uint()) }

func (r *decoder) name() string { return r.named(r.uint()) }

func (r *decoder) named(n uint64) string {
	if n >= uint64(len(r.list)) {
		r.fail()
		return ""
	}
	return r.list[n]
}

func (r *decoder) counts(counts ...*int64) {
	mask := r.uint()
	for i, n := range counts {
		if mask&(1<<i) != 0 {
			*n = r.int()
		}
	}
}

func (r *decoder) sparse() Sparse {
	n := r.count()
	if n == 0 {
		return nil
	}
	s := make(Sparse, n)
	slot := uint64(0)
	for i := range s {
		slot += r.uint()
		if s[i] = (Count{uint16(slot), r.int()}); slot > math.MaxUint16 {
			r.fail()
		}
	}
	return s
}

func (r *decoder) stage(s *Sum) {
	k := StageKey{Bucket: r.bucket(), Org: r.name(), Service: r.name()}
	source := r.uint()
	k.Source, k.Scope = r.named(source>>2), Scope(source&3)
	var c Stage
	r.counts(&c.Received, &c.Succeeded, &c.Failed, &c.Open, &c.Retried)
	c.Durations = r.sparse()
	if !r.bad {
		at(s.Stages, k).Merge(c)
	}
}

func (r *decoder) handover(s *Sum) {
	k := HandoverKey{Bucket: r.bucket(), Org: r.name(), From: r.name(), To: r.name()}
	var c Handover
	r.counts(&c.Payloads, &c.Failed)
	c.Waits = r.sparse()
	if !r.bad {
		at(s.Handovers, k).Merge(c)
	}
}

func (r *decoder) failure(s *Sum) {
	k := FailureKey{Bucket: r.bucket(), Org: r.name(), Service: r.name(), Source: r.name(), Fingerprint: payload.Fingerprint(r.uint())}
	var c Failure
	var first, last int64
	r.counts(&c.Total, &c.Open, &first, &last, &c.Payload)
	if first != 0 {
		c.First, c.Last = time.UnixMicro(first-1).UTC(), time.UnixMicro(last-1).UTC()
	}
	if c.Message = r.name(); !r.bad {
		at(s.Failures, k).Merge(c)
	}
}

// MembersOf is how many different members sets have together, whose bytes
// stand one after the other.
func MembersOf(sets []byte) (int, error) {
	r := &decoder{b: sets}
	var counts [setSlots]int64
	for len(r.b) > 0 {
		slot := uint64(0)
		for range r.count() {
			slot += r.uint()
			counts[slot%setSlots] += r.int()
		}
	}
	if r.bad {
		return 0, fmt.Errorf("sets of %d bytes are damaged", len(sets))
	}
	return members(counts[:]), nil
}
