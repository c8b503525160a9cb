package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// StageKey names one stage of a payload.
type StageKey struct {
	PayloadID       int64
	Service, Source string
}

// MarkKey names one event by what a journey keeps of it.
type MarkKey struct {
	Payload *Payload
	Date    time.Time
	Hash    int64
}

// MarkKeyID is a MarkKey that can be compared.
type MarkKeyID struct{ PayloadID, DateMicros, Hash int64 }

// ID of the key.
func (k MarkKey) ID() MarkKeyID { return MarkKeyID{k.Payload.ID, k.Date.UnixMicro(), k.Hash} }

// Timelines lists the events of each payload, oldest first in the order of
// the domain (payload.Compare), in one statement. The page is each payload's;
// with a cursor it can only be that of one payload.
func (s *Store) Timelines(ctx context.Context, payloads []*Payload, page Page) (map[int64]*StatusPage, error) {
	lists := make([]eventList, len(payloads))
	for i, p := range payloads {
		lists[i] = eventList{payload: p}
	}
	pages, err := s.events(ctx, lists, page)
	if err != nil {
		return nil, err
	}
	timelines := make(map[int64]*StatusPage, len(payloads))
	for i, p := range payloads {
		timelines[p.ID] = pages[i]
	}
	return timelines, nil
}

// StageStatuses lists the events of each stage, like Timelines. A key whose
// payload is not among payloads is left out.
func (s *Store) StageStatuses(ctx context.Context, payloads []*Payload, keys []StageKey, page Page) (map[StageKey]*StatusPage, error) {
	byID := make(map[int64]*Payload, len(payloads))
	for _, p := range payloads {
		byID[p.ID] = p
	}
	var lists []eventList
	seen := map[StageKey]bool{}
	for _, key := range keys {
		if p := byID[key.PayloadID]; p != nil && !seen[key] {
			seen[key] = true
			lists = append(lists, eventList{payload: p, stage: &key})
		}
	}
	pages, err := s.events(ctx, lists, page)
	if err != nil {
		return nil, err
	}
	stages := make(map[StageKey]*StatusPage, len(lists))
	for i, list := range lists {
		stages[*list.stage] = pages[i]
	}
	return stages, nil
}

// eventList is the events of a payload, or of one stage of it.
type eventList struct {
	payload *Payload
	stage   *StageKey // of all lists of a statement, or of none
}

func (l eventList) name() string {
	if l.stage == nil {
		return listName("timeline", l.payload.RequestID.String())
	}
	return listName("stage", l.payload.RequestID.String(), l.stage.Service, l.stage.Source)
}

// events reads a page of each list, in the order of lists, in one statement.
func (s *Store) events(ctx context.Context, lists []eventList, page Page) ([]*StatusPage, error) {
	if len(lists) == 0 {
		_, err := page.walk("")
		return nil, err
	}
	var w walk
	for _, list := range lists {
		var err error
		if w, err = page.walk(list.name()); err != nil {
			return nil, err
		}
	}
	w.bytes = min(pageBytes, statementBytes/int64(len(lists)))
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	sql, args := eventsStatement(lists, w, &rules)
	var rows []statusRead
	if err := s.read(ctx, "timelines", &rows, sql, args...); err != nil {
		return nil, err
	}
	byList := make([][]statusRead, len(lists))
	for _, row := range rows {
		if row.Total > statementBytes {
			return nil, tooMuchToSay()
		}
		byList[row.Item] = append(byList[row.Item], row)
	}
	pages := make([]*StatusPage, len(lists))
	for i, list := range lists {
		w.list = list.name()
		pages[i] = eventPage(list, byList[i], w)
	}
	return pages, nil
}

func eventPage(list eventList, rows []statusRead, w walk) *StatusPage {
	kept, more := trim(w, rows, func(r *statusRead) int64 { return r.Bytes })
	items := make([]*Status, len(kept))
	for i := range kept {
		items[i] = kept[i].status(list.payload.RequestID)
		if list.stage == nil && i > 0 {
			items[i].since(kept[i-1].Date)
		}
	}
	if list.stage == nil && len(kept) > 0 {
		// What stands before the page's first event: on the way back the
		// row that was fetched beyond the page, else the cursor's own.
		if w.back && more {
			items[0].since(rows[len(kept)].Date)
		} else if w.after != nil {
			items[0].since(w.after.date)
		}
	}
	return pageOfEvents(items, more, w)
}

