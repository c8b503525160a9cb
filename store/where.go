package store

import (
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/payload"
)

// where collects conditions, all of which must hold. Values are only ever
// arguments, never text in the SQL.
type where struct {
	parts []string
	args  []any
}

func (w *where) and(sql string, args ...any) {
	w.parts = append(w.parts, sql)
	w.args = append(w.args, args...)
}

func (w *where) add(other where) {
	w.parts = append(w.parts, other.parts...)
	w.args = append(w.args, other.args...)
}

func (w *where) sql() string {
	if len(w.parts) == 0 {
		return "TRUE"
	}
	return "(" + strings.Join(w.parts, ") AND (") + ")"
}

// anyOf is the alternative to add: one of the conditions must hold.
func (w *where) anyOf(alternatives []where) {
	if len(alternatives) == 0 {
		w.and("FALSE")
		return
	}
	var parts []string
	var args []any
	for _, a := range alternatives {
		parts, args = append(parts, a.sql()), append(args, a.args...)
	}
	w.and("("+strings.Join(parts, ") OR (")+")", args...)
}

// text adds the conditions of t on a text column, in which an absent value
// is ” or, when nullable, NULL: both match as the empty text.
func (w *where) text(column string, nullable bool, t *Text) {
	w.wanted(column, nullable, t)
	w.unwanted(column, nullable, t)
}

func (w *where) wanted(column string, nullable bool, t *Text) {
	if t == nil {
		return
	}
	full := orEmpty(column, nullable)
	if t.Eq != nil {
		if *t.Eq != "" {
			full = column // an index may serve it
		}
		w.and(full+" = ?", *t.Eq)
	}
	if t.In != nil {
		w.in(orEmpty(column, nullable), t.In)
	}
	if t.Contains != nil {
		w.contains(column, *t.Contains)
	}
}

// contains adds that column has part in it, whatever the case. ILIKE would
// turn both to lower case again for each row, letter by letter; the letters of
// a part that is ASCII are found among bytes, at a quarter of the cost.
func (w *where) contains(column, part string) {
	if strings.ContainsFunc(part, func(r rune) bool { return r > unicode.MaxASCII }) {
		w.and("lower("+column+") LIKE lower(?)", "%"+escapeLike(part)+"%")
		return
	}
	w.and("lower("+column+` COLLATE "C") LIKE ?`, "%"+escapeLike(strings.ToLower(part))+"%")
}

func (w *where) unwanted(column string, nullable bool, t *Text) {
	if t != nil && len(t.NotIn) > 0 {
		w.and(orEmpty(column, nullable)+" NOT IN (?)", bun.List(t.NotIn))
	}
}

func (w *where) in(column string, values []string) {
	if len(values) == 0 {
		w.and("FALSE")
		return
	}
	w.and(column+" IN (?)", bun.List(values))
}

func orEmpty(column string, nullable bool) string {
	if nullable {
		return "coalesce(" + column + ", '')"
	}
	return column
}

func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// requestID adds the conditions of t on a column of UUIDs; t was checked.
func (w *where) requestID(column string, t *Text) {
	if t == nil {
		return
	}
	if t.Eq != nil {
		w.and(column+" = ?", uuidText(*t.Eq))
	}
	if t.In != nil {
		w.in(column, uuidTexts(t.In))
	}
	if len(t.NotIn) > 0 {
		w.and(column+" NOT IN (?)", bun.List(uuidTexts(t.NotIn)))
	}
}

// fingerprint adds the conditions of t on a column of fingerprints, NULL
// where there is none; t was checked.
func (w *where) fingerprint(column string, t *Text) {
	if t == nil {
		return
	}
	if t.Eq != nil {
		w.and(column+" = ?", fingerprints([]string{*t.Eq})[0])
	}
	if t.In != nil && len(t.In) == 0 {
		w.and("FALSE")
	} else if t.In != nil {
		w.and(column+" IN (?)", bun.List(fingerprints(t.In)))
	}
	if len(t.NotIn) > 0 {
		w.and("("+column+" IN (?)) IS NOT TRUE", bun.List(fingerprints(t.NotIn)))
	}
}

func fingerprints(texts []string) []int64 {
	numbers := make([]int64, len(texts))
	for i, text := range texts {
		f, _ := payload.ParseFingerprint(text)
		numbers[i] = int64(f)
	}
	return numbers
}

// uuidText is a request id as PostgreSQL reads it; one that was not checked
// before becomes the zero UUID, which no payload has.
func uuidText(id string) string {
	parsed, _ := payload.ParseRequestID(id)
	return usualSpelling(parsed)
}

func uuidTexts(ids []string) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = uuidText(id)
	}
	return texts
}

// host adds the conditions of t on the ids of one side of payload_hosts
// ("inventory" or "system") that the payload of p ever named.
func (w *where) host(side string, t *Text) {
	if t == nil {
		return
	}
	if t.Eq != nil {
		w.namesHost(side, "", []string{*t.Eq})
	}
	if t.In != nil {
		w.namesHost(side, "", t.In)
	}
	if len(t.NotIn) > 0 {
		w.namesHost(side, "NOT ", t.NotIn)
	}
}

func (w *where) namesHost(side, not string, ids []string) {
	var alternatives []where
	for _, id := range ids {
		var a where
		switch key, _ := hostKey(id); {
		case id == "":
			a.and("p." + side + "_key IS NULL")
		case key == [16]byte{}:
			a.and("FALSE") // the zero UUID stands for none and names no host
		default:
			a.and("p.id IN (SELECT h.payload_id FROM payload_hosts h WHERE h."+side+"_key = ?)", usualSpelling(key))
		}
		alternatives = append(alternatives, a)
	}
	var any where
	any.anyOf(alternatives)
	w.and(not+"("+any.sql()+")", any.args...)
}

// dates adds [from, to) on a column; a zero bound is none.
func (w *where) dates(column string, sp span) {
	if !sp.from.IsZero() {
		w.and(column+" >= ?", sp.from)
	}
	if !sp.to.IsZero() {
		w.and(column+" < ?", sp.to)
	}
}

// onDays adds that column falls into one of the spans.
func (w *where) onDays(column string, days []span) {
	var alternatives []where
	for _, d := range days {
		var a where
		a.dates(column, d)
		alternatives = append(alternatives, a)
	}
	w.anyOf(alternatives)
}

// duration adds the bounds of r on the time from started to updated.
func (w *where) duration(r *DurationRange) {
	if r == nil {
		return
	}
	bound := func(operator string, d *time.Duration) {
		if d != nil {
			w.and("p.updated_at - p.started_at "+operator+" ? * interval '1 microsecond'", ceilMicros(*d))
		}
	}
	bound(">=", r.Gte)
	bound("<", r.Lt)
}

// ceilMicros: the database counts whole microseconds, and both bounds of a
// half-open range keep their meaning when they are rounded up.
func ceilMicros(d time.Duration) int64 {
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}
