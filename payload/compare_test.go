package payload_test

import (
	"slices"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// journeyAt merges events "service/source word" at seconds after a start.
func journeyAt(start time.Time, events map[string][]int) *payload.Journey {
	rules := payload.DefaultRules()
	j := new(payload.Journey)
	for service, seconds := range events {
		for i, at := range seconds {
			word := "received"
			if i == len(seconds)-1 && i > 0 {
				word = "success"
			}
			j.Merge(&rules, payload.Event{Service: service, Status: word, Date: start.Add(time.Duration(at) * time.Second)})
		}
	}
	return j
}

func TestCompareTellsStageByStageWhatIsDifferent(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	a := journeyAt(noon, map[string][]int{"ingress": {0, 2}, "puptoo": {3, 5}, "inventory": {6, 7}, "zulu": {9}})
	b := journeyAt(noon.Add(time.Hour), map[string][]int{"ingress": {0, 1}, "puptoo": {3, 13}, "advisor": {4, 8}, "zulu": {9}})
	c := payload.CompareJourneys(a, b)
	if !slices.Equal(c.OnlyInA, []string{"inventory"}) || !slices.Equal(c.OnlyInB, []string{"advisor"}) {
		t.Errorf("only in one: %v, %v", c.OnlyInA, c.OnlyInB)
	}
	want := []struct {
		service string
		a, b    bool
		ratio   float64 // 0: none
	}{{"ingress", true, true, 0.5}, {"puptoo", true, true, 5}, {"advisor", false, true, 0}, {"inventory", true, false, 0}, {"zulu", true, true, 0}}
	if len(c.Stages) != len(want) {
		t.Fatalf("%d stages", len(c.Stages))
	}
	for i, w := range want {
		got := &c.Stages[i]
		ratio := got.Ratio()
		if got.Service != w.service || (got.A != nil) != w.a || (got.B != nil) != w.b || (ratio != nil) != (w.ratio != 0) || (ratio != nil && *ratio != w.ratio) {
			t.Errorf("stage %d: %+v, want %+v", i, got, w)
		}
	}
	back := payload.CompareJourneys(b, a)
	if !slices.Equal(back.OnlyInA, c.OnlyInB) || len(back.Stages) != len(c.Stages) || *back.Stages[1].Ratio() != 0.2 {
		t.Errorf("the other way round: %+v", back)
	}
}

func TestAPayloadIsLikeItself(t *testing.T) {
	t.Parallel()
	j := journeyAt(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), map[string][]int{"ingress": {0, 2}, "puptoo": {3, 5}})
	c := payload.CompareJourneys(j, j)
	if len(c.OnlyInA)+len(c.OnlyInB) > 0 || len(c.Stages) != 2 || *c.Stages[0].Ratio() != 1 || *c.Stages[1].Ratio() != 1 {
		t.Errorf("%+v", c)
	}
}
