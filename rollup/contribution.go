package rollup

import (
	"time"
	"unicode/utf8"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Contribution is what one payload adds to a sum.
type Contribution struct {
	payload   int64
	org       string
	stages    []stageFact
	handovers []handoverFact
	failures  []failureFact
}

// Facts are compared as a whole: what a payload says before and after is
// left out of the difference.
type stageFact struct {
	bucket          Bucket
	service, source string
	scope           Scope
	state           payload.StageState
	retried         bool
	slot            uint16 // of the duration, once ended
}

type handoverFact struct {
	bucket   Bucket
	from, to string
	failed   bool
	slot     uint16 // of the wait
}

// failureFact is the first failure of a stage with a fingerprint.
type failureFact struct {
	at              int64 // microseconds since 1970
	service, source string
	fingerprint     payload.Fingerprint
	open            bool
	message         string // of an open one, its beginning
}

// Contributions are made in memory that they share: a batch makes thousands.
type Contributions struct {
	passages  []payload.Passage
	stages    []stageFact
	handovers []handoverFact
	failures  []failureFact
}

// Of is what the payload of a number contributes with its journey; an empty
// one nothing.
func (cs *Contributions) Of(number int64, j *payload.Journey) Contribution {
	stages, handovers, failures := len(cs.stages), len(cs.handovers), len(cs.failures)
	cs.passages = j.AppendPassages(cs.passages[:0])
	for i := range cs.passages {
		p := &cs.passages[i]
		f := stageFact{bucket: BucketOf(p.First), service: p.Service, source: p.Source, scope: scopeOf(p), state: p.State, retried: p.Retried}
		if f.ended() {
			f.slot = slotOf(p.Last.Sub(p.First))
		}
		cs.stages = append(cs.stages, f)
		if p.From != "" {
			cs.handovers = append(cs.handovers, handoverFact{f.bucket, p.From, p.Service, p.State == payload.StageFailed, slotOf(p.Wait)})
		}
	}
	for k := range j.FailureKinds() {
		cs.failures = append(cs.failures, failureFact{k.At.UnixMicro(), k.Service, k.Source, k.Fingerprint, k.Open, sampleOf(k.Message)})
	}
	return Contribution{number, j.OrgID(), cs.stages[stages:], cs.handovers[handovers:], cs.failures[failures:]}
}

// Reset forgets the contributions made so far: their memory is used again.
func (cs *Contributions) Reset() {
	cs.stages, cs.handovers, cs.failures = cs.stages[:0], cs.handovers[:0], cs.failures[:0]
}

// MessageBytes is how much of a message is kept as a sample: a batch has one
// of each kind of failure and organisation.
const MessageBytes = 300

// sampleOf is the beginning of a message, in whole characters.
func sampleOf(message string) string {
	if len(message) <= MessageBytes {
		return message
	}
	end := MessageBytes
	for end > 0 && !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end]
}

func scopeOf(p *payload.Passage) Scope {
	switch {
	case p.Whole && p.Stage:
		return Both
	case p.Whole:
		return WholeService
	}
	return OneStage
}

func (f *stageFact) ended() bool {
	return f.state == payload.StageSucceeded || f.state == payload.StageFailed
}

// Move adds what a payload contributes now in place of what it did before.
func (s *Sum) Move(before, now Contribution) {
	if before.org == now.org {
		before.stages, now.stages = differing(before.stages, now.stages)
		before.handovers, now.handovers = differing(before.handovers, now.handovers)
		before.failures, now.failures = differing(before.failures, now.failures)
	}
	s.add(before, -1)
	s.add(now, 1)
}

// differing cuts off what two lists begin and end with in common: most often
// all but the one stage that an event has changed.
func differing[F comparable](a, b []F) ([]F, []F) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// add adds n times what a payload contributes.
func (s *Sum) add(c Contribution, n int64) {
	for _, f := range c.stages {
		f.count(at(s.Stages, StageKey{f.bucket, c.org, f.service, f.source, f.scope}), n)
	}
	for _, f := range c.handovers {
		h := at(s.Handovers, HandoverKey{f.bucket, c.org, f.from, f.to})
		h.Payloads += n
		h.Waits.Add(f.slot, n)
		if f.failed {
			h.Failed += n
		}
	}
	for _, f := range c.failures {
		f.count(at(s.Failures, FailureKey{BucketOf(time.UnixMicro(f.at)), c.org, f.service, f.source, f.fingerprint}), c.payload, n)
	}
}

func (f *stageFact) count(to *Stage, n int64) {
	to.Received += n
	switch f.state {
	case payload.StageSucceeded:
		to.Succeeded += n
	case payload.StageFailed:
		to.Failed += n
	case payload.StageReceived, payload.StageProcessing:
		to.Open += n
	case payload.StageHandedOver:
	}
	if f.retried {
		to.Retried += n
	}
	if f.ended() {
		to.Durations.Add(f.slot, n)
	}
}

func (f *failureFact) count(to *Failure, number, n int64) {
	one := Failure{Total: n}
	if f.open {
		one.Open = n
	}
	if n > 0 {
		one.First = time.UnixMicro(f.at).UTC()
		one.Last, one.Payload, one.Message = one.First, number, f.message
	}
	to.Merge(one)
}
