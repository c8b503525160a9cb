package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	lru "github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/payload-tracker/payload-tracker/payload"
)

// persisted are the queries that clients have sent with their hash, so that
// they send the hash alone the next time (automatic persisted queries). What a
// replica does not know, it is sent again.
type persisted struct{ cache *lru.LRU[string] }

const (
	maxPersisted      = 1000
	maxPersistedBytes = 16 << 10 // longer ones are not kept
)

func newPersisted() *persisted { return &persisted{lru.New[string](maxPersisted)} }

func (p *persisted) get(hash string) (string, bool) {
	return p.cache.Get(context.Background(), hash) //nolint:forbidigo // the cache's interface has a context it does not use
}

func (p *persisted) add(hash, query string) {
	if len(query) <= maxPersistedBytes {
		p.cache.Add(context.Background(), hash, query) //nolint:forbidigo // as above
	}
}

// persisted tells whether the question came by a name of its text.
func (q *question) persisted() bool { return q.DocumentID != "" || q.hash != "" }

// complete fills the text in where only its name was sent, and refuses texts
// that are not trusted where only those are answered.
func (h *Handler) complete(q *question) *gqlerror.Error {
	if err := q.readHash(); err != nil {
		return err
	}
	switch {
	case q.DocumentID != "" && (q.Query != "" || q.hash != ""):
		return badRequest("send a documentId or a query, not both")
	case q.DocumentID != "":
		q.Query = h.config.Documents.text(q.DocumentID)
		if q.Query == "" {
			return coded(codePersistedQueryNotFound, "no document is known here by this documentId")
		}
		return nil
	case q.Query == "":
		return h.completeHash(q)
	}
	if q.hash != "" && q.hash != hashOf(q.Query) {
		return badRequest("sha256Hash is not the hash of the query")
	}
	if h.config.OnlyTrusted && !h.config.Documents.knows(q.Query, h.config.Limits.Tokens) {
		return coded(string(payload.CodeForbidden), "only documents that are known beforehand are answered here: send a documentId")
	}
	if q.hash != "" {
		h.hashed.add(q.hash, q.Query)
	}
	return nil
}

// readHash reads the hash of the one version of the protocol that there is.
func (q *question) readHash() *gqlerror.Error {
	if q.Extensions["persistedQuery"] == nil {
		return nil
	}
	extension, _ := q.Extensions["persistedQuery"].(map[string]any)
	version, _ := extension["version"].(json.Number)
	q.hash, _ = extension["sha256Hash"].(string)
	if version != "1" || q.hash == "" {
		return badRequest(`extensions.persistedQuery: send {"version": 1, "sha256Hash": "…"}, the SHA-256 of the query in hex`)
	}
	return nil
}

func (h *Handler) completeHash(q *question) *gqlerror.Error {
	if q.Query = h.config.Documents.text(q.hash); q.Query != "" {
		return nil
	}
	if !h.config.OnlyTrusted {
		q.Query, _ = h.hashed.get(q.hash)
	}
	if q.Query == "" {
		return coded(codePersistedQueryNotFound, "PersistedQueryNotFound") // the words that clients look for
	}
	return nil
}

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}
