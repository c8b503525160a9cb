package graph

import (
	"sync"

	"github.com/payload-tracker/payload-tracker/store"
)

// siblings are the rows of one list. What the first of them asks for is read
// for all in one go, so a question costs the same number of statements for
// one row and for 500, through nodes and through edges. No timer decides what
// goes together: the rows are known when their list is.
type siblings[T any] struct {
	rows []T

	mu    sync.Mutex
	reads map[any]func() (any, error)
}

func newSiblings[T any](rows []T) *siblings[T] {
	return &siblings[T]{rows: rows, reads: map[any]func() (any, error){}}
}

// together reads once per key, whoever of the rows asks; key tells the field
// and its arguments.
func together[T, V any](s *siblings[T], key any, read func(rows []T) (V, error)) (V, error) {
	s.mu.Lock()
	once, ok := s.reads[key]
	if !ok {
		once = sync.OnceValues(func() (any, error) {
			result, err := read(s.rows)
			if err != nil {
				return nil, &sharedError{error: err}
			}
			return result, nil
		})
		s.reads[key] = once
	}
	s.mu.Unlock()
	result, err := once()
	if err != nil {
		var none V
		return none, err
	}
	return result.(V), nil
}

// pageKey is a field and its page, as a key of together.
type pageKey struct {
	field         string
	first, last   int // -1: absent
	after, before string
	omit          store.Omit
}

func keyOf(field string, page store.Page) pageKey {
	key := pageKey{field: field, first: -1, last: -1, after: value(page.After), before: value(page.Before), omit: page.Omit}
	if page.First != nil {
		key.first = *page.First
	}
	if page.Last != nil {
		key.last = *page.Last
	}
	return key
}
