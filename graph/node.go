package graph

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// Node is an object with a global id.
type Node interface {
	IsNode()
	GlobalID() string
}

// maxNodes bounds the ids of one question.
const maxNodes = store.MaxPageSize

// A global id is the type and the natural key, never a row number: a payload
// keeps it when it is taken in anew elsewhere.
func payloadID(id payload.RequestID) string { return encodeID("Payload", id.String()) }

func statusID(s *store.Status) string {
	return encodeID("Status", fmt.Sprintf("%s:%d:%016x", s.RequestID, s.Date.UnixMicro(), uint64(s.Hash)))
}

func encodeID(kind, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + key))
}

// nodeKey is what a global id names: a payload, or a status of it.
type nodeKey struct {
	requestID payload.RequestID
	status    bool
	date      time.Time
	hash      int64
}

// parseID reads a global id; false for what is none.
func parseID(id string) (key nodeKey, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return key, false
	}
	parts := strings.Split(string(text), ":")
	if len(parts) < 2 {
		return key, false
	}
	key.requestID, err = payload.ParseRequestID(parts[1])
	switch {
	case err != nil:
		return key, false
	case parts[0] == "Payload":
		return key, len(parts) == 2
	case parts[0] != "Status" || len(parts) != 4:
		return key, false
	}
	date, dateErr := strconv.ParseInt(parts[2], 10, 64)
	hash, hashErr := strconv.ParseUint(parts[3], 16, 64)
	key.status, key.date, key.hash = true, time.UnixMicro(date).UTC(), int64(hash)
	return key, dateErr == nil && hashErr == nil && store.IsDate(key.date)
}

func (q query) Node(ctx context.Context, id string) (Node, error) {
	key, ok := parseID(id)
	if !ok {
		return nil, noID("id")
	}
	nodes, err := q.nodes(ctx, []*nodeKey{&key})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

func (q query) Nodes(ctx context.Context, ids []string) ([]Node, error) {
	if len(ids) > maxNodes {
		return nil, payload.Errorf(payload.CodeBadUserInput, "ids: at most %d, not %d", maxNodes, len(ids))
	}
	keys := make([]*nodeKey, len(ids))
	for i, id := range ids {
		key, ok := parseID(id)
		if !ok {
			return nil, noID("ids[" + strconv.Itoa(i) + "]")
		}
		keys[i] = &key
	}
	return q.nodes(ctx, keys)
}

func noID(where string) error {
	return payload.Errorf(payload.CodeBadUserInput, "%s: no id of this API; they come with its answers", where)
}

// nodes reads the payloads of all keys, then the statuses among them.
func (q query) nodes(ctx context.Context, keys []*nodeKey) ([]Node, error) {
	payloads, err := q.payloadsByRequestID(ctx, keys)
	if err != nil {
		return nil, err
	}
	statuses, err := q.statusesByMark(ctx, marksOf(keys, payloads), ofStatus(ctx))
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, len(keys))
	for i, key := range keys {
		p := payloads[key.requestID]
		switch {
		case p == nil:
		case !key.status:
			nodes[i] = p
		default:
			if s := statuses[key.mark(p).ID()]; s != nil {
				nodes[i] = &Status{Status: s, payload: p, now: p.now}
			}
		}
	}
	return nodes, nil
}

func (k *nodeKey) mark(p *Payload) store.MarkKey {
	return store.MarkKey{Payload: p.Payload, Date: k.date, Hash: k.hash}
}

func marksOf(keys []*nodeKey, payloads map[payload.RequestID]*Payload) []store.MarkKey {
	var marks []store.MarkKey
	for _, key := range keys {
		if p := payloads[key.requestID]; p != nil && key.status {
			marks = append(marks, key.mark(p))
		}
	}
	return marks
}

func (q query) payloadsByRequestID(ctx context.Context, keys []*nodeKey) (map[payload.RequestID]*Payload, error) {
	ids := make([]payload.RequestID, len(keys))
	for i, key := range keys {
		ids[i] = key.requestID
	}
	rows, err := q.store.PayloadsByRequestID(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[payload.RequestID]*Payload, len(rows))
	for _, p := range payloadsOf(slices.Collect(maps.Values(rows)), now(ctx)) {
		found[p.RequestID] = p
	}
	return found, nil
}
