package rollup

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"
)

// Sparse is a row of counters most of which are zero: only the others are
// kept, by slot. Two are added slot by slot, so what was added can be taken
// away again. Histograms of durations and sets of organisations are such rows.
type Sparse []Count

// Count is how often a slot was hit; never zero.
type Count struct {
	Slot uint16
	N    int64
}

// Add changes the counter of a slot by n.
func (s *Sparse) Add(slot uint16, n int64) {
	i, found := slices.BinarySearchFunc(*s, slot, func(c Count, slot uint16) int { return cmp.Compare(c.Slot, slot) })
	switch {
	case n == 0:
	case !found:
		*s = slices.Insert(*s, i, Count{slot, n})
	case (*s)[i].N == -n:
		*s = slices.Delete(*s, i, i+1)
	default:
		(*s)[i].N += n
	}
}

// Merge adds all of another row.
func (s *Sparse) Merge(o Sparse) {
	if len(*s) == 0 {
		*s = slices.Clone(o)
		return
	}
	for _, c := range o {
		s.Add(c.Slot, c.N)
	}
}

// bounds of the slots for durations, in microseconds: slot i holds those from
// bounds[i] up to, not including, bounds[i+1]. Each is 21/19 = 1.05/0.95 of
// the one before, so that a value between two is within 5 % of both. They are
// whole numbers: a logarithm may fall into another slot on another processor,
// and what one has added another would not find again.
var bounds = func() []int64 {
	bounds := []int64{0, 1}
	for at := int64(1); at < math.MaxInt64/21; {
		at = max(at+1, at*21/19)
		bounds = append(bounds, at)
	}
	return bounds
}()

// slotOf a duration; one that is negative counts as none.
func slotOf(d time.Duration) uint16 {
	us := max(0, d.Microseconds())
	return uint16(sort.Search(len(bounds), func(i int) bool { return bounds[i] > us }) - 1)
}

// durationOf a slot: within 5 % of all it holds.
func durationOf(slot uint16) time.Duration {
	i := min(int(slot), len(bounds)-2)
	least, most := float64(bounds[i]), float64(bounds[i+1]-1)
	if least == most {
		return time.Duration(bounds[i]) * time.Microsecond
	}
	return time.Duration(2 * least / (least + most) * most * float64(time.Microsecond))
}

// Percentile of a histogram of durations, p from 0 to 1: within 5 % of the
// duration that stands there when all are put in order. False when the
// histogram is empty.
func (s Sparse) Percentile(p float64) (time.Duration, bool) {
	var all int64
	for _, c := range s {
		all += max(0, c.N)
	}
	if all == 0 {
		return 0, false
	}
	rank := max(1, int64(math.Ceil(p*float64(all))))
	for _, c := range s {
		if rank -= max(0, c.N); rank <= 0 {
			return durationOf(c.Slot), true
		}
	}
	return 0, false
}

// setSlots is how many slots a set has. Up to a few dozen members it is all
// but always exact, at 10,000 within some 5 %, and never of more than 6 KB.
const setSlots = 2048

// memberSlot is the slot of a member of a set, for all processes the same:
// FNV-1a, mixed once more, since organisations are numbers close together.
func memberSlot(member string) uint16 {
	h := uint64(14695981039346656037)
	for i := range len(member) {
		h = (h ^ uint64(member[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return uint16((h ^ h>>33) % setSlots)
}

// members is how many different members a set has: as many as most likely
// share its slots.
func members(counts []int64) int {
	free := 0.0
	for _, n := range counts {
		if n <= 0 {
			free++
		}
	}
	return int(math.Round(setSlots * math.Log(setSlots/max(0.5, free))))
}
