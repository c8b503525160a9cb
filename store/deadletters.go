package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

const (
	// LetterSampleBytes is how much of a dead letter is kept as a sample.
	LetterSampleBytes = 1024
	// letterServices bounds the services an hour tells apart: they come from
	// messages that may say anything. The others count under ''.
	letterServices = 64
	// lettersKept is how long counts are kept.
	lettersKept = 90 * 24 * time.Hour
	// mostLetterGroups bounds what a listing gives, the most frequent first.
	mostLetterGroups = 500
)

// LetterCounts counts records that are no events by reason and service, with
// the beginning of the newest of each.
type LetterCounts []letterCount

type letterCount struct {
	reason  payload.Reason
	service string
	count   int64
	offset  int64 // of the newest
	sample  []byte
}

// Add counts a record. It keeps no reference to value.
func (c *LetterCounts) Add(reason payload.Reason, service string, offset int64, value []byte) {
	c.add(letterCount{reason: reason, service: service, count: 1, offset: offset, sample: value[:min(len(value), LetterSampleBytes)]})
}

// Merge adds what was counted elsewhere.
func (c *LetterCounts) Merge(other LetterCounts) {
	for _, more := range other {
		c.add(more)
	}
}

func (c *LetterCounts) add(more letterCount) {
	at := c.find(more.reason, more.service)
	if at < 0 && len(*c) >= letterServices {
		more.service = ""
		at = c.find(more.reason, "")
	}
	if at < 0 {
		more.sample = append([]byte{}, more.sample...) // of a tombstone too: empty, not NULL
		*c = append(*c, more)
		return
	}
	group := &(*c)[at]
	group.count += more.count
	if more.offset >= group.offset {
		group.offset, group.sample = more.offset, append(group.sample[:0], more.sample...)
	}
}

func (c *LetterCounts) find(reason payload.Reason, service string) int {
	return slices.IndexFunc(*c, func(g letterCount) bool { return g.reason == reason && g.service == service })
}

// letterKey orders the rows of an hour: every transaction locks them in this order.
type letterKey struct {
	reason  payload.Reason
	service string
}

func (k letterKey) compare(other letterKey) int {
	return cmp.Or(cmp.Compare(k.reason, other.reason), cmp.Compare(k.service, other.service))
}

// counted is what a batch adds to one row.
type counted struct {
	letterCount
	topic     string
	partition int32
}

// countLetters writes what the parts counted, lost ones apart, to the hour of
// stamp. It comes last in its transaction: consumers share these rows, and
// would else wait for each other's whole batch.
func countLetters(ctx context.Context, tx pgx.Tx, parts []Part, lost []Lost, stamp time.Time) error {
	groups := map[letterKey]counted{}
	for _, p := range parts {
		if slices.ContainsFunc(lost, func(l Lost) bool { return l.Topic == p.Topic && l.Partition == p.Partition }) {
			continue
		}
		for _, g := range p.Letters {
			k := letterKey{g.reason, g.service}
			g.count += groups[k].count
			groups[k] = counted{g, p.Topic, p.Partition}
		}
	}
	if len(groups) == 0 {
		return nil
	}
	hour := stamp.Truncate(time.Hour)
	known, err := letterKeys(ctx, tx, hour)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		if err := sweepLetters(ctx, tx, stamp); err != nil {
			return err
		}
	}
	return writeLetters(ctx, tx, hour, stamp, fold(groups, known))
}

func letterKeys(ctx context.Context, tx pgx.Tx, hour time.Time) (map[letterKey]bool, error) {
	rows, err := tx.Query(ctx, `SELECT reason, service FROM dead_letters WHERE hour = $1::timestamptz`, hot, hour)
	if err != nil {
		return nil, err
	}
	known := map[letterKey]bool{}
	var k letterKey
	_, err = pgx.ForEachRow(rows, []any{&k.reason, &k.service}, func() error {
		known[k] = true
		return nil
	})
	return known, err
}

