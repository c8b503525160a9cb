package rest

import (
	"cmp"
	"fmt"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

// span is the time between the first and the last date of some statuses.
type span struct{ first, last time.Time }

func (s *span) include(date time.Time) {
	if s.first.IsZero() || date.Before(s.first) {
		s.first = date
	}
	if date.After(s.last) {
		s.last = date
	}
}

func (s *span) duration() time.Duration { return s.last.Sub(s.first) }

// durations says how long a payload was in each "service:source", in all of them together, and on its way as a whole.
// The totals win over a service and source of the same name: there is none, as those hold a colon.
func durations(statuses []*store.Status) map[string]string {
	var whole span
	stages := map[string]*span{}
	for _, s := range statuses {
		key := s.Service + ":" + cmp.Or(s.Source, "undefined")
		if stages[key] == nil {
			stages[key] = &span{}
		}
		stages[key].include(s.Date)
		whole.include(s.Date)
	}
	var inServices time.Duration
	answer := make(map[string]string, len(stages)+2)
	for key, stage := range stages {
		inServices += stage.duration()
		answer[key] = clock(stage.duration())
	}
	answer["total_time_in_services"] = clock(inServices)
	answer["total_time"] = clock(whole.duration())
	return answer
}

// clock writes a duration as HH:MM:SS.ffffff, with as many hours as there are.
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d.%06d",
		d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second, d%time.Second/time.Microsecond)
}
