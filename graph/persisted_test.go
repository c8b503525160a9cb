package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
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
	if r := ask(`{"query": "` + query + `", "extensions": {"persistedQuery": null}}`); r.code() != "" {
		t.Errorf("null is absent: %s", r.body)
	}
	// There is one version, and no other is taken for it.
	hash := hashOf(query)
	for _, extension := range []string{
		`7`, `{}`, `{"version": 1}`, `{"version": 1, "sha256Hash": 7}`, `{"sha256Hash": "` + hash + `"}`,
		`{"version": 2, "sha256Hash": "` + hash + `"}`, `{"version": "1", "sha256Hash": "` + hash + `"}`, `{"version": null, "sha256Hash": "` + hash + `"}`,
	} {
		for _, text := range []string{``, `"query": "` + query + `", `} {
			r := ask(`{` + text + `"extensions": {"persistedQuery": ` + extension + `}}`)
			if r.code() != "BAD_USER_INPUT" || r.status != http.StatusOK || !strings.Contains(r.body, `version`) {
				t.Errorf("%s%s: %d %s", text, extension, r.status, r.body)
			}
		}
	}
}

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

func TestOnlyTheLastQueriesAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ask := func(n int, text bool) reply {
		query := fmt.Sprintf("{ __typename } # %d", n)
		body := `{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + hashOf(query) + `"}}`
		if text {
			body += `, "query": "` + query + `"`
		}
		return b.post(body+"}", "Content-Type", "application/json")
	}
	for n := range 1_001 {
		ask(n, true)
	}
	for n, code := range map[int]string{0: "PERSISTED_QUERY_NOT_FOUND", 1: "", 1_000: ""} {
		if r := ask(n, false); r.code() != code {
			t.Errorf("query %d: %s", n, r.body)
		}
	}
	long := `{ __typename } # ` + strings.Repeat("x", 20_000)
	extensions := `"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + hashOf(long) + `"}}`
	if r := b.post(`{"query": "`+long+`", `+extensions+`}`, "Content-Type", "application/json"); r.code() != "" {
		t.Error(r.body)
	}
	if r := b.post(`{`+extensions+`}`, "Content-Type", "application/json"); r.code() != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("a long query is kept: %.200s", r.body)
	}
}
