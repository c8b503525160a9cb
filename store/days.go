package store

import (
	"slices"
	"time"
)

// maxSpans bounds how many stretches of days a statement names: past it the
// smallest gaps between them are read too.
const maxSpans = 24

// daysOf is the days on which the payloads have events, as few stretches.
// Naming them as constants lets PostgreSQL leave the other partitions alone
// already while it plans.
func daysOf(payloads []*Payload) []span {
	var spans []span
	for _, p := range payloads {
		days := p.Journey.Days()
		if len(days.Dates) == 0 { // the journey was not read
			spans = append(spans, span{day(p.StartedAt), nextDay(p.UpdatedAt)})
			continue
		}
		if days.Range {
			spans = append(spans, span{day(days.Dates[0]), nextDay(days.Dates[len(days.Dates)-1])})
			continue
		}
		for _, date := range days.Dates {
			spans = append(spans, span{day(date), nextDay(date)})
		}
	}
	return mergeSpans(spans, 0, maxSpans)
}

// spansOf is the days of the dates.
func spansOf(dates []time.Time) []span {
	spans := make([]span, len(dates))
	for i, date := range dates {
		spans[i] = span{day(date), nextDay(date)}
	}
	return mergeSpans(spans, 0, maxSpans)
}

func nextDay(t time.Time) time.Time { return day(t).Add(24 * time.Hour) }

// mergeSpans joins what is at most gap apart, and then the nearest ones until
// there are at most most.
func mergeSpans(spans []span, gap time.Duration, most int) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	joined := joinSpans(spans, gap)
	if len(joined) <= most {
		return joined
	}
	gaps := make([]time.Duration, 0, len(joined)-1)
	for i := 1; i < len(joined); i++ {
		gaps = append(gaps, joined[i].from.Sub(joined[i-1].to))
	}
	slices.Sort(gaps)
	return joinSpans(joined, gaps[len(joined)-most-1])
}

// joinSpans joins sorted spans that are at most gap apart.
func joinSpans(spans []span, gap time.Duration) []span {
	var joined []span
	for _, sp := range spans {
		if n := len(joined); n > 0 && !sp.from.After(joined[n-1].to.Add(gap)) {
			if sp.to.After(joined[n-1].to) {
				joined[n-1].to = sp.to
			}
			continue
		}
		joined = append(joined, sp)
	}
	return joined
}
