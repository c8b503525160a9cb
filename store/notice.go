package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// ChangeChannel is where changes are announced, in the transactions that make
// them: see Notice.
const ChangeChannel = "payload_changes"

// Notice tells what a batch changed, or a part of it.
type Notice struct {
	// All: anything may have changed, since notices were perhaps missed, or
	// the rules are new. Then there are no IDs, and Since is how far back.
	All   bool
	Since time.Time

	IDs    []payload.RequestID // payloads with an event in the batch, a repeated one too
	Stamp  time.Time           // the batch's: its new events were taken in then
	Events int                 // how many of them are new
	dates  []span              // where their dates are
}

const (
	// noticeIDs is how many request ids one notice holds: PostgreSQL allows
	// fewer than 8,000 bytes, an id and its blank take 33.
	noticeIDs = 200
	// Stretches of a notice's dates: such as are nearer than noticeGap are one.
	noticeSpans = 8
	noticeGap   = 10 * time.Minute
	// noticeOfAll is the text of a notice that anything may have changed.
	noticeOfAll = "*"
)

// announce names the payloads of rows on ChangeChannel, a few notices a batch: commits
// that notify wait for each other, so one an event would cost dearly.
func announce(ctx context.Context, tx pgx.Tx, rows []row) error {
	_, err := tx.Exec(ctx, `SELECT pg_notify($1::text, n) FROM unnest($2::text[]) n`, hot, ChangeChannel, noticesOf(rows))
	return err
}

// noticesOf names each payload of rows once.
func noticesOf(rows []row) []string {
	var ids []payload.RequestID
	byID := map[payload.RequestID][]row{}
	for _, r := range rows {
		id := r.event.RequestID
		if byID[id] == nil {
			ids = append(ids, id)
		}
		byID[id] = append(byID[id], r)
	}
	var texts []string
	for chunk := range slices.Chunk(ids, noticeIDs) {
		n := Notice{IDs: chunk}
		for _, id := range chunk {
			n.add(byID[id])
		}
		texts = append(texts, n.encode())
	}
	return texts
}

// add counts the rows of a payload that are new; they come by date.
func (n *Notice) add(rows []row) {
	for _, r := range rows {
		taken := r.event.TakenIn
		if taken.IsZero() {
			continue
		}
		n.Stamp = taken
		n.Events++
		dates := span{r.event.Date, r.event.Date.Add(time.Microsecond)}
		if i := len(n.dates) - 1; i >= 0 && !dates.from.Before(n.dates[i].from) && dates.from.Sub(n.dates[i].to) <= noticeGap {
			n.dates[i].to = later(n.dates[i].to, dates.to)
			continue
		}
		n.dates = append(n.dates, dates)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// encode writes stamp, number of events, stretches of dates and ids, parted by
// blanks; times are microseconds in base 36.
func (n *Notice) encode() string {
	var b strings.Builder
	b.WriteString(encodeMicros(n.Stamp))
	b.WriteByte(' ')
	b.WriteString(strconv.Itoa(n.Events))
	b.WriteByte(' ')
	for i, dates := range mergeSpans(n.dates, noticeGap, noticeSpans) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(encodeMicros(dates.from) + "-" + encodeMicros(dates.to))
	}
	for _, id := range n.IDs {
		b.WriteByte(' ')
		b.WriteString(id.String())
	}
	return b.String()
}

func encodeMicros(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMicro(), 36)
}

// decodeNotice reads what encode wrote.
func decodeNotice(text string) (Notice, error) {
	parts := strings.Split(text, " ")
	if len(parts) < 3 {
		return Notice{}, errors.New("a notice has a stamp, a number and dates")
	}
	var n Notice
	var stampErr, countErr, datesErr error
	n.Stamp, stampErr = decodeMicros(parts[0])
	n.Events, countErr = strconv.Atoi(parts[1])
	if parts[2] != "" {
		n.dates, datesErr = decodeSpans(parts[2])
	}
	if err := cmp.Or(stampErr, countErr, datesErr); err != nil {
		return Notice{}, err
	}
	n.IDs = make([]payload.RequestID, len(parts)-3)
	for i, digits := range parts[3:] {
		if len(digits) != 2*len(n.IDs[i]) {
			return Notice{}, fmt.Errorf("%q is no request id", digits)
		}
		if _, err := hex.Decode(n.IDs[i][:], []byte(digits)); err != nil {
			return Notice{}, err
		}
	}
	return n, nil
}

func decodeSpans(text string) ([]span, error) {
	var spans []span
	for part := range strings.SplitSeq(text, ",") {
		from, to, _ := strings.Cut(part, "-")
		begin, beginErr := decodeMicros(from)
		end, endErr := decodeMicros(to)
		if err := cmp.Or(beginErr, endErr); err != nil {
			return nil, err
		}
		spans = append(spans, span{begin, end})
	}
	return spans, nil
}

func decodeMicros(text string) (time.Time, error) {
	micros, err := strconv.ParseInt(text, 36, 64)
	return time.UnixMicro(micros).UTC(), err
}
