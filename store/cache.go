package store

import (
	"sync"

	"github.com/payload-tracker/payload-tracker/payload"
)

// generations is a bounded map that forgets what was not asked for lately: a
// full generation becomes the old one, and the one before it is dropped.
type generations[K comparable, V any] struct {
	mu       sync.Mutex
	size     int
	now, old map[K]V
}

func newGenerations[K comparable, V any](size int) *generations[K, V] {
	return &generations[K, V]{size: size, now: map[K]V{}}
}

func (g *generations[K, V]) get(key K) (V, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, ok := g.now[key]
	if !ok {
		if v, ok = g.old[key]; ok {
			g.put(key, v)
		}
	}
	return v, ok
}

func (g *generations[K, V]) set(key K, value V) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.put(key, value)
}

func (g *generations[K, V]) put(key K, value V) {
	if len(g.now) >= g.size {
		g.old, g.now = g.now, make(map[K]V, g.size)
	}
	g.now[key] = value
}

func (g *generations[K, V]) drop(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.now, key)
	delete(g.old, key)
}

// idCache knows the row numbers of payloads seen lately.
type idCache = generations[payload.RequestID, int64]

func newIDCache(size int) *idCache { return newGenerations[payload.RequestID, int64](size) }

// trail is a distinct (service, source, status).
type trail struct{ service, source, status string }

// trailCache knows the numbers of trails.
type trailCache = generations[trail, int32]

func newTrailCache(size int) *trailCache { return newGenerations[trail, int32](size) }

// wordsCache knows the words of trails, by their numbers.
type wordsCache = generations[int32, trail]

func newWordsCache(size int) *wordsCache { return newGenerations[int32, trail](size) }
