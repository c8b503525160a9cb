package payload

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"
)

// Bounds of a journey, whatever a payload goes through.
const (
	maxStages   = 256  // the smallest (service, source) are kept
	maxFailures = 16   // the last ones after the last opening or success
	maxKinds    = 16   // the smallest fingerprints that a stage ever failed with
	maxWords    = 32   // the smallest distinct words of a stage
	maxMessage  = 1024 // bytes of a failure's message
	maxDays     = 16   // single days; then first and last
)

// Journey is what a verdict needs to know of a payload's events. Each field is
// a minimum, a maximum or a cut set, so events may be merged in any order, in
// any batches and repeatedly: the journey, and its bytes, are the same.
//
// The zero Journey is empty and ready to use. A copy shares its parts: merge
// into one of the two only.
type Journey struct {
	org, account, inventory, system identifier

	first, last mark
	quiet       moment
	days        []int32 // days since 1970, ascending; first and last once ranged
	ranged      bool
	stages      []stage // by service, source
	cut         bool    // there were more stages than are kept
}

// moment is a point in time in microseconds since 1970, plus one: zero is
// never.
type moment int64

func momentOf(t time.Time) moment { return moment(t.UnixMicro() + 1) }

func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m) - 1).UTC()
}

func earliest(a, b moment) moment {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// identifier is a value and the date of the event that named it.
type identifier struct {
	value string
	at    moment
}

// complete takes a value of a later date, or at one date the greater text;
// none never erases one.
func (i *identifier) complete(o identifier) {
	if o.value == "" {
		return
	}
	if i.value == "" || cmp.Or(cmp.Compare(o.at, i.at), strings.Compare(o.value, i.value)) > 0 {
		*i = o
	}
}

// mark is one event as far as order goes.
type mark struct {
	at                      moment
	class                   Class
	service, source, status string
	hash                    int64
}

func (m mark) compare(o mark) int {
	return cmp.Or(
		cmp.Compare(m.at, o.at), cmp.Compare(m.class, o.class),
		cmp.Compare(m.service, o.service), cmp.Compare(m.source, o.source),
		cmp.Compare(m.status, o.status), cmp.Compare(m.hash, o.hash),
	)
}

// Mark names one event of a journey.
type Mark struct {
	Date                    time.Time
	Service, Source, Status string
	Hash                    int64
}

func (m mark) public() Mark {
	return Mark{Date: m.at.time(), Service: m.service, Source: m.source, Status: m.status, Hash: m.hash}
}

// Merge adds events to the journey; rules give words their classes.
func (j *Journey) Merge(rules *Rules, events ...Event) {
	for i := range events {
		j.MergeEvent(rules, &events[i], events[i].Hash())
	}
}

// MergeEvent adds one event whose hash is known already.
func (j *Journey) MergeEvent(rules *Rules, e *Event, hash int64) {
	at := momentOf(e.Date)
	j.org.complete(identifier{e.OrgID, at})
	j.account.complete(identifier{e.Account, at})
	j.inventory.complete(identifier{e.InventoryID, at})
	j.system.complete(identifier{e.SystemID, at})
	m := mark{at: at, class: rules.Class(e.Status), service: e.Service, source: e.Source, status: e.Status, hash: hash}
	j.widen(m, m)
	if !e.TakenIn.IsZero() {
		// A date ahead of its time must not hide that nothing happens.
		j.quiet = max(j.quiet, min(at, momentOf(e.TakenIn)))
	}
	if d := int32(e.Date.Unix() / 86400); !slices.Contains(j.days, d) {
		j.addDays([]int32{d}, false)
	}
	if s := j.stage(e.Service, e.Source); s != nil {
		s.add(m, e.Message)
	}
}

// MergeJourney adds all that another journey of the same payload knows.
func (j *Journey) MergeJourney(o *Journey) {
	j.org.complete(o.org)
	j.account.complete(o.account)
	j.inventory.complete(o.inventory)
	j.system.complete(o.system)
	if o.Empty() {
		return
	}
	j.widen(o.first, o.last)
	j.quiet = max(j.quiet, o.quiet)
	j.addDays(o.days, o.ranged)
	j.cut = j.cut || o.cut
	for i := range o.stages {
		if s := j.stage(o.stages[i].service, o.stages[i].source); s != nil {
			s.merge(&o.stages[i])
		}
	}
}

func (j *Journey) widen(first, last mark) {
	if j.first.at == 0 || first.compare(j.first) < 0 {
		j.first = first
	}
	if j.last.at == 0 || last.compare(j.last) > 0 {
		j.last = last
	}
}

func (j *Journey) addDays(days []int32, ranged bool) {
	for _, d := range days {
		if i, found := slices.BinarySearch(j.days, d); !found {
			j.days = slices.Insert(j.days, i, d)
		}
	}
	if j.ranged = j.ranged || ranged || len(j.days) > maxDays; j.ranged && len(j.days) > 2 {
		j.days = []int32{j.days[0], j.days[len(j.days)-1]}
	}
}

// stage is the stage of that name, made where there is none; nil when it
// falls beyond the bound.
func (j *Journey) stage(service, source string) *stage {
	i, found := slices.BinarySearchFunc(j.stages, stage{service: service, source: source}, compareStages)
	if found {
		return &j.stages[i]
	}
	if len(j.stages) == maxStages {
		j.cut = true
		if i == maxStages {
			return nil
		}
		j.stages = j.stages[:maxStages-1]
	}
	j.stages = slices.Insert(j.stages, i, stage{service: service, source: source})
	return &j.stages[i]
}

func compareStages(a, b stage) int {
	return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.source, b.source))
}

