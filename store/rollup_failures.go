package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rollup"
)

// mostFailureGroups are listed: those with the most failures.
const mostFailureGroups = 500

// FailureFilter says which failures are grouped; all that is given must hold.
type FailureFilter struct {
	NumbersFilter
	Fingerprint *payload.Fingerprint
}

// FailureGroup is the failures of one kind within a window.
type FailureGroup struct {
	Fingerprint     payload.Fingerprint
	Service, Source string // Source "": none
	Sample          string // the message of the last one that is known, at most its first 300 bytes
	Total           int64  // payloads that failed so, whatever became of them
	Open            int64  // those failing with it now
	FirstSeen       time.Time
	LastSeen        time.Time
	Trend           []FailurePoint
	IsNew           *bool    // not seen in the window before; nil where nothing came in it to compare with
	Orgs            int      // organisations hit; of more than a few dozen an estimate within some 5 %
	Share           *float64 // of the payloads that came to the service within the window; nil where none did

	last  []int64 // row numbers of the payloads that failed last in the last buckets
	asked askedFailures
}

// askedFailures is what groups were asked for.
type askedFailures struct {
	span
	byOrg bool
	orgs  []string
}

// FailurePoint is one step of a trend.
type FailurePoint struct {
	At    time.Time // when it begins
	Count int64
}

// kindKey names a kind of failure.
type kindKey struct {
	Fingerprint     int64
	Service, Source string
}

type groupRow struct {
	kindKey
	Total, Open     int64
	FirstAt, LastAt time.Time
	Known           bool
	Orgs            int
	Buckets         string // second:total:payload:0 or 1, whether its message is known,…
}

// kindBucket is what one bucket has of a kind.
type kindBucket struct {
	at             time.Time
	total, payload int64
	said           bool // a message is known: of failures that were healed when they were counted none is
}

// FailureGroups are the kinds of failures within the window, the most
// frequent first, at most 500.
func (s *Store) FailureGroups(ctx context.Context, window Window, filter FailureFilter) ([]*FailureGroup, error) {
	numbers, f, err := s.frame(ctx, window, filter.NumbersFilter)
	if err != nil {
		return nil, err
	}
	filter.NumbersFilter = numbers
	rows, err := s.groupRows(ctx, &f, filter)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	groups, said := make([]*FailureGroup, len(rows)), make([]time.Time, len(rows))
	points, asked := f.points(), askedFailures{span: f.now}
	asked.orgs, asked.byOrg = filter.orgs()
	for i := range rows {
		if groups[i], said[i], err = rows[i].group(&f, points); err != nil {
			return nil, err
		}
		groups[i].asked = asked
	}
	if err := s.addSamples(ctx, &f, filter, groups, said); err != nil {
		return nil, err
	}
	if err := s.addShares(ctx, &f, numbers, groups); err != nil {
		return nil, err
	}
	return groups, s.addOrgs(ctx, &f, filter, groups)
}

func (f *FailureFilter) kinds() where {
	var w where
	w.text("r.service", false, f.Service.lower())
	w.text("r.source", false, f.Source.lower())
	if f.Fingerprint != nil {
		w.and("r.fingerprint = ?", int64(*f.Fingerprint))
	}
	return w
}

// groupRows reads one row a group. What its buckets hold is strung together
// there, so that no more rows are sent than groups, and unordered, so that
// none are sorted but these.
func (s *Store) groupRows(ctx context.Context, f *frame, filter FailureFilter) ([]groupRow, error) {
	orgs, byOrg := filter.orgs()
	hit := "0" // see addOrgs
	if byOrg {
		hit = "count(DISTINCT r.org_id) FILTER (WHERE s.part = 0)"
	}
	from, args := f.from("failure_rollups", orgs, filter.kinds(), f.now, f.before)
	var rows []groupRow
	err := s.read(ctx, "failures", &rows, `SELECT r.fingerprint, r.service, r.source,
			sum(r.total) FILTER (WHERE s.part = 0)::bigint AS total, sum(r.open) FILTER (WHERE s.part = 0)::bigint AS open,
			min(r.first_at) FILTER (WHERE s.part = 0) AS first_at, max(r.last_at) FILTER (WHERE s.part = 0) AS last_at,
			bool_or(s.part = 1) AS known, `+hit+` AS orgs,
			string_agg(date_part('epoch', r.bucket)::bigint || ':' || r.total || ':' || r.payload_id || ':' || (r.message <> '')::int, ',') FILTER (WHERE s.part = 0) AS buckets
		`+from+`
		GROUP BY r.fingerprint, r.service, r.source HAVING sum(r.total) FILTER (WHERE s.part = 0) > 0
		ORDER BY total DESC, r.fingerprint, r.service, r.source LIMIT ?`, append(args, mostFailureGroups)...)
	return rows, err
}

// group also gives the last bucket of which a message is known, or the last.
func (r *groupRow) group(f *frame, points []time.Time) (*FailureGroup, time.Time, error) {
	g := &FailureGroup{
		Fingerprint: payload.Fingerprint(r.Fingerprint), Service: r.Service, Source: r.Source,
		Total: r.Total, Open: r.Open, FirstSeen: r.FirstAt.UTC(), LastSeen: r.LastAt.UTC(),
		IsNew: new(!r.Known), Orgs: r.Orgs, Trend: make([]FailurePoint, len(points)),
	}
	for i, at := range points {
		g.Trend[i].At = at
	}
	var buckets []kindBucket
	for text := range strings.SplitSeq(r.Buckets, ",") {
		b, err := parseBucket(text)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("buckets of %s: %w", g.Fingerprint, err)
		}
		g.Trend[f.point(b.at)].Count += b.total
		buckets = append(buckets, b)
	}
	slices.SortFunc(buckets, func(a, b kindBucket) int { return b.at.Compare(a.at) })
	for _, b := range buckets[:min(len(buckets), MostFailureSamples)] {
		g.last = append(g.last, b.payload)
	}
	said := max(slices.IndexFunc(buckets, func(b kindBucket) bool { return b.said }), 0)
	return g, buckets[said].at, nil
}

