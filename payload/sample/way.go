package sample

import (
	"slices"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// way is a journey in the making.
type way struct {
	generator *Generator
	customer  customer
	host      host
	now       time.Time
	journey   Journey

	stops              []*service
	fails, stalls, own *service // own: the service that retries
	lost               bool
	events             []event
}

// event is one status before it is written as its producer's JSON.
type event struct {
	from                 *service
	source, word, reason string
	date                 time.Time
}

// plan draws the services of the journey and what befalls it.
func (w *way) plan() {
	g := w.generator
	w.stops = slices.Clone(trunk)
	for _, b := range branches {
		if g.chance(b.share) {
			w.stops = append(w.stops, b.service)
		}
	}
	if g.chance(g.config.Retried) {
		w.own = w.anyStop()
	}
	switch fate := g.random.Float64(); {
	case fate < g.config.Failed:
		w.fails = w.failing()
	case fate < g.config.Failed+g.config.Stalled:
		w.stalls = w.anyStop()
	case fate < g.config.Failed+g.config.Stalled+g.config.Lost:
		w.lost = true
	}
}

// failing is the service that the journey fails in; nil where it never comes to the one that it would.
func (w *way) failing() *service {
	name := w.generator.config.FailedIn
	if name == "" {
		return w.anyStop()
	}
	if i := slices.IndexFunc(w.stops, func(s *service) bool { return s.name == name }); i >= 0 {
		return w.stops[i]
	}
	return nil
}

func (w *way) anyStop() *service { return w.stops[w.generator.random.IntN(len(w.stops))] }

// walk makes the events, service by service, and writes down the truth.
func (w *way) walk() {
	now := w.now
	for i, s := range w.stops {
		at := now.Add(w.generator.between(s.ahead/2, 2*s.ahead))
		if i == 0 {
			at = w.now
		}
		end := w.visit(s, at)
		inTrunk := i < len(trunk)
		if inTrunk {
			now = end
		}
		if inTrunk && (s == w.fails || s == w.stalls) || w.lost && s == &ingress {
			break
		}
	}
	if w.lost {
		w.journey.True = payload.StateStalled
	}
}

// visit makes the events of one service from at on, and says when the last happened.
func (w *way) visit(s *service, at time.Time) time.Time {
	steps := s.steps
	end := steps[len(steps)-1]
	for i, step := range steps[:len(steps)-1] {
		if i > 0 {
			at = w.later(s, at, step.takes)
		}
		w.add(s, step.source, step.word, w.text(step.texts), at)
	}
	if s == w.own {
		at = w.retry(s, end.source, at)
	}
	switch s {
	case w.stalls:
		w.journey.True = payload.StateStalled
	case w.fails:
		at = w.fail(s, end, at)
	default:
		at = w.later(s, at, end.takes)
		w.add(s, end.source, end.word, w.text(end.texts), at)
		w.journey.Passed++
	}
	return at
}

// retry makes an error, and the second attempt that follows it: one that opens the stage anew, always where the
// journey stalls here, or one that just goes on.
func (w *way) retry(s *service, source string, at time.Time) time.Time {
	reason := w.reason(s)
	at = w.later(s, at, time.Second)
	w.add(s, source, reason.word, w.fill(reason.text), at)
	if s == w.stalls || s == w.fails || w.generator.chance(0.5) {
		at = w.later(s, at, 5*time.Second)
		w.add(s, source, received, "second attempt", at)
	}
	return at
}

// fail ends the service with a failure: with its reason alone, followed by a form letter, or after it had succeeded.
func (w *way) fail(s *service, end step, at time.Time) time.Time {
	g := w.generator
	if g.chance(0.15) {
		at = w.later(s, at, end.takes)
		w.add(s, end.source, end.word, w.text(end.texts), at)
	}
	reason := w.reason(s)
	text := w.fill(reason.text)
	at = w.later(s, at, end.takes)
	w.add(s, end.source, reason.word, text, at)
	if s.formLetter != nil && g.chance(0.7) {
		at = w.later(s, at, 20*time.Millisecond)
		w.add(s, end.source, s.formLetter.word, s.formLetter.text, at)
	}
	w.journey.True = payload.StateFailed
	w.journey.FailedService, w.journey.FailedSource = s.name, end.source
	w.journey.FailedStatus, w.journey.FailedMessage = reason.word, text
	return at
}

func (w *way) reason(s *service) reason { return s.reasons[w.generator.skewed(len(s.reasons))] }

// later gives a time after at: about takes later, and in another second where the service writes whole ones.
func (w *way) later(s *service, at time.Time, takes time.Duration) time.Time {
	takes = max(takes, 2*time.Millisecond)
	gap := w.generator.between(takes/2, 2*takes).Truncate(time.Microsecond)
	if s.wholeSeconds {
		gap += time.Second
	}
	return at.Add(gap)
}

func (w *way) add(s *service, source, word, text string, at time.Time) {
	w.events = append(w.events, event{from: s, source: source, word: word, reason: text, date: at})
}

// sent writes the events and puts them in the order of sending: by date, but for the late and the repeated ones.
func (w *way) sent() Journey {
	g := w.generator
	j := &w.journey
	j.Distinct = len(w.events)
	late := g.chance(g.config.Disordered)
	for _, e := range w.events {
		at := e.date.Add(g.between(time.Millisecond, 30*time.Millisecond))
		if late && g.chance(0.3) {
			at = at.Add(g.between(time.Second, 8*time.Second))
		}
		j.Events = append(j.Events, Message{At: at, Value: e.from.write(w, e)})
	}
	if g.chance(g.config.Repeated) {
		again := j.Events[g.random.IntN(len(j.Events))]
		again.At = again.At.Add(g.between(10*time.Millisecond, 20*time.Second))
		j.Events = append(j.Events, again)
	}
	slices.SortStableFunc(j.Events, func(a, b Message) int { return a.At.Compare(b.At) })
	return *j
}