// sweepLetters deletes the oldest counts; another consumer that does so too
// is not waited for.
func sweepLetters(ctx context.Context, tx pgx.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM dead_letters WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM dead_letters WHERE hour < $1::timestamptz LIMIT 10000 FOR UPDATE SKIP LOCKED))`, hot, now.Add(-lettersKept))
	return err
}

// fold counts services past the bound of an hour under no name.
func fold(groups map[letterKey]counted, known map[letterKey]bool) map[letterKey]counted {
	room := letterServices - len(known)
	folded := map[letterKey]counted{}
	for _, k := range slices.SortedFunc(maps.Keys(groups), letterKey.compare) {
		g := groups[k]
		if k.service != "" && !known[k] {
			if room--; room < 0 {
				k.service = ""
			}
		}
		g.count += folded[k].count
		folded[k] = g
	}
	return folded
}

func writeLetters(ctx context.Context, tx pgx.Tx, hour, stamp time.Time, groups map[letterKey]counted) error {
	var reasons, services, topics []string
	var counts, offsets []int64
	var partitions []int32
	var samples [][]byte
	for _, k := range slices.SortedFunc(maps.Keys(groups), letterKey.compare) {
		g := groups[k]
		reasons, services, counts = append(reasons, string(k.reason)), append(services, k.service), append(counts, g.count)
		topics, partitions, offsets = append(topics, g.topic), append(partitions, g.partition), append(offsets, g.offset)
		samples = append(samples, g.sample)
	}
	_, err := tx.Exec(ctx, `INSERT INTO dead_letters AS d
			(hour, reason, service, count, first_at, last_at, sample, sample_topic, sample_partition, sample_offset)
		SELECT $1::timestamptz, u.reason, u.service, u.count, $2::timestamptz, $2::timestamptz, u.sample, u.topic, u.partition, u."offset"
		FROM unnest($3::text[], $4::text[], $5::int8[], $6::bytea[], $7::text[], $8::int4[], $9::int8[])
			u(reason, service, count, sample, topic, partition, "offset")
		ON CONFLICT (hour, reason, service) DO UPDATE SET count = d.count + excluded.count,
			first_at = least(d.first_at, excluded.first_at), last_at = greatest(d.last_at, excluded.last_at),
			sample = excluded.sample, sample_topic = excluded.sample_topic,
			sample_partition = excluded.sample_partition, sample_offset = excluded.sample_offset`,
		hot, hour, stamp, reasons, services, counts, samples, topics, partitions, offsets)
	return err
}

// DeadLetterFilter says which dead letters are counted; all that is given
// must hold.
type DeadLetterFilter struct {
	Reason, Service *Text
	TakenIn         *Window // whole hours: one that reaches into the window counts

	Now time.Time `json:"-"` // the moment the window is seen from; zero: the store's clock
}

// DeadLetterGroup is the dead letters of one reason and service.
type DeadLetterGroup struct {
	Reason          payload.Reason
	Service         string // "" where the message does not tell
	Count           int64
	FirstAt, LastAt time.Time // taken in
	Sample          string    // the beginning of the newest; what is no text is U+FFFD
	SampleTopic     string    // where the sample came from
	SamplePartition int32
	SampleOffset    int64
}

type letterRow struct {
	Reason, Service string
	Count           int64
	FirstAt, LastAt time.Time
	Sample          []byte
	SampleTopic     string
	SamplePartition int32
	SampleOffset    int64
}

// DeadLetters counts what came in the last 90 days and was no event, by
// reason and service, the most frequent first: at most 500 groups.
func (s *Store) DeadLetters(ctx context.Context, filter DeadLetterFilter) ([]*DeadLetterGroup, error) {
	if err := filter.Reason.check("reason", asSent); err != nil {
		return nil, err
	}
	if err := filter.Service.check("service", asSent); err != nil {
		return nil, err
	}
	if err := filter.TakenIn.check("takenIn"); err != nil {
		return nil, err
	}
	var w where
	w.text("reason", false, filter.Reason.lower())
	w.text("service", false, filter.Service.lower())
	sp := filter.TakenIn.span(walk{}.now(filter.Now, s.Now))
	if !sp.from.IsZero() {
		w.and("hour >= ? AND last_at >= ?", sp.from.Truncate(time.Hour), sp.from)
	}
	w.dates("first_at", span{to: sp.to})
	var rows []letterRow
	err := s.read(Newest(ctx), "dead letters", &rows, `SELECT reason, service, g.count, g.first_at, g.last_at, d.sample, d.sample_topic, d.sample_partition, d.sample_offset
		FROM (SELECT reason, service, sum(count)::bigint AS count, min(first_at) AS first_at, max(last_at) AS last_at, max(hour) AS hour
			FROM dead_letters WHERE `+w.sql()+` GROUP BY reason, service) g
		JOIN dead_letters d USING (hour, reason, service)
		ORDER BY g.count DESC, reason, service LIMIT ?`, append(w.args, mostLetterGroups)...)
	if err != nil {
		return nil, err
	}
	groups := make([]*DeadLetterGroup, len(rows))
	for i, r := range rows {
		groups[i] = &DeadLetterGroup{
			Reason: payload.Reason(r.Reason), Service: r.Service, Count: r.Count, FirstAt: r.FirstAt.UTC(), LastAt: r.LastAt.UTC(),
			Sample: LetterSample(r.Sample), SampleTopic: r.SampleTopic, SamplePartition: r.SamplePartition, SampleOffset: r.SampleOffset,
		}
	}
	return groups, nil
}

// LetterSample is the beginning of a dead letter as text that JSON and a
// page can show: what is no UTF-8, and any NUL, becomes U+FFFD.
func LetterSample(value []byte) string {
	cut := wholeRunes(value[:min(len(value), LetterSampleBytes)])
	return strings.ReplaceAll(strings.ToValidUTF8(string(cut), "\uFFFD"), "\x00", "\uFFFD")
}

// wholeRunes leaves out the last character where it was cut.
func wholeRunes(b []byte) []byte {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}