func pageOfEvents(items []*Status, more bool, w walk) *StatusPage {
	page := &StatusPage{Items: items, Cursors: make([]string, len(items))}
	for i, s := range items {
		page.Cursors[i] = cursor{date: s.Date, hash: s.Hash, texts: [3]string{s.Service, s.Source, s.Status}}.encode(w.list)
	}
	page.PageInfo = w.info(more, page.Cursors)
	return page
}

// eventColumns sort events as the domain does; the hash stands for the
// message. s is a row of payload_statuses, t its trail.
func eventColumns(s, t string, rank string) []string {
	return []string{
		s + ".date", rank, t + `.service COLLATE "C"`, t + `.source COLLATE "C"`, t + `.status COLLATE "C"`, s + ".hash",
	}
}

// rankOf is the rank of a word at equal dates, as SQL: the rules' classes.
func rankOf(column string, rules *payload.Rules) (string, []any) {
	var sql strings.Builder
	var args []any
	sql.WriteString("CASE " + column)
	for _, word := range slices.Concat(rules.Opening, rules.Success, rules.Failure) {
		sql.WriteString(" WHEN ? THEN ?")
		args = append(args, word, int(rules.Class(word)))
	}
	sql.WriteString(" ELSE ? END")
	return sql.String(), append(args, int(payload.ClassDetail))
}

func eventsStatement(lists []eventList, w walk, rules *payload.Rules) (string, []any) {
	rank, rankArgs := rankOf("t.status", rules)
	payloads := make([]*Payload, len(lists))
	staged := lists[0].stage != nil
	var keys []any
	for i, list := range lists {
		payloads[i] = list.payload
		keys = append(keys, i, list.payload.ID)
		if staged {
			keys = append(keys, list.stage.Service, list.stage.Source)
		}
	}
	days := daysOf(payloads)
	var conditions where
	conditions.and("s.payload_id = k.payload_id")
	conditions.onDays("s.date", days)
	names, casts := "item, payload_id", "?::int, ?::bigint"
	previous, previousArgs := "NULL::timestamptz", []any(nil)
	if staged {
		names, casts = names+", service, source", casts+", ?::text, ?::text"
		conditions.and("t.service = k.service AND t.source = k.source")
		previous, previousArgs = previousStatement(days, rules)
	}
	for _, bound := range []struct {
		c        *cursor
		operator string
	}{{w.after, ">"}, {w.before, "<"}} {
		if bound.c == nil {
			continue
		}
		conditions.and("s.date "+bound.operator+"= ?", bound.c.date)
		columns := strings.Join(eventColumns("s", "t", rank), ", ")
		conditions.and("("+columns+") "+bound.operator+" (?, ?, ?, ?, ?, ?)", append(slices.Clone(rankArgs),
			bound.c.date, int(rules.Class(bound.c.texts[2])), bound.c.texts[0], bound.c.texts[1], bound.c.texts[2], bound.c.hash)...)
	}
	order := directed(eventColumns("s", "s", "s.rank"), w.back)
	sql := `SELECT s.item, s.payload_id, s.service, s.source, s.status, CASE WHEN s.total <= ? THEN s.message END AS message,
			s.date, s.created_at, s.hash, s.bytes, s.total, ` + previous + ` AS previous
		FROM (SELECT k.item, s.payload_id, s.service, s.source, s.status, CASE WHEN s.bytes <= ? THEN s.message END AS message,
				s.date, s.created_at, s.hash, s.rank, s.bytes, coalesce(sum(CASE WHEN s.bytes <= ? THEN octet_length(s.message) END)
					OVER (ORDER BY k.item, ` + order + ` ROWS UNBOUNDED PRECEDING), 0) AS total
			FROM (VALUES ` + valuesList(len(lists), casts) + `) k(` + names + `) CROSS JOIN LATERAL (
				SELECT s.*, coalesce(sum(octet_length(s.message)) OVER (ORDER BY ` + order + `
					ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes
				FROM (SELECT s.payload_id, s.date, s.hash, s.created_at, ` + w.omit.message() + `, t.service, t.source, t.status, ` + rank + ` AS rank
					FROM payload_statuses s JOIN trails t ON t.id = s.trail_id WHERE ` + conditions.sql() + `
					ORDER BY ` + directed([]string{"s.date", "rank", `t.service COLLATE "C"`, `t.source COLLATE "C"`, `t.status COLLATE "C"`, "s.hash"}, w.back) + `
					LIMIT ?) s) s) s
		ORDER BY s.item, ` + order
	return sql, slices.Concat([]any{statementBytes}, previousArgs, []any{w.bytes, w.bytes}, keys, rankArgs, conditions.args, []any{w.limit + 1})
}