// Empty tells whether no event was merged.
func (j *Journey) Empty() bool { return j.first.at == 0 }

// OrgID is the organisation that the event of the latest date names (of
// several at that date the greater text); "" where none does. So are the other
// identifiers.
func (j *Journey) OrgID() string { return j.org.value }

// Account is the legacy account number.
func (j *Journey) Account() string { return j.account.value }

// InventoryID is the host in the inventory.
func (j *Journey) InventoryID() string { return j.inventory.value }

// SystemID is the machine.
func (j *Journey) SystemID() string { return j.system.value }

// First is the first event by the order of Compare.
func (j *Journey) First() Mark { return j.first.public() }

// Last is the newest event by the order of Compare.
func (j *Journey) Last() Mark { return j.last.public() }

// QuietSince is when the payload was last heard of: the greatest, over its
// events, of the earlier of date and time taken in.
func (j *Journey) QuietSince() time.Time {
	if j.quiet == 0 {
		return j.last.at.time()
	}
	return j.quiet.time()
}

// Days are the days a payload has events on.
type Days struct {
	Dates []time.Time // midnights, UTC, ascending
	Range bool        // Dates are the first and the last, and any day between may have some
}

// Days are the days that its events are of.
func (j *Journey) Days() Days {
	days := Days{Range: j.ranged}
	for _, d := range j.days {
		days.Dates = append(days.Dates, time.Unix(int64(d)*86400, 0).UTC())
	}
	return days
}

// Words yields each distinct status word of each stage; at most so many of
// each as a journey keeps.
func (j *Journey) Words() iter.Seq2[StageName, string] {
	return func(yield func(StageName, string) bool) {
		for i := range j.stages {
			s := &j.stages[i]
			for _, word := range s.words {
				if !yield(StageName{s.service, s.source}, word) {
					return
				}
			}
		}
	}
}

// Identifiers is a journey that knows only the identifiers of j: what stays
// when it is built anew from the stored events, since a repeat completes them
// and is not stored.
func (j *Journey) Identifiers() Journey {
	return Journey{org: j.org, account: j.account, inventory: j.inventory, system: j.system}
}