func parseBucket(text string) (kindBucket, error) {
	at, rest, _ := strings.Cut(text, ":")
	total, rest, _ := strings.Cut(rest, ":")
	number, said, _ := strings.Cut(rest, ":")
	seconds, err1 := strconv.ParseInt(at, 10, 64)
	b := kindBucket{at: time.Unix(seconds, 0).UTC(), said: said == "1"}
	var err2, err3 error
	b.total, err2 = strconv.ParseInt(total, 10, 64)
	b.payload, err3 = strconv.ParseInt(number, 10, 64)
	return b, errors.Join(err1, err2, err3)
}

// addSamples looks up what these buckets of the groups, one each, say.
func (s *Store) addSamples(ctx context.Context, f *frame, filter FailureFilter, groups []*FailureGroup, buckets []time.Time) error {
	stretches := f.stretches(f.now)
	var values []string
	var args []any
	for i, g := range groups {
		at := slices.IndexFunc(stretches, func(s stretch) bool { return buckets[i].Before(s.to) })
		values = append(values, "(?::int, ?::smallint, ?::timestamptz, ?::text, ?::text, ?::bigint)")
		args = append(args, i, int16(stretches[at].series), buckets[i], g.Service, g.Source, int64(g.Fingerprint))
	}
	orgs, _ := filter.orgs()
	var rows []struct {
		N       int
		Message string
	}
	err := s.read(ctx, "failure samples", &rows, `SELECT g.n, r.message FROM (VALUES `+strings.Join(values, ", ")+`) g(n, series, bucket, service, source, fingerprint)
		CROSS JOIN LATERAL (SELECT r.message, r.last_at FROM failure_rollups r WHERE r.generation = (SELECT rollup_state.generation FROM rollup_state) AND r.series = g.series
			AND r.org_id IN (?) AND r.bucket = g.bucket AND r.service = g.service AND r.source = g.source AND r.fingerprint = g.fingerprint AND r.message <> '' OFFSET 0) r
		ORDER BY r.last_at`, append(args, bun.List(orgs))...)
	for _, r := range rows {
		groups[r.N].Sample = r.Message
	}
	return err
}

// addOrgs counts the organisations where they are not told apart, by buckets
// as wide as fit into the window.
func (s *Store) addOrgs(ctx context.Context, f *frame, filter FailureFilter, groups []*FailureGroup) error {
	if f.byOrg {
		return nil
	}
	byKind, fingerprints := map[kindKey]*FailureGroup{}, make([]int64, len(groups))
	for i, g := range groups {
		fingerprints[i] = int64(g.Fingerprint)
		byKind[kindKey{fingerprints[i], g.Service, g.Source}] = g
	}
	wide, w := *f, filter.kinds()
	wide.step = 24 * time.Hour
	w.and("r.fingerprint IN (?)", bun.List(fingerprints))
	from, args := wide.from("failure_rollups", []string{""}, w, f.now)
	var rows []struct {
		kindKey
		Sets []byte
	}
	err := s.read(ctx, "failure orgs", &rows, `SELECT r.fingerprint, r.service, r.source, string_agg(r.orgs, ''::bytea) AS sets `+from+`
		GROUP BY r.fingerprint, r.service, r.source`, args...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if g := byKind[r.kindKey]; g != nil {
			if g.Orgs, err = rollup.MembersOf(r.Sets); err != nil {
				return fmt.Errorf("orgs of %s: %w", g.Fingerprint, err)
			}
		}
	}
	return nil
}

// addShares sets each group against the payloads that came to its service. A
// kind is new only where payloads came in the window before: on the first day
// there is nothing to compare with, and everything would be new.
func (s *Store) addShares(ctx context.Context, f *frame, filter NumbersFilter, groups []*FailureGroup) error {
	received, before, err := s.receivedBy(ctx, f, filter)
	for _, g := range groups {
		if all := received[g.Service]; all > 0 {
			share := float64(g.Total) / float64(all)
			g.Share = &share
		}
		if *g.IsNew && !before {
			g.IsNew = nil
		}
	}
	return err
}

// receivedBy is how many payloads came to each service, and whether any came
// to any service in the window before.
func (s *Store) receivedBy(ctx context.Context, f *frame, filter NumbersFilter) (received map[string]int64, before bool, err error) {
	filter.Service, filter.Source = nil, nil
	orgs, _ := filter.orgs()
	from, args := f.from("stage_rollups", orgs, filter.stages(), f.now, f.before)
	var rows []struct {
		Service     string
		Now, Before int64
	}
	if err := s.read(ctx, "received", &rows, `SELECT r.service, coalesce(sum(r.received) FILTER (WHERE s.part = 0), 0)::bigint AS now,
			coalesce(sum(r.received) FILTER (WHERE s.part = 1), 0)::bigint AS before `+from+` GROUP BY r.service`, args...); err != nil {
		return nil, false, err
	}
	received = map[string]int64{}
	for _, r := range rows {
		received[r.Service] = r.Now
		before = before || r.Before > 0
	}
	return received, before, nil
}