// tooMuchToSay: a page has one message however long it is, so that the pages
// of many lists, like many single events, can have more than can be held.
func tooMuchToSay() error {
	return bad("the messages asked for are larger than %d bytes together: ask for smaller pages (first, last)", statementBytes)
}

// previousStatement is the date of the event before s in its payload's
// timeline, whatever its stage.
func previousStatement(days []span, rules *payload.Rules) (string, []any) {
	rank, args := rankOf("pt.status", rules)
	var onDays where
	onDays.onDays("ps.date", days)
	return `(SELECT ps.date FROM payload_statuses ps JOIN trails pt ON pt.id = ps.trail_id
		WHERE ps.payload_id = s.payload_id AND ps.date <= s.date AND ` + onDays.sql() + `
			AND (` + strings.Join(eventColumns("ps", "pt", rank), ", ") + `) < (` + strings.Join(eventColumns("s", "s", "s.rank"), ", ") + `)
		ORDER BY ps.date DESC LIMIT 1)`, slices.Concat(onDays.args, args)
}

// StatusesByMark reads single events, with whole messages unless these are
// omitted, in one statement. What is not there is left out. Messages of more
// than 64 MiB together are a *payload.Error BAD_USER_INPUT.
func (s *Store) StatusesByMark(ctx context.Context, marks []MarkKey, omit Omit) (map[MarkKeyID]*Status, error) {
	found := make(map[MarkKeyID]*Status, len(marks))
	if len(marks) == 0 {
		return found, nil
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[int64]*Payload{}
	var keys []any
	var dates []time.Time
	for _, mark := range marks {
		byID[mark.Payload.ID] = mark.Payload
		keys = append(keys, mark.Payload.ID, mark.Date, mark.Hash)
		dates = append(dates, mark.Date)
	}
	payloads := make([]*Payload, 0, len(byID))
	for _, p := range byID {
		payloads = append(payloads, p)
	}
	var onDays where
	onDays.onDays("s.date", spansOf(dates))
	rank, rankArgs := rankOf("t.status", &rules)
	previous, previousArgs := previousStatement(daysOf(payloads), &rules)
	sql := `SELECT s.payload_id, s.service, s.source, s.status, CASE WHEN s.total <= ? THEN s.message END AS message,
			s.date, s.created_at, s.hash, s.total, ` + previous + ` AS previous
		FROM (SELECT s.*, coalesce(sum(octet_length(s.message)) OVER (ROWS UNBOUNDED PRECEDING), 0) AS total
			FROM (SELECT DISTINCT * FROM (VALUES ` + valuesList(len(marks), "?::bigint, ?::timestamptz, ?::bigint") + `) k(payload_id, date, hash)) k
			CROSS JOIN LATERAL (SELECT s.payload_id, s.date, s.hash, s.created_at, ` + omit.message() + `, t.service, t.source, t.status, ` + rank + ` AS rank
				FROM payload_statuses s JOIN trails t ON t.id = s.trail_id
				WHERE s.payload_id = k.payload_id AND s.date = k.date AND s.hash = k.hash AND ` + onDays.sql() + ` OFFSET 0) s) s`
	var rows []statusRead
	err = s.read(ctx, "statuses by mark", &rows, sql, slices.Concat([]any{statementBytes}, previousArgs, keys, rankArgs, onDays.args)...)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Total > statementBytes {
			return nil, tooMuchToSay()
		}
		p := byID[rows[i].PayloadID]
		if p == nil {
			return nil, fmt.Errorf("statuses by mark: payload %d was not asked for", rows[i].PayloadID)
		}
		status := rows[i].status(p.RequestID)
		found[MarkKeyID{p.ID, status.Date.UnixMicro(), status.Hash}] = status
	}
	return found, nil
}
