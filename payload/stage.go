package payload

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// StageState is where a payload stands in one stage.
type StageState string

// The states of a stage. HandedOver: it only ever received, and another
// source of its service has ended since; it waits for nothing.
const (
	StageReceived   StageState = "RECEIVED"
	StageProcessing StageState = "PROCESSING"
	StageSucceeded  StageState = "SUCCEEDED"
	StageFailed     StageState = "FAILED"
	StageHandedOver StageState = "HANDED_OVER"
)

// Open tells whether the payload is still awaited there.
func (s StageState) Open() bool { return s == StageReceived || s == StageProcessing }

// StageName names a stage within its payload; Source "": none.
type StageName struct{ Service, Source string }

// Stage is one service and source that a payload went through.
type Stage struct {
	Service, Source    string // Source "": none
	State              StageState
	StartedAt, EndedAt time.Time // of its first and its last event
	Words              []string  // its distinct status words, ascending; the 32 smallest
	Failure            *Failure  // why it failed; nil unless FAILED
}

// Failure says where, when and why.
type Failure struct {
	Service, Source, Status string
	Message                 string // at most its first 1,024 bytes
	Cut                     bool   // the message is longer: the event has the whole
	Reason                  string // the line of the whole message that says most, at most 200 characters; "" where it says nothing
	At                      time.Time
	Hash                    int64 // the event's

	Fingerprint Fingerprint // of the whole message
}

// stage is what a journey keeps of one stage. At one date a class beats the
// smaller ones, so dates alone say which event came last.
type stage struct {
	service, source string

	first, last  moment // events
	opening      moment // last one
	detail       moment // last one
	success      moment // last one
	end          moment // last success or failure
	firstFailure moment // ever
	failures     []failure
	kinds        []failureKind // of failures ever; ascending, the smallest
	words        []string
}

// failureKind is a kind of failure and when it first happened in a stage.
type failureKind struct {
	fingerprint Fingerprint
	at          moment
}

func compareKinds(a, b failureKind) int { return cmp.Compare(a.fingerprint, b.fingerprint) }

// failure is one of a stage's failures after its last opening or success.
type failure struct {
	at      moment
	status  string
	message string
	cut     bool
	reason  string // of a message that was cut; else it is read from message
	hash    int64

	fingerprint Fingerprint
}

func failureOf(m mark, message string) failure {
	f := failure{
		at: m.at, status: m.status, message: clip(message, maxMessage), hash: m.hash,
		fingerprint: FingerprintOf(m.service, m.source, message),
	}
	if len(f.message) < len(message) {
		// The exception stands at the end of a Python traceback, so it would
		// be lost.
		f.cut, f.reason = true, reasonOf(message)
	}
	return f
}

func compareFailures(a, b failure) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.status, b.status), cmp.Compare(a.hash, b.hash))
}

func (s *stage) add(m mark, message string) {
	one := stage{service: s.service, source: s.source, first: m.at, last: m.at, words: []string{m.status}}
	switch m.class {
	case ClassOpening:
		one.opening = m.at
	case ClassDetail:
		one.detail = m.at
	case ClassSuccess:
		one.success, one.end = m.at, m.at
	case ClassFailure:
		one.end, one.firstFailure = m.at, m.at
		f := failureOf(m, message)
		one.failures, one.kinds = []failure{f}, []failureKind{{f.fingerprint, f.at}}
	}
	s.merge(&one)
}

func (s *stage) merge(o *stage) {
	s.first, s.last = earliest(s.first, o.first), max(s.last, o.last)
	s.opening, s.detail = max(s.opening, o.opening), max(s.detail, o.detail)
	s.success, s.end = max(s.success, o.success), max(s.end, o.end)
	s.firstFailure = earliest(s.firstFailure, o.firstFailure)
	for _, word := range o.words {
		if i, found := slices.BinarySearch(s.words, word); !found && i < maxWords {
			s.words = slices.Insert(s.words, i, word)
		}
	}
	s.words = s.words[:min(len(s.words), maxWords)]
	for _, f := range o.failures {
		if i, found := slices.BinarySearchFunc(s.failures, f, compareFailures); !found {
			s.failures = slices.Insert(s.failures, i, f)
		}
	}
	s.dropFailures()
	for _, k := range o.kinds {
		s.addKind(k)
	}
}

