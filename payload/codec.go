package payload

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// codecVersion is the first byte of an encoded journey.
const codecVersion = 1

// codecWords are written as one byte. Their order is part of the version.
var codecWords = []string{
	"", "received", "processing", "success", "error", "failed", "failure", "processing_error",
	"processing_success", "successful", "invalid", "rejected", "processed",
}

// AppendBinary appends the journey's bytes: equal journeys have equal bytes.
func (j *Journey) AppendBinary(b []byte) ([]byte, error) {
	w := &encoder{b: append(b, codecVersion), base: j.first.at}
	w.uint(uint64(j.first.at))
	w.flags(j.ranged, j.cut)
	for _, i := range []identifier{j.org, j.account, j.inventory, j.system} {
		w.identifier(i)
	}
	w.mark(j.first)
	w.mark(j.last)
	w.moment(j.quiet)
	w.uint(uint64(len(j.days)))
	for _, d := range j.days {
		w.uint(uint64(d))
	}
	w.uint(uint64(len(j.stages)))
	for i := range j.stages {
		w.stage(&j.stages[i])
	}
	return w.b, nil
}

type encoder struct {
	b    []byte
	base moment
}

func (w *encoder) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *encoder) flags(flags ...bool) {
	var v byte
	for i, f := range flags {
		if f {
			v |= 1 << i
		}
	}
	w.b = append(w.b, v)
}

// moment is written as what it lies after the first event, never as zero.
func (w *encoder) moment(m moment) {
	if m == 0 {
		w.uint(0)
		return
	}
	delta := int64(m - w.base)
	w.uint((uint64(delta<<1) ^ uint64(delta>>63)) + 1)
}

func (w *encoder) text(text string) {
	if i := slices.Index(codecWords, text); i >= 0 {
		w.uint(uint64(i)<<1 | 1)
		return
	}
	w.uint(uint64(len(text)) << 1)
	w.b = append(w.b, text...)
}

func (w *encoder) hash(hash int64) { w.b = binary.BigEndian.AppendUint64(w.b, uint64(hash)) }

// The spellings of an identifier.
const (
	spelledText   = iota
	spelledDashed // a UUID in lower case with dashes: 16 bytes
	spelledHex    // a UUID in lower case without
)

func (w *encoder) identifier(i identifier) {
	id, err := ParseRequestID(i.value)
	switch {
	case err == nil && id.String() == i.value:
		w.b = append(append(w.b, spelledHex), id[:]...)
	case err == nil && dashed(id) == i.value:
		w.b = append(append(w.b, spelledDashed), id[:]...)
	default:
		w.b = append(w.b, spelledText)
		w.text(i.value)
	}
	w.moment(i.at)
}

