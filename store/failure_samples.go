package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

// MostFailureSamples are the payloads of a kind of failure that are shown.
const MostFailureSamples = 3

// samplesWalked are the payloads of a kind that are looked at for those of
// some organisations.
const samplesWalked = 100

type sampleRow struct {
	payloadRow
	N int // of the group
}

// FailureSamples are some of the payloads of each group of an answer, at most
// MostFailureSamples, the last to fail first: the last of each bucket, which
// may have been healed since, and the newest of those that failed for this
// reason, since there may be but one bucket.
func (s *Store) FailureSamples(ctx context.Context, groups []*FailureGroup) (map[*FailureGroup][]*Payload, error) {
	samples := map[*FailureGroup][]*Payload{}
	if len(groups) == 0 {
		return samples, nil
	}
	var known, kinds []string
	var numbers, args []any
	for i, g := range groups {
		for _, id := range g.last {
			known, numbers = append(known, "(?::int, ?::bigint)"), append(numbers, i, id)
		}
		kinds, args = append(kinds, "(?::int, ?::bigint)"), append(args, i, int64(g.Fingerprint))
	}
	of := groups[0].asked // one answer's groups were asked for together
	walked, within := MostFailureSamples, where{}
	if of.byOrg {
		walked = samplesWalked
		within.and("c.org_id IN (?)", bun.List(of.orgs))
	}
	args = slices.Concat(numbers, args, []any{of.from, of.to, walked}, within.args, []any{of.to, MostFailureSamples, MostFailureSamples})
	var rows []sampleRow
	// Which they are is found first: journeys are read of these alone.
	err := s.read(ctx, "failure payloads", &rows, `SELECT k.n, `+payloadColumns+` FROM (
			SELECT k.n, k.id, row_number() OVER (PARTITION BY k.n ORDER BY coalesce(p.failed_at, p.updated_at) DESC, k.id DESC) AS place FROM (
				SELECT * FROM (VALUES `+strings.Join(known, ", ")+`) u(n, id)
				UNION SELECT g.n, c.id FROM (VALUES `+strings.Join(kinds, ", ")+`) g(n, fingerprint) CROSS JOIN LATERAL (
					SELECT c.id FROM (SELECT p.id, p.org_id, p.failed_at, p.started_at FROM payloads p
						WHERE p.failed_fingerprint = g.fingerprint AND p.started_at >= ? AND p.started_at < ? ORDER BY p.started_at DESC LIMIT ?) c
					WHERE `+within.sql()+` AND c.failed_at < ? ORDER BY c.started_at DESC LIMIT ?) c
			) k JOIN payloads p ON p.id = k.id WHERE p.started_at IS NOT NULL
		) k JOIN payloads p ON p.id = k.id WHERE k.place <= ?`, args...)
	if err != nil {
		return nil, err
	}
	read := map[int64]*Payload{}
	for i := range rows {
		r := &rows[i]
		if read[r.ID] == nil {
			if read[r.ID], err = r.payload(); err != nil {
				return nil, err
			}
		}
		samples[groups[r.N]] = append(samples[groups[r.N]], read[r.ID])
	}
	for g, payloads := range samples {
		samples[g] = lastToFail(g, payloads)
	}
	return samples, nil
}

// lastToFail puts the payloads first that failed last in the way of the group.
func lastToFail(g *FailureGroup, payloads []*Payload) []*Payload {
	at := make(map[*Payload]time.Time, len(payloads))
	for _, p := range payloads {
		for k := range p.Journey.FailureKinds() {
			if g.has(k) {
				at[p] = k.At
			}
		}
	}
	slices.SortFunc(payloads, func(a, b *Payload) int { return cmp.Or(at[b].Compare(at[a]), cmp.Compare(b.ID, a.ID)) })
	return payloads
}

func (g *FailureGroup) has(k payload.FailureKind) bool {
	return k.Fingerprint == g.Fingerprint && k.Service == g.Service && k.Source == g.Source
}
