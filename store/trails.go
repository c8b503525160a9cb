package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// trailIDs are the numbers of the (service, source, status) that match, and
// the date of the oldest payload (zero when there is none): how far back a
// walk over statuses need go.
func (s *Store) trailIDs(ctx context.Context, service, source, status *Text) (ids []int32, oldest time.Time, err error) {
	var w where
	w.text("t.service", false, service.lower())
	w.text("t.source", false, source.lower())
	w.text("t.status", false, status.lower())
	var rows []struct {
		ID     int32
		Oldest *time.Time
	}
	err = s.read(Newest(ctx), "trails", &rows,
		`SELECT t.id, (SELECT min(started_at) FROM payloads) AS oldest FROM trails t WHERE `+w.sql()+` ORDER BY t.id`, w.args...)
	for _, row := range rows {
		ids = append(ids, row.ID)
		if row.Oldest != nil {
			oldest = row.Oldest.UTC()
		}
	}
	return ids, oldest, err
}

// passed adds the conditions on where the payload of p has been. What is
// wanted of service, source and status must meet in one trail ("status error
// at puptoo"); what is unwanted of a source is looked for at the wanted
// service, and of a status at the wanted service and source. Only payloads that
// started within a span are asked for.
func (s *Store) passed(ctx context.Context, to *where, service, source, status *Text, started span) error {
	service, source, status = service.lower(), source.lower(), status.lower()
	var wanted where
	var unwanted []where
	for _, c := range []struct {
		column string
		text   *Text
	}{{"t.service", service}, {"t.source", source}, {"t.status", status}} {
		if c.text != nil && len(c.text.NotIn) > 0 {
			var not where
			not.add(wanted)
			not.in(c.column, c.text.NotIn)
			unwanted = append(unwanted, not)
		}
		wanted.wanted(c.column, false, c.text)
	}
	if len(wanted.parts) == 0 && len(unwanted) == 0 {
		return nil
	}
	var never where
	never.anyOf(unwanted)
	var rows []struct {
		ID               int32
		Wanted, Unwanted bool
	}
	err := s.read(Newest(ctx), "trails", &rows, `SELECT * FROM (SELECT t.id, (`+wanted.sql()+`) AS wanted, (`+never.sql()+`) AS unwanted FROM trails t) t
		WHERE wanted OR unwanted ORDER BY id`, slices.Concat(wanted.args, never.args)...)
	if err != nil {
		return err
	}
	var have, avoid []int32
	for _, row := range rows {
		if row.Wanted {
			have = append(have, row.ID)
		}
		if row.Unwanted {
			avoid = append(avoid, row.ID)
		}
	}
	if len(avoid) > 0 {
		to.and("NOT p.trails && ARRAY[?]::int4[]", bun.List(avoid))
	}
	if len(wanted.parts) == 0 {
		return nil
	}
	to.trails(have)
	return s.byEvents(ctx, to, have, started.from)
}

// fewEvents is up to how many events payloads are found by.
const fewEvents = 2_000

// byEvents narrows payloads that have been at one of the trails, and started
// at from or later, to those of the trails' events since then, where these are
// few. Where they are many, a walk over the payloads meets them soon.
func (s *Store) byEvents(ctx context.Context, to *where, trails []int32, from time.Time) error {
	if len(trails) == 0 {
		return nil
	}
	var w where
	w.and("s.trail_id IN (?)", bun.List(trails))
	w.dates("s.date", span{from: from})
	w.seconds(span{from: from})
	n, err := s.countUpTo(ctx, "events of trails", &countable{table: "payload_statuses s", conditions: w}, fewEvents)
	if err == nil && n <= fewEvents {
		// An array, since it is read first and then looked up.
		to.and("p.id = ANY (ARRAY(SELECT s.payload_id FROM payload_statuses s WHERE "+w.sql()+"))", w.args...)
	}
	return err
}

// trails adds that the payload of p has been at one of the trails.
func (w *where) trails(ids []int32) {
	if len(ids) == 0 {
		w.and("FALSE")
		return
	}
	w.and("p.trails && ARRAY[?]::int4[]", bun.List(ids))
}

// valuesList writes rows of equally many arguments after VALUES; the first
// row's casts give the types.
func valuesList(rows int, first string) string {
	marks := strings.Count(first, "?")
	other := "(" + strings.TrimSuffix(strings.Repeat("?, ", marks), ", ") + ")"
	return "(" + first + ")" + strings.Repeat(", "+other, max(rows-1, 0))
}
