package graph

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// memory bounds what all questions hold together: the messages that those
// under way have read, and the answers that clients have not taken yet. A page
// may have megabytes of them, and a client that reads slowly keeps them for as
// long as it is let.
type memory struct {
	most    int64 // bytes, of all questions
	answer  int64 // bytes, of one
	left    *semaphore.Weighted
	waiting *semaphore.Weighted // for what is read already and waits for room: half as much again
	used    atomic.Int64
}

// freeBytes of each question are not counted: small answers pass, whoever
// keeps large ones waiting.
const freeBytes = 64 << 10

func newMemory(limits Limits, registerer prometheus.Registerer) *memory {
	m := &memory{
		most: limits.HeldBytes, answer: int64(limits.AnswerBytes),
		left: semaphore.NewWeighted(limits.HeldBytes), waiting: semaphore.NewWeighted(limits.HeldBytes / 2),
	}
	if registerer != nil {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "payload_tracker_graphql_held_bytes",
			Help: "Bytes that questions under way have read, and that answers have which clients have not taken yet; the first 64 KiB of each are not counted.",
		}, func() float64 { return float64(m.used.Load()) }))
	}
	return m
}

func (m *memory) holding() *holding { return &holding{of: m} }

// holding is what one question holds. A nil one holds nothing and counts
// nothing.
type holding struct {
	of *memory

	mu   sync.Mutex
	read int64 // bytes of messages, in all
	held int64 // bytes that are counted
}

type holdingKey struct{}

func withHolding(ctx context.Context, h *holding) context.Context {
	return context.WithValue(ctx, holdingKey{}, h)
}

// hasRead counts what the question of ctx has read. One that has read more
// than an answer may have is refused before its answer is written.
func hasRead(ctx context.Context, messages int64) error {
	h, _ := ctx.Value(holdingKey{}).(*holding)
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read += messages
	if h.read > h.of.answer {
		return tooLarge(h.of.answer)
	}
	return h.grow(ctx, h.read)
}

// messagesOf are the bytes that statuses hold, their messages.
func messagesOf(statuses []*store.Status) (bytes int64) {
	for _, s := range statuses {
		bytes += int64(len(s.Message))
	}
	return bytes
}

// messagesOfPages are likewise the bytes of many pages.
func messagesOfPages[K comparable](pages map[K]*store.StatusPage) (bytes int64) {
	for _, page := range pages {
		bytes += messagesOf(page.Items)
	}
	return bytes
}

// hold makes sure that so many bytes are counted.
func (h *holding) hold(ctx context.Context, bytes int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.grow(ctx, bytes)
}

// grow waits for room as long as a question waits for its turn, unless too
// much waits already.
func (h *holding) grow(ctx context.Context, bytes int64) error {
	more := min(bytes-freeBytes, h.of.most) - h.held
	if more <= 0 {
		return nil
	}
	if !h.of.left.TryAcquire(more) && !h.of.wait(ctx, more) {
		return payload.Errorf(payload.CodeThrottled, "too much is being answered at once: ask for smaller pages (first, last), or again in a moment")
	}
	h.held += more
	h.of.used.Add(more)
	return nil
}

func (m *memory) wait(ctx context.Context, bytes int64) bool {
	place := min(bytes, m.most/2)
	if !m.waiting.TryAcquire(place) {
		return false
	}
	defer m.waiting.Release(place)
	ctx, cancel := context.WithTimeout(ctx, queueTime)
	defer cancel()
	return m.left.Acquire(ctx, bytes) == nil
}

// keep gives back what is held beyond so many bytes.
func (h *holding) keep(bytes int64) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if less := h.held - max(bytes-freeBytes, 0); less > 0 {
		h.held -= less
		h.of.used.Add(-less)
		h.of.left.Release(less)
	}
}

func tooLarge(most int64) error {
	return payload.Errorf(payload.Code(codeComplexityLimit), "the answer is larger than %d bytes: ask for smaller pages (first, last), or for fewer messages", most)
}
