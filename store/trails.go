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
	err = s.read(ctx, "trails", &rows,
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
// service, and of a status at the wanted service and source.
func (s *Store) passed(ctx context.Context, to *where, service, source, status *Text) error {
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
	err := s.read(ctx, "trails", &rows, `SELECT * FROM (SELECT t.id, (`+wanted.sql()+`) AS wanted, (`+never.sql()+`) AS unwanted FROM trails t) t
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
	if len(wanted.parts) > 0 {
		to.trails(have)
	}
	if len(avoid) > 0 {
		to.and("NOT p.trails && ARRAY[?]::int4[]", bun.List(avoid))
	}
	return nil
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
