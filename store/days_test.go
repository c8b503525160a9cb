package store

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestMergeSpansCoversEveryDayInFewStretches(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var dates []time.Time
		for range rng.IntN(120) {
			dates = append(dates, firstDate.AddDate(0, 0, rng.IntN(400)))
		}
		spans := spansOf(dates)
		if len(spans) > maxSpans {
			t.Fatalf("%d spans, want at most %d", len(spans), maxSpans)
		}
		for i, sp := range spans {
			if !sp.from.Before(sp.to) || (i > 0 && !spans[i-1].to.Before(sp.from)) {
				t.Fatalf("spans %v are not apart and in order", spans)
			}
		}
		for _, date := range dates {
			if !covered(spans, date) {
				t.Fatalf("%v is in none of %v", date, spans)
			}
		}
	}
}

func TestWindowsCoverTheDatesInOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	oldest := now.AddDate(-1, 0, 0)
	open := time.Time{}
	for _, dates := range []span{
		{},
		{open, now.AddDate(0, 0, -3)},
		{now.AddDate(0, 0, -60), open},
		{now.Add(-time.Hour), open},
		{now.Add(-time.Hour), now},
		{now.AddDate(0, 0, -40), now.AddDate(0, 0, -39)},
		{now.AddDate(-2, 0, 0), now.AddDate(1, 0, 0)},
	} {
		for i, falling := range []bool{true, false, true, false} {
			steps, most := windowSteps{24 * time.Hour, 30}, 3
			if i > 1 {
				steps, most = windowSteps{time.Second, 16}, 7
			}
			windows := dates.windows(now, oldest, falling, steps)
			if len(windows) == 0 || len(windows) > most {
				t.Fatalf("%v: %d windows", dates, len(windows))
			}
			if !falling {
				for i, j := 0, len(windows)-1; i < j; i, j = i+1, j-1 {
					windows[i], windows[j] = windows[j], windows[i]
				}
			}
			from := dates.from
			if from.Before(oldest) {
				from = oldest
			}
			if !windows[0].to.Equal(dates.to) || !windows[len(windows)-1].from.Equal(from) {
				t.Errorf("%v falling %v: the ends of %v differ", dates, falling, windows)
			}
			for i := 1; i < len(windows); i++ {
				if !windows[i].to.Equal(windows[i-1].from) || !windows[i-1].from.After(windows[i].from) {
					t.Errorf("%v falling %v: a gap in %v", dates, falling, windows)
				}
			}
		}
	}
	if windows := (span{now, oldest}).windows(now, oldest, true, windowSteps{time.Hour, 2}); windows != nil {
		t.Errorf("no dates: windows %v", windows)
	}
}
