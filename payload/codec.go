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
const codecVersion = 2

// codecWords are written as one byte: the status words and services that
// nearly every event of the platform has. Their order is part of the version.
var codecWords = []string{
	"", "received", "processing", "success", "error", "failed", "failure", "processing_error",
	"processing_success", "successful", "invalid", "rejected", "processed",
	"ingress", "puptoo", "inventory", "inventory-mq-service", "storage-broker", "insights-engine",
	"insights-advisor-service", "advisor", "vulnerability", "compliance", "patchman", "remediations",
	"ccx-data-pipeline", "ocp-vulnerability", "runtimes-inventory", "export",
}

var codecWordNumbers = func() map[string]int {
	numbers := make(map[string]int, len(codecWords))
	for i, word := range codecWords {
		numbers[word] = i
	}
	return numbers
}()

// AppendBinary appends the journey's bytes: equal journeys have equal bytes.
// Most moments of a stage are those of its first or its last event, so they
// take two bits each.
func (j *Journey) AppendBinary(b []byte) ([]byte, error) {
	w := &encoder{b: append(b, codecVersion)}
	w.uint(uint64(j.first.at))
	if j.Empty() {
		for _, i := range j.identifiers() {
			w.identifier(*i)
			w.uint(uint64(i.at))
		}
		return w.b, nil
	}
	w.uint(uint64(j.last.at - j.first.at))
	w.flags(j.ranged, j.cut)
	w.moments(j.first.at, j.last.at, j.org.at, j.account.at, j.inventory.at, j.system.at, j.quiet)
	for _, i := range j.identifiers() {
		w.identifier(*i)
	}
	w.days(j.days)
	w.uint(uint64(len(j.stages)))
	for i := range j.stages {
		w.stage(j.first.at, &j.stages[i])
	}
	w.mark(j.stages, j.first)
	w.mark(j.stages, j.last)
	return w.b, nil
}

func (j *Journey) identifiers() []*identifier {
	return []*identifier{&j.org, &j.account, &j.inventory, &j.system}
}

type encoder struct{ b []byte }

func (w *encoder) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *encoder) int(v int64) { w.b = binary.AppendVarint(w.b, v) }

func (w *encoder) flags(flags ...bool) {
	var v byte
	for i, f := range flags {
		if f {
			v |= 1 << i
		}
	}
	w.b = append(w.b, v)
}

// What a moment is, in two bits.
const (
	momentNever = iota
	momentFirst // that of the first event
	momentLast  // that of the last event
	momentOther // so long after the first event
)

// moments writes four to a byte what they are, then those that are neither
// the first nor the last event's.
func (w *encoder) moments(first, last moment, moments ...moment) {
	at := len(w.b)
	w.b = append(w.b, make([]byte, (len(moments)+3)/4)...)
	for i, m := range moments {
		is := momentOther
		switch m {
		case 0:
			is = momentNever
		case first:
			is = momentFirst
		case last:
			is = momentLast
		default:
			w.int(int64(m - first))
		}
		w.b[at+i/4] |= byte(is << (i % 4 * 2))
	}
}

// days are ascending.
func (w *encoder) days(days []int32) {
	w.uint(uint64(len(days)))
	before := int32(0)
	for _, d := range days {
		w.uint(uint64(d - before))
		before = d
	}
}

