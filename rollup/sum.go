// Package rollup counts what payloads went through: numbers over many
// payloads that are exact, and cost the same for a thousand as for a billion.
//
// A payload contributes to counters under keys; a Sum is the sum of the
// contributions of many. When events change a payload, the difference of what
// it contributes after and before is added. So sums follow late events,
// retries and corrections, the order of arrival does not matter, and they
// equal a recount at any time. No SQL and no clock: the store keeps the sums.
package rollup

import (
	"cmp"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Bucket is five minutes: so many since 1970.
type Bucket int64

// Width of a bucket.
const Width = 5 * time.Minute

// BucketOf a moment since 1970.
func BucketOf(t time.Time) Bucket {
	return Bucket(t.UnixMicro() / Width.Microseconds())
}

// Time is when the bucket begins.
func (b Bucket) Time() time.Time { return time.UnixMicro(int64(b) * Width.Microseconds()).UTC() }

// StageKey is what stages are counted under: the bucket of the first event.
type StageKey struct {
	Bucket               Bucket
	Org, Service, Source string
	Scope                Scope
}

// Scope is what a counter of stages counts.
type Scope int16

// The scopes. Most services have one source in a payload, and are counted
// once for both: payloads of a service are WholeService and Both together,
// those of a stage OneStage and Both. The numbers are stored.
const (
	OneStage     Scope = iota // of a service that has other sources too
	WholeService              // whatever its sources; Source is ""
	Both
)

// Compare orders keys as tables do.
func (k StageKey) Compare(o StageKey) int {
	return cmp.Or(
		cmp.Compare(k.Org, o.Org), cmp.Compare(k.Bucket, o.Bucket),
		cmp.Compare(k.Service, o.Service), cmp.Compare(k.Source, o.Source), cmp.Compare(k.Scope, o.Scope),
	)
}

// Stage counts payloads that came to a stage.
type Stage struct {
	Received                int64
	Succeeded, Failed, Open int64  // as they stand now; one that has handed over is none of the three
	Retried                 int64  // a success has come after a failure
	Durations               Sparse // from the first to the last event, of those that have ended
}

// Merge adds other counts.
func (s *Stage) Merge(o Stage) {
	s.Received += o.Received
	s.Succeeded += o.Succeeded
	s.Failed += o.Failed
	s.Open += o.Open
	s.Retried += o.Retried
	s.Durations.Merge(o.Durations)
}

// Zero tells whether nothing is counted.
func (s *Stage) Zero() bool {
	return s.Received == 0 && s.Succeeded == 0 && s.Failed == 0 && s.Open == 0 && s.Retried == 0 && len(s.Durations) == 0
}

// HandoverKey is what hand-overs are counted under: the bucket in which To
// began.
type HandoverKey struct {
	Bucket        Bucket
	Org, From, To string
}

// Compare orders keys as tables do.
func (k HandoverKey) Compare(o HandoverKey) int {
	return cmp.Or(cmp.Compare(k.Org, o.Org), cmp.Compare(k.Bucket, o.Bucket), cmp.Compare(k.From, o.From), cmp.Compare(k.To, o.To))
}

// Handover counts payloads that went from one service to the next.
type Handover struct {
	Payloads int64
	Failed   int64  // in the service they came to
	Waits    Sparse // from the last event of the one to the first of the other
}

// Merge adds other counts.
func (h *Handover) Merge(o Handover) {
	h.Payloads += o.Payloads
	h.Failed += o.Failed
	h.Waits.Merge(o.Waits)
}

// Zero tells whether nothing is counted.
func (h *Handover) Zero() bool { return h.Payloads == 0 && h.Failed == 0 && len(h.Waits) == 0 }

// FailureKey is what failures are counted under: the bucket of the first
// with that fingerprint in its stage.
type FailureKey struct {
	Bucket               Bucket
	Org, Service, Source string
	Fingerprint          payload.Fingerprint
}

// Compare orders keys as tables do.
func (k FailureKey) Compare(o FailureKey) int {
	return cmp.Or(
		cmp.Compare(k.Org, o.Org), cmp.Compare(k.Bucket, o.Bucket), cmp.Compare(k.Service, o.Service),
		cmp.Compare(k.Source, o.Source), cmp.Compare(k.Fingerprint, o.Fingerprint),
	)
}

// Failure counts payloads that failed in one way.
type Failure struct {
	Total int64  // whatever became of them
	Open  int64  // those failing with it now
	Orgs  Sparse // the set of their organisations

	// When the first and the last of those that were ever added failed, and
	// who was the last and said why: what is taken away leaves them.
	First, Last time.Time
	Payload     int64 // number of the last
	Message     string
}

// Merge adds other counts.
func (f *Failure) Merge(o Failure) {
	f.Total += o.Total
	f.Open += o.Open
	f.Orgs.Merge(o.Orgs)
	if !o.First.IsZero() && (f.First.IsZero() || o.First.Before(f.First)) {
		f.First = o.First
	}
	last := o.Last.After(f.Last) || o.Last.Equal(f.Last) && o.Payload > f.Payload
	if last {
		f.Last, f.Payload = o.Last, o.Payload
	}
	if o.Message != "" && (last || f.Message == "") {
		f.Message = o.Message
	}
}

// Zero tells whether nothing is counted.
func (f *Failure) Zero() bool { return f.Total == 0 && f.Open == 0 && len(f.Orgs) == 0 }

// Sum is a sum of contributions.
type Sum struct {
	Stages    map[StageKey]*Stage
	Handovers map[HandoverKey]*Handover
	Failures  map[FailureKey]*Failure
}

// NewSum is an empty sum.
func NewSum() *Sum {
	return &Sum{Stages: map[StageKey]*Stage{}, Handovers: map[HandoverKey]*Handover{}, Failures: map[FailureKey]*Failure{}}
}

// at is what a map holds at a key, made where there is nothing.
func at[K comparable, V any](m map[K]*V, key K) *V {
	v := m[key]
	if v == nil {
		v = new(V)
		m[key] = v
	}
	return v
}

// Since is the part of the sum whose buckets begin at a moment or later. It
// shares the counters.
func (s *Sum) Since(moment time.Time) *Sum {
	return s.part(func(b Bucket) bool { return !b.Time().Before(moment) })
}

// Before is the part of the sum whose buckets begin before a moment. It shares
// the counters.
func (s *Sum) Before(moment time.Time) *Sum {
	return s.part(func(b Bucket) bool { return b.Time().Before(moment) })
}

func (s *Sum) part(of func(Bucket) bool) *Sum {
	part := NewSum()
	for k, c := range s.Stages {
		if of(k.Bucket) {
			part.Stages[k] = c
		}
	}
	for k, c := range s.Handovers {
		if of(k.Bucket) {
			part.Handovers[k] = c
		}
	}
	for k, c := range s.Failures {
		if of(k.Bucket) {
			part.Failures[k] = c
		}
	}
	return part
}
