package store

import (
	"context"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// IDKind is what an id turned out to be.
type IDKind string

// Kinds of ids.
const (
	IDRequest   IDKind = "REQUEST"
	IDInventory IDKind = "INVENTORY"
	IDSystem    IDKind = "SYSTEM"
)

// Kinds tells what an id is; nothing for one that no payload knows.
func (s *Store) Kinds(ctx context.Context, id string) ([]IDKind, error) {
	terms, err := findTerms(id)
	if err != nil || len(terms) == 0 {
		return nil, err
	}
	var parts []string
	var args []any
	for _, t := range terms {
		parts = append(parts, `SELECT '`+string(t.kind)+`' AS kind WHERE EXISTS (`+t.sql+`)`)
		args = append(args, t.arg)
	}
	var rows []struct{ Kind string }
	if err := s.read(ctx, "kinds", &rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return nil, err
	}
	var kinds []IDKind
	for _, row := range rows {
		kinds = append(kinds, IDKind(row.Kind))
	}
	return kinds, nil
}

// FindPayloads lists every payload that an id names, as its request id or as
// a host it touched, newest started first.
func (s *Store) FindPayloads(ctx context.Context, id string, page Page) (*PayloadPage, error) {
	id = strings.TrimSpace(id)
	w, err := page.walk(listName("find", id))
	if err != nil {
		return nil, err
	}
	terms, err := findTerms(id)
	if err != nil {
		return nil, err
	}
	conditions := shown()
	var parts []string
	var args []any
	for _, t := range terms {
		parts, args = append(parts, t.sql), append(args, t.arg)
	}
	if len(terms) == 0 {
		conditions.and("FALSE")
	} else {
		conditions.and("p.id IN ("+strings.Join(parts, " UNION ")+")", args...)
	}
	order := PayloadOrder{Field: OrderByStartedAt, Direction: Descending}
	return s.payloadPage(ctx, conditions, order, w, w.now(time.Time{}, s.Now))
}

// term selects the payloads that know an id as one kind.
type term struct {
	kind IDKind
	sql  string
	arg  any
}

func findTerms(id string) ([]term, error) {
	id = strings.TrimSpace(id)
	if !sayable(id) {
		return nil, bad("an id is UTF-8 text without NUL")
	}
	key, _ := hostKey(id)
	if key == [16]byte{} {
		return nil, nil // blank, or the UUID that stands for none
	}
	arg := usualSpelling(key)
	var terms []term
	if _, err := payload.ParseRequestID(id); err == nil {
		terms = append(terms, term{IDRequest, `SELECT r.id FROM payloads r WHERE r.request_id = ? AND r.journey IS NOT NULL`, arg})
	}
	return append(terms,
		term{IDInventory, `SELECT h.payload_id FROM payload_hosts h WHERE h.inventory_key = ?`, arg},
		term{IDSystem, `SELECT h.payload_id FROM payload_hosts h WHERE h.system_key = ?`, arg}), nil
}
