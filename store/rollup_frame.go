package store

import (
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/rollup"
)

// NumbersFilter says which payloads numbers are made of; all that is given
// must hold.
type NumbersFilter struct {
	OrgID           *Text // eq or in: numbers are kept by organisation
	Service, Source *Text

	Now time.Time `json:"-"` // the moment the window is seen from; zero: the store's clock
}

func (f *NumbersFilter) check() error {
	for _, t := range []struct {
		field string
		text  *Text
		usual spelling
	}{{"orgId", f.OrgID, asSent}, {"service", f.Service, strings.ToLower}, {"source", f.Source, strings.ToLower}} {
		if err := t.text.check(t.field, t.usual); err != nil {
			return err
		}
	}
	if o := f.OrgID; o != nil && (o.Contains != nil || len(o.NotIn) > 0 || len(o.In) > mostOrgs) {
		return bad("orgId: numbers are kept by organisation: give eq, or in with at most %d", mostOrgs)
	}
	return nil
}

// mostOrgs and longestWindow bound what one question reads.
const (
	mostOrgs      = 20
	longestWindow = 366 * 24 * time.Hour
)

// within is f with a scope's organisation, where it names none.
func (f NumbersFilter) within(scope identity.Scope) NumbersFilter {
	if orgID, bound := scope.Bound(); bound && f.OrgID == nil {
		f.OrgID = &Text{Eq: &orgID}
	}
	return f
}

// orgs whose series are read: that of no organisation is the one of all.
func (f *NumbersFilter) orgs() (orgs []string, byOrg bool) {
	switch o := f.OrgID; {
	case o == nil || o.Eq == nil && o.In == nil:
		return []string{""}, false
	case o.Eq == nil:
		return o.In, true
	case o.In == nil || slices.Contains(o.In, *o.Eq):
		return []string{*o.Eq}, true
	}
	return nil, true
}

// frame is a window as whole buckets, the one before it, and the steps of its
// trend. A window that begins within a bucket has the whole of it: five
// minutes where these are kept, else an hour.
type frame struct {
	now, before span
	step        time.Duration
	narrowest   time.Duration
	byOrg       bool
}

func frameOf(w *Window, now time.Time, byOrg bool) (frame, error) {
	if err := w.check("window"); err != nil {
		return frame{}, err
	}
	sp := w.span(now)
	if sp.to.IsZero() {
		sp.to = now
	}
	switch long := sp.to.Sub(sp.from); {
	case sp.from.IsZero():
		return frame{}, bad("window: since when? Give since or from")
	case long > longestWindow:
		return frame{}, bad("window: at most 366 days")
	case long < 0:
		return frame{}, bad("window: it begins in the future")
	}
	f := frame{byOrg: byOrg, narrowest: time.Hour, step: 24 * time.Hour}
	if kept := now.Add(rollup.Width - rollup.RecentlyKept); !byOrg && sp.from.Add(-sp.to.Sub(sp.from)).After(kept) {
		f.narrowest = rollup.Width
	}
	f.now = span{sp.from.Truncate(f.narrowest), sp.to.Add(f.narrowest - 1).Truncate(f.narrowest)}
	if f.now.to.Equal(f.now.from) {
		f.now.to = f.now.to.Add(f.narrowest)
	}
	long := f.now.to.Sub(f.now.from)
	f.before = span{f.now.from.Add(-long), f.now.from}
	if long <= 4*24*time.Hour {
		f.step = time.Hour
	}
	if long <= 3*time.Hour+rollup.Width {
		f.step = f.narrowest
	}
	return f, nil
}

// points are where the steps of the trend begin.
func (f *frame) points() []time.Time {
	points := []time.Time{f.now.from}
	for at := f.now.from.Truncate(f.step).Add(f.step); at.Before(f.now.to); at = at.Add(f.step) {
		points = append(points, at)
	}
	return points
}

// point is the number of the step that a bucket of the window belongs to.
func (f *frame) point(bucket time.Time) int {
	return int(bucket.Truncate(f.step).Sub(f.now.from.Truncate(f.step)) / f.step)
}

// stretch is a part of a window that one series has.
type stretch struct {
	series rollup.Series
	span
}

// stretches are the series that have a span, none wider than the trend's
// steps: days where whole days are asked for, the rest in hours, and what
// hours do not fit in five minutes.
func (f *frame) stretches(sp span) []stretch {
	all := []rollup.Series{rollup.Days, rollup.Hours, rollup.FiveMinutes}
	if f.byOrg {
		all = []rollup.Series{rollup.OrgDays, rollup.OrgHours}
	}
	var list []stretch
	for at := sp.from; at.Before(sp.to); {
		i := slices.IndexFunc(all, func(s rollup.Series) bool {
			width := s.Width()
			return width == f.narrowest || width <= f.step && at.Truncate(width).Equal(at) && !at.Add(width).After(sp.to)
		})
		next := at.Add(all[i].Width())
		if n := len(list); n > 0 && list[n-1].series == all[i] {
			list[n-1].to = next
		} else {
			list = append(list, stretch{all[i], span{at, next}})
		}
		at = next
	}
	return list
}

// from is the FROM of a statement on the rows of a table that make up spans,
// with a condition on them: each stretch is a walk along the index. The rows
// come as r, the number of their span as s.part.
func (f *frame) from(table string, orgs []string, w where, spans ...span) (string, []any) {
	var values []string
	var args []any
	for part, sp := range spans {
		for _, s := range f.stretches(sp) {
			values = append(values, "(?::int, ?::smallint, ?::timestamptz, ?::timestamptz)")
			args = append(args, part, int16(s.series), s.from, s.to)
		}
	}
	var with where
	with.and("r.generation = (SELECT rollup_state.generation FROM rollup_state) AND r.series = s.series AND r.bucket >= s.begins AND r.bucket < s.ends")
	if len(orgs) == 0 {
		with.and("FALSE")
	} else {
		with.and("r.org_id IN (?)", bun.List(orgs))
	}
	with.add(w)
	return `FROM (VALUES ` + strings.Join(values, ", ") + `) s(part, series, begins, ends)
		CROSS JOIN LATERAL (SELECT * FROM ` + table + ` r WHERE ` + with.sql() + ` OFFSET 0) r`, append(args, with.args...)
}

// Percentiles of a distribution, within 5 %.
type Percentiles struct{ P50, P95, P99 time.Duration }

// percentilesOf is nil where there is nothing to order.
func percentilesOf(histogram rollup.Sparse) *Percentiles {
	if len(histogram) == 0 {
		return nil
	}
	var p Percentiles
	p.P50, _ = histogram.Percentile(0.50)
	p.P95, _ = histogram.Percentile(0.95)
	p.P99, _ = histogram.Percentile(0.99)
	return &p
}
