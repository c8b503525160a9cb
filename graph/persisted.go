package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/gqlerror"
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

// complete fills the query in where only its hash was sent.
func (p *persisted) complete(params *graphql.RawParams) *gqlerror.Error {
	extension, ok := params.Extensions["persistedQuery"].(map[string]any)
	if !ok {
		return nil
	}
	ctx := context.Background() //nolint:forbidigo // the cache's interface has a context it does not use
	hash, _ := extension["sha256Hash"].(string)
	if params.Query == "" {
		query, known := p.cache.Get(ctx, hash)
		if !known {
			return coded(codePersistedQueryNotFound, "PersistedQueryNotFound") // the words that clients look for
		}
		params.Query = query
		return nil
	}
	sum := sha256.Sum256([]byte(params.Query))
	if hex.EncodeToString(sum[:]) != hash {
		return badRequest("sha256Hash is not the hash of the query")
	}
	if len(params.Query) <= maxPersistedBytes {
		p.cache.Add(ctx, hash, params.Query)
	}
	return nil
}
