package store

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Events are all events of one payload that has few. Whatever is asked of
// them, page by page and stage by stage, costs no further statement.
type Events struct {
	payload *Payload
	sorted  []*Status // in the order of the domain, each with the time since the one before
	rules   payload.Rules
}

// Few events, of few bytes each: together much less than a page may have.
const (
	fewAlone      = 64
	fewAloneBytes = 8 << 10
)

// fewStatuses is one event more than are few; a message that is none of few bytes is
// as long as the answer needs to know it by.
var fewStatuses = statusPart{
	message: "left(s.message, " + strconv.Itoa(fewAloneBytes+1) + ")",
	limit:   " ORDER BY s.date LIMIT " + strconv.Itoa(fewAlone+1),
}

// Events reads them, in the scope that p was read in. It is nil, without an
// error, when they are too many or too long: then they are read a page at a
// time, by Timelines, StageStatuses and StatusesByMark.
func (s *Store) Events(ctx context.Context, p *Payload) (*Events, error) {
	scope, err := s.scope(ctx)
	if err != nil || !scope.Sees(p.OrgID) {
		return nil, err
	}
	defer s.metrics.observe(ctx, "events")()
	ctx, cancel := context.WithTimeout(ctx, s.config.QueryTimeout)
	defer cancel()
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	var statuses []*Status
	err = s.prepared(func(mode pgx.QueryExecMode) (err error) {
		statuses, err = s.trackedStatuses(ctx, mode, p, fewStatuses)
		return err
	})
	tooLong := func(s *Status) bool { return len(s.Message) > fewAloneBytes }
	if err != nil || len(statuses) > fewAlone || slices.ContainsFunc(statuses, tooLong) {
		return nil, translate("events", err)
	}
	slices.SortFunc(statuses, func(a, b *Status) int { return compareStatuses(a, b, &rules) })
	for i, s := range statuses[min(1, len(statuses)):] {
		s.since(statuses[i].Date)
	}
	return &Events{payload: p, sorted: statuses, rules: rules}, nil
}

// Timeline is a page of the events, as one of Timelines.
func (e *Events) Timeline(page Page) (*StatusPage, error) {
	return e.page(eventList{payload: e.payload}, page)
}

// Stage is a page of the events of one stage, as one of StageStatuses.
func (e *Events) Stage(key StageKey, page Page) (*StatusPage, error) {
	return e.page(eventList{payload: e.payload, stage: &key}, page)
}

// Marked is one event, nil when it is not among them.
func (e *Events) Marked(mark MarkKey) *Status {
	for _, s := range e.sorted {
		if s.Hash == mark.Hash && s.Date.Equal(mark.Date) {
			return s
		}
	}
	return nil
}

func (e *Events) page(list eventList, page Page) (*StatusPage, error) {
	w, err := page.walk(list.name())
	if err != nil {
		return nil, err
	}
	var rows []*Status
	for _, s := range e.sorted {
		if list.holds(s) && e.between(s, w) {
			rows = append(rows, s)
		}
	}
	if w.back {
		slices.Reverse(rows)
	}
	items, more := trim(w, rows, func(**Status) int64 { return 0 }) // all together are shorter than a page
	return pageOfEvents(items, more, w), nil
}

func (l eventList) holds(s *Status) bool {
	return l.stage == nil || l.stage.Service == s.Service && l.stage.Source == s.Source
}

// between tells whether a status is on the stretch that a walk's cursors leave.
func (e *Events) between(s *Status, w walk) bool {
	return (w.after == nil || compareStatuses(s, w.after.status(), &e.rules) > 0) &&
		(w.before == nil || compareStatuses(s, w.before.status(), &e.rules) < 0)
}

// status is what a timeline's cursor tells of its event: all that sorts it.
func (c *cursor) status() *Status {
	return &Status{Date: c.date, Hash: c.hash, Service: c.texts[0], Source: c.texts[1], Status: c.texts[2]}
}