func (w *encoder) text(text string) {
	if i, known := codecWordNumbers[text]; known {
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
}

func dashed(id RequestID) string {
	h := hex.EncodeToString(id[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// mark is written with the number of its stage; of a stage that was cut, with
// its names. The moments of the first and the last event are known.
func (w *encoder) mark(stages []stage, m mark) {
	i, found := slices.BinarySearchFunc(stages, stage{service: m.service, source: m.source}, compareStages)
	if !found {
		i = len(stages)
	}
	w.uint(uint64(i))
	if !found {
		w.text(m.service)
		w.text(m.source)
	}
	w.b = append(w.b, byte(m.class))
	w.text(m.status)
	w.hash(m.hash)
}

func (w *encoder) stage(base moment, s *stage) {
	w.text(s.service)
	w.text(s.source)
	w.int(int64(s.first - base))
	w.uint(uint64(s.last - s.first))
	w.moments(s.first, s.last, s.opening, s.detail, s.success, s.end, s.firstFailure)
	w.uint(uint64(len(s.words)))
	for _, word := range s.words {
		w.text(word)
	}
	if s.firstFailure != 0 {
		w.uint(uint64(len(s.kinds)))
		for _, k := range s.kinds {
			w.hash(int64(k.fingerprint))
			w.int(int64(k.at - s.firstFailure))
		}
	}
	w.uint(uint64(len(s.failures)))
	for i := range s.failures {
		f := &s.failures[i]
		w.int(int64(f.at - s.first))
		w.text(f.status)
		w.text(f.message)
		w.flags(f.cut)
		if f.cut {
			w.text(f.reason)
		}
		w.hash(f.hash)
		w.kind(s.kinds, f.fingerprint)
	}
}

// kind is written with its number among the stage's kinds; one that was cut,
// as it is.
func (w *encoder) kind(kinds []failureKind, f Fingerprint) {
	i, found := slices.BinarySearchFunc(kinds, failureKind{fingerprint: f}, compareKinds)
	if !found {
		i = len(kinds)
	}
	w.uint(uint64(i))
	if !found {
		w.hash(int64(f))
	}
}

// UnmarshalBinary reads what AppendBinary wrote.
func (j *Journey) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != codecVersion {
		return errors.New("not a journey of a known version")
	}
	// One copy of the bytes serves every text as a slice of it.
	r := &decoder{s: string(data[1:])}
	r.journey(j)
	if r.bad || r.s != "" {
		*j = Journey{}
		return fmt.Errorf("a journey of %d bytes is damaged", len(data))
	}
	return nil
}

type decoder struct {
	s   string
	bad bool
}

func (r *decoder) journey(j *Journey) {
	*j = Journey{first: mark{at: moment(r.uint())}}
	if j.Empty() {
		for _, i := range j.identifiers() {
			*i = r.identifier()
			i.at = moment(r.uint())
		}
		return
	}
	last := j.first.at + moment(r.uint())
	flags := r.byte()
	j.ranged, j.cut = flags&1 != 0, flags&2 != 0
	var at [4]moment
	r.moments(j.first.at, last, &at[0], &at[1], &at[2], &at[3], &j.quiet)
	for i, id := range j.identifiers() {
		*id = r.identifier()
		id.at = at[i]
	}
	j.days = r.days()
	if n := r.count(); n > 0 {
		j.stages = make([]stage, n)
		for i := range j.stages {
			r.stage(j.first.at, &j.stages[i])
		}
	}
	j.first, j.last = r.mark(j.stages, j.first.at), r.mark(j.stages, last)
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

func (r *decoder) int() int64 {
	v := r.uint()
	return int64(v>>1) ^ -int64(v&1)
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

func (r *decoder) moments(first, last moment, moments ...*moment) {
	what := r.take((len(moments) + 3) / 4)
	for i, m := range moments {
		switch what[i/4] >> (i % 4 * 2) & 3 {
		case momentNever:
			*m = 0
		case momentFirst:
			*m = first
		case momentLast:
			*m = last
		case momentOther:
			*m = first + moment(r.int())
		}
	}
}

func (r *decoder) days() []int32 {
	n := r.count()
	if n == 0 {
		return nil
	}
	days := make([]int32, n)
	before := int32(0)
	for i := range days {
		before += int32(r.uint())
		days[i] = before
	}
	return days
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
	return i
}

func (r *decoder) mark(stages []stage, at moment) mark {
	m := mark{at: at}
	if i := r.uint(); i < uint64(len(stages)) {
		m.service, m.source = stages[i].service, stages[i].source
	} else {
		m.service, m.source = r.text(), r.text()
	}
	m.class, m.status, m.hash = Class(r.byte()), r.text(), r.hash()
	return m
}

func (r *decoder) stage(base moment, s *stage) {
	s.service, s.source = r.text(), r.text()
	s.first = base + moment(r.int())
	s.last = s.first + moment(r.uint())
	r.moments(s.first, s.last, &s.opening, &s.detail, &s.success, &s.end, &s.firstFailure)
	if n := r.count(); n > 0 {
		s.words = make([]string, n)
		for i := range s.words {
			s.words[i] = r.text()
		}
	}
	if s.firstFailure != 0 {
		s.kinds = make([]failureKind, r.count())
		for i := range s.kinds {
			s.kinds[i] = failureKind{Fingerprint(r.hash()), s.firstFailure + moment(r.int())}
		}
	}
	if n := r.count(); n > 0 {
		s.failures = make([]failure, n)
		for i := range s.failures {
			s.failures[i] = r.failure(s.first, s.kinds)
		}
	}
}

func (r *decoder) failure(base moment, kinds []failureKind) failure {
	f := failure{at: base + moment(r.int()), status: r.text(), message: r.text(), cut: r.byte()&1 != 0}
	if f.cut {
		f.reason = r.text()
	}
	f.hash = r.hash()
	if i := r.uint(); i < uint64(len(kinds)) {
		f.fingerprint = kinds[i].fingerprint
	} else {
		f.fingerprint = Fingerprint(r.hash())
	}
	return f
}
