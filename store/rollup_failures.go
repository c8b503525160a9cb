package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

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
	IsNew           bool     // not seen in the window before
	Orgs            int      // organisations hit; of more than a few dozen an estimate within some 5 %
	Share           *float64 // of the payloads that came to the service within the window; nil where none did
	PayloadIDs      []int64  // some of the payloads, the last first: row numbers, shown to nobody
}

// FailurePoint is one step of a trend.
type FailurePoint struct {
	At    time.Time // when it begins
	Count int64
}

type groupRow struct {
	Fingerprint     int64
	Service, Source string
	Message         string
	Total, Open     int64
	FirstAt, LastAt time.Time
	Trend           string // bucket:total,…
	Known           bool
	Sets            []byte
	Orgs            int
	Payloads        []int64 `bun:",array"`
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
	received, err := s.receivedBy(ctx, &f, numbers)
	if err != nil {
		return nil, err
	}
	points, groups := f.points(), make([]*FailureGroup, len(rows))
	for i := range rows {
		if groups[i], err = rows[i].group(&f, points); err != nil {
			return nil, err
		}
		if all := received[rows[i].Service]; all > 0 {
			share := float64(rows[i].Total) / float64(all)
			groups[i].Share = &share
		}
	}
	return groups, nil
}

// groupRows reads one row a group: what its buckets hold is strung together
// there, so that no more rows are sent than groups.
func (s *Store) groupRows(ctx context.Context, f *frame, filter FailureFilter) ([]groupRow, error) {
	var w where
	w.text("r.service", false, filter.Service.lower())
	w.text("r.source", false, filter.Source.lower())
	if filter.Fingerprint != nil {
		w.and("r.fingerprint = ?", int64(*filter.Fingerprint))
	}
	orgs, byOrg := filter.orgs()
	sets, count := "string_agg(r.orgs, ''::bytea) FILTER (WHERE r.bucket >= w.begins)", "0"
	if byOrg {
		sets, count = "NULL::bytea", "count(DISTINCT r.org_id) FILTER (WHERE r.bucket >= w.begins)"
	}
	from, args := f.from("failure_rollups", orgs, w, f.now, f.before)
	var rows []groupRow
	err := s.read(ctx, "failures", &rows, `SELECT r.fingerprint, r.service, r.source,
			sum(r.total) FILTER (WHERE r.bucket >= w.begins)::bigint AS total, sum(r.open) FILTER (WHERE r.bucket >= w.begins)::bigint AS open,
			min(r.first_at) FILTER (WHERE r.bucket >= w.begins) AS first_at, max(r.last_at) FILTER (WHERE r.bucket >= w.begins) AS last_at,
			string_agg(extract(epoch FROM r.bucket)::bigint || ':' || r.total, ',') FILTER (WHERE r.bucket >= w.begins) AS trend,
			bool_or(r.bucket < w.begins) AS known, `+sets+` AS sets, `+count+` AS orgs,
			coalesce((array_agg(r.message ORDER BY r.last_at DESC) FILTER (WHERE r.bucket >= w.begins AND r.message <> ''))[1], '') AS message,
			(array_agg(r.payload_id ORDER BY r.last_at DESC) FILTER (WHERE r.bucket >= w.begins))[1:3] AS payloads
		`+from+` CROSS JOIN (SELECT ?::timestamptz AS begins) w
		GROUP BY r.fingerprint, r.service, r.source HAVING sum(r.total) FILTER (WHERE r.bucket >= w.begins) > 0
		ORDER BY total DESC, r.fingerprint, r.service, r.source LIMIT ?`, append(args, f.now.from, mostFailureGroups)...)
	return rows, err
}

// receivedBy is how many payloads came to each service.
func (s *Store) receivedBy(ctx context.Context, f *frame, filter NumbersFilter) (map[string]int64, error) {
	filter.Source = nil
	orgs, _ := filter.orgs()
	from, args := f.from("stage_rollups", orgs, filter.stages(), f.now)
	var rows []struct {
		Service  string
		Received int64
	}
	if err := s.read(ctx, "received", &rows, `SELECT r.service, sum(r.received)::bigint AS received `+from+` GROUP BY r.service`, args...); err != nil {
		return nil, err
	}
	received := map[string]int64{}
	for _, r := range rows {
		received[r.Service] = r.Received
	}
	return received, nil
}

func (r *groupRow) group(f *frame, points []time.Time) (*FailureGroup, error) {
	g := &FailureGroup{
		Fingerprint: payload.Fingerprint(r.Fingerprint), Service: r.Service, Source: r.Source, Sample: r.Message,
		Total: r.Total, Open: r.Open, FirstSeen: r.FirstAt.UTC(), LastSeen: r.LastAt.UTC(),
		IsNew: !r.Known, Orgs: r.Orgs, PayloadIDs: r.Payloads, Trend: make([]FailurePoint, len(points)),
	}
	for i, at := range points {
		g.Trend[i].At = at
	}
	for bucket := range strings.SplitSeq(r.Trend, ",") {
		at, total, _ := strings.Cut(bucket, ":")
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("trend of %s: %w", g.Fingerprint, err)
		}
		n, err := strconv.ParseInt(total, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("trend of %s: %w", g.Fingerprint, err)
		}
		g.Trend[f.point(time.Unix(seconds, 0).UTC())].Count += n
	}
	if r.Sets != nil {
		var err error
		if g.Orgs, err = rollup.MembersOf(r.Sets); err != nil {
			return nil, fmt.Errorf("orgs of %s: %w", g.Fingerprint, err)
		}
	}
	return g, nil
}
