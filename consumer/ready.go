package consumer

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/payload-tracker/payload-tracker/payload"
)

// What the consumer can wait for; each has at most one reason at a time.
const (
	waitGroup       = "group"
	waitKafka       = "kafka"
	waitTopic       = "topic"
	waitRead        = "topic's records"
	waitPositions   = "positions"
	waitDatabase    = "database " // and the lane's number
	waitDeadLetters = "dead letters"
	waitLetterTopic = "dead-letter topic"
	waitPartition   = "partition " // and its number
)

// health keeps the reasons why a consumer is not ready.
type health struct {
	mu      sync.Mutex
	reasons map[string]string
}

// set notes a reason; it tells whether that is news.
func (h *health) set(part, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reasons == nil {
		h.reasons = map[string]string{}
	}
	before := h.reasons[part]
	h.reasons[part] = reason
	return before != reason
}

// clear drops a reason; it tells whether there was one.
func (h *health) clear(part string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, known := h.reasons[part]
	delete(h.reasons, part)
	return known
}

func (h *health) clearAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.reasons)
}

// Ready is nil while events are taken in, else a *payload.Error UNAVAILABLE
// that says what the consumer waits for. It asks nobody, so it never blocks.
func (c *Consumer) Ready() error {
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	if len(c.health.reasons) == 0 {
		return nil
	}
	reasons := make([]string, 0, len(c.health.reasons))
	for _, part := range slices.Sorted(maps.Keys(c.health.reasons)) {
		reasons = append(reasons, c.health.reasons[part])
	}
	return payload.Errorf(payload.CodeUnavailable, "the consumer waits: %s", strings.Join(slices.Compact(reasons), "; "))
}