func dashed(id RequestID) string {
	h := hex.EncodeToString(id[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func (w *encoder) mark(m mark) {
	w.moment(m.at)
	w.b = append(w.b, byte(m.class))
	w.text(m.service)
	w.text(m.source)
	w.text(m.status)
	w.hash(m.hash)
}

func (w *encoder) stage(s *stage) {
	w.text(s.service)
	w.text(s.source)
	for _, m := range []moment{s.first, s.last, s.opening, s.detail, s.success, s.end, s.firstFailure} {
		w.moment(m)
	}
	w.uint(uint64(len(s.words)))
	for _, word := range s.words {
		w.text(word)
	}
	w.uint(uint64(len(s.failures)))
	for i := range s.failures {
		f := &s.failures[i]
		w.moment(f.at)
		w.text(f.status)
		w.text(f.message)
		w.flags(f.cut)
		if f.cut {
			w.text(f.reason)
		}
		w.hash(f.hash)
	}
}

// UnmarshalBinary reads what AppendBinary wrote.
func (j *Journey) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != codecVersion {
		return errors.New("not a journey of a known version")
	}
	// One copy of the bytes serves every text as a slice of it.
	r := &decoder{s: string(data[1:])}
	r.base = moment(r.uint())
	flags := r.byte()
	*j = Journey{ranged: flags&1 != 0, cut: flags&2 != 0}
	for _, i := range []*identifier{&j.org, &j.account, &j.inventory, &j.system} {
		*i = r.identifier()
	}
	j.first, j.last, j.quiet = r.mark(), r.mark(), r.moment()
	if n := r.count(); n > 0 {
		j.days = make([]int32, n)
		for i := range j.days {
			j.days[i] = int32(r.uint())
		}
	}
	if n := r.count(); n > 0 {
		j.stages = make([]stage, n)
		for i := range j.stages {
			r.stage(&j.stages[i])
		}
	}
	if r.bad || r.s != "" {
		*j = Journey{}
		return fmt.Errorf("a journey of %d bytes is damaged", len(data))
	}
	return nil
}

type decoder struct {
	s    string
	base moment
	bad  bool
}

func (r *decoder) fail() { r.bad, r.s = true, "" }

func (r *decoder) uint() uint64 {
	var v uint64
	for i := 0; i < len(r.s) && i < binary.MaxVarintLen64; i++ {
		v |= uint64(r.s[i]&0x7f) << (7 * i)
		if r.s[i] < 0x80 {
			r.s = r.s[i+1:]
			return v
		}
	}
	r.fail()
	return 0
}

// count is a number of things that take at least one byte each.
func (r *decoder) count() int {
	n := r.uint()
	if n > uint64(len(r.s)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *decoder) take(n int) string {
	if n > len(r.s) {
		r.fail()
		return strings.Repeat("\x00", min(n, 16))
	}
	taken := r.s[:n]
	r.s = r.s[n:]
	return taken
}

func (r *decoder) byte() byte { return r.take(1)[0] }

func (r *decoder) moment() moment {
	v := r.uint()
	if v == 0 {
		return 0
	}
	v--
	return r.base + moment(int64(v>>1)^-int64(v&1))
}

func (r *decoder) text() string {
	v := r.uint()
	if v&1 == 0 {
		if v>>1 > uint64(len(r.s)) {
			r.fail()
			return ""
		}
		return r.take(int(v >> 1))
	}
	if v>>1 >= uint64(len(codecWords)) {
		r.fail()
		return ""
	}
	return codecWords[v>>1]
}

func (r *decoder) hash() int64 {
	var v uint64
	for _, c := range []byte(r.take(8)) {
		v = v<<8 | uint64(c)
	}
	return int64(v)
}

func (r *decoder) identifier() identifier {
	var i identifier
	switch spelled := r.byte(); spelled {
	case spelledText:
		i.value = r.text()
	case spelledDashed, spelledHex:
		id := RequestID([]byte(r.take(16)))
		if i.value = id.String(); spelled == spelledDashed {
			i.value = dashed(id)
		}
	default:
		r.fail()
	}
	i.at = r.moment()
	return i
}

func (r *decoder) mark() mark {
	return mark{at: r.moment(), class: Class(r.byte()), service: r.text(), source: r.text(), status: r.text(), hash: r.hash()}
}

func (r *decoder) stage(s *stage) {
	s.service, s.source = r.text(), r.text()
	for _, m := range []*moment{&s.first, &s.last, &s.opening, &s.detail, &s.success, &s.end, &s.firstFailure} {
		*m = r.moment()
	}
	if n := r.count(); n > 0 {
		s.words = make([]string, n)
		for i := range s.words {
			s.words[i] = r.text()
		}
	}
	if n := r.count(); n > 0 {
		s.failures = make([]failure, n)
		for i := range s.failures {
			s.failures[i] = r.failure()
		}
	}
}

func (r *decoder) failure() failure {
	f := failure{at: r.moment(), status: r.text(), message: r.text(), cut: r.byte()&1 != 0}
	if f.cut {
		f.reason = r.text()
	}
	f.hash = r.hash()
	return f
}
