package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func TestAQueryIsSentOnceAndThenItsHash(t *testing.T) {
	t.Parallel()
	b := setup(t)
	query := "{ __typename }"
	extensions := `"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + hashOf(query) + `"}}`
	ask := func(body string) reply { return b.post(body, "Content-Type", "application/json") }
	if r := ask(`{` + extensions + `}`); r.code() != "PERSISTED_QUERY_NOT_FOUND" || r.Errors[0].Message != "PersistedQueryNotFound" {
		t.Error(r.body)
	}
	for _, body := range []string{`{"query": "` + query + `", ` + extensions + `}`, `{` + extensions + `}`} {
		want(t, ask(body).Data, "Query", "__typename")
	}
	if r := ask(`{"query": "{ payloads { nodes { id } } }", ` + extensions + `}`); r.code() != "BAD_USER_INPUT" {
		t.Error(r.body)
	}
	if r := ask(`{"extensions": {"persistedQuery": 7}}`); r.code() == "" || r.status >= 500 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}