// addKind keeps the smallest kinds: what is among those of all events is among
// those of any part of them, so its first moment is never lost.
func (s *stage) addKind(k failureKind) {
	i, found := slices.BinarySearchFunc(s.kinds, k, compareKinds)
	switch {
	case found:
		s.kinds[i].at = earliest(s.kinds[i].at, k.at)
	case i < maxKinds:
		s.kinds = slices.Insert(s.kinds, i, k)
		s.kinds = s.kinds[:min(len(s.kinds), maxKinds)]
	}
}

// dropFailures drops those that an opening or a success has come after, then
// all but the last. A failure that one bound has dropped lies below what the
// other keeps, so the order of merging does not matter.
func (s *stage) dropFailures() {
	since := max(s.opening, s.success)
	s.failures = slices.DeleteFunc(s.failures, func(f failure) bool { return f.at < since })
	if extra := len(s.failures) - maxFailures; extra > 0 {
		s.failures = slices.Delete(s.failures, 0, extra)
	}
}

// state is the last word among opening, success and failure.
func (s *stage) state() StageState {
	switch {
	case len(s.failures) > 0:
		return StageFailed
	case s.success != 0 && s.success >= s.opening:
		return StageSucceeded
	case s.opening == 0 || s.detail >= s.opening:
		return StageProcessing
	}
	return StageReceived
}

// onlyReceived tells whether nothing but openings ever came.
func (s *stage) onlyReceived() bool { return s.detail == 0 && s.end == 0 }

// covered tells whether a success came after a failure.
func (s *stage) covered() bool { return s.firstFailure != 0 && s.firstFailure < s.success }

// failure is the earliest kept one: services say error with the reason first,
// then failed with a form letter.
func (s *stage) failure() *Failure {
	if len(s.failures) == 0 {
		return nil
	}
	f := &s.failures[0]
	reason := f.reason
	if !f.cut {
		reason = reasonOf(f.message)
	}
	return &Failure{
		Service: s.service, Source: s.source, Status: f.status,
		Message: f.message, Cut: f.cut, Reason: reason, At: f.at.time(), Hash: f.hash,
		Fingerprint: f.fingerprint,
	}
}

// FailureKind is a kind of failure that a payload has had in one stage.
type FailureKind struct {
	Service, Source string
	Fingerprint     Fingerprint
	At              time.Time // when the stage first failed so
	Open            bool      // the stage is FAILED, and that is a reason
	Message         string    // of an open one, at most its first 1,024 bytes
}

// FailureKinds yields each kind of failure that each stage has ever had, by
// service, source and fingerprint; at most so many of each as a journey keeps.
func (j *Journey) FailureKinds() iter.Seq[FailureKind] {
	return func(yield func(FailureKind) bool) {
		for i := range j.stages {
			s := &j.stages[i]
			for _, k := range s.kinds {
				kind := FailureKind{Service: s.service, Source: s.source, Fingerprint: k.fingerprint, At: k.at.time()}
				if i := slices.IndexFunc(s.failures, func(f failure) bool { return f.fingerprint == k.fingerprint }); i >= 0 {
					kind.Open, kind.Message = true, s.failures[i].message
				}
				if !yield(kind) {
					return
				}
			}
		}
	}
}

// Stages are the payload's stages, by the date of their first event, then
// service and source.
func (j *Journey) Stages() []Stage {
	stages := make([]Stage, len(j.stages))
	for i := range j.stages {
		s := &j.stages[i]
		stages[i] = Stage{
			Service: s.service, Source: s.source, State: j.stageState(s),
			StartedAt: s.first.time(), EndedAt: s.last.time(), Words: slices.Clone(s.words), Failure: s.failure(),
		}
	}
	slices.SortStableFunc(stages, func(a, b Stage) int { return a.StartedAt.Compare(b.StartedAt) })
	return stages
}

// stageState is the stage's own state, but for one that has handed over
// within its service.
func (j *Journey) stageState(s *stage) StageState {
	state := s.state()
	if state != StageReceived || !s.onlyReceived() {
		return state
	}
	for i := range j.stages {
		o := &j.stages[i]
		if o.service == s.service && o.source != s.source && o.end != 0 && o.end >= s.opening {
			return StageHandedOver
		}
	}
	return state
}
