package store

import (
	"context"
	"time"
)

// SlowestFilter says which payloads are looked at; all that is given must
// hold.
type SlowestFilter struct {
	Window  Window // when they began
	Service string // that they came to; "": any
	OrgID   string // "": any

	Now time.Time // the moment the window is seen from; zero: the store's clock
}

// Slowest are the payloads that took longest from their first event to their
// newest, the slowest first: a page's First of them. It looks at all that began
// within the window.
func (s *Store) Slowest(ctx context.Context, f SlowestFilter, page Page) ([]*Payload, error) {
	w, err := Page{First: page.First, Omit: page.Omit}.walk("slowest")
	if err != nil {
		return nil, err
	}
	if err := f.Window.check("window"); err != nil {
		return nil, err
	}
	filter := PayloadFilter{StartedAt: &f.Window, Service: given(f.Service), OrgID: given(f.OrgID), Now: f.Now}
	if err := filter.check(); err != nil {
		return nil, err
	}
	now := w.now(filter.Now, s.Now)
	if f.Window.span(now).from.IsZero() {
		return nil, bad("window: since when? Give since or from")
	}
	conditions, err := s.payloadConditions(ctx, &filter, now)
	if err != nil {
		return nil, err
	}
	// Which they are is found among numbers: journeys are read of these alone.
	order := PayloadOrder{Field: orderByDuration, Direction: Descending}
	slowest := shown()
	slowest.and("p.id IN (SELECT p.id FROM payloads p WHERE "+conditions.sql()+" ORDER BY "+directed([]string{order.column(), "p.id"}, true)+" LIMIT ?)",
		append(conditions.args, w.limit)...)
	found, err := s.payloadPage(ctx, slowest, order, w, now)
	if err != nil {
		return nil, err
	}
	return found.Items, nil
}

// given is the condition that a text equals word; nil where there is none.
func given(word string) *Text {
	if word == "" {
		return nil
	}
	return &Text{Eq: &word}
}
