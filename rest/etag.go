package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// writeTagged answers with JSON under the tag of its content, or with 304 who has that already: the existing front end
// asks again every two seconds, and its browser sends the tag along.
func writeTagged(w http.ResponseWriter, r *http.Request, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic("rest: " + err.Error()) // our own structs of texts, numbers and times
	}
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	header := w.Header()
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, no-cache") // to be kept, and asked for again each time
	if has(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", mediaJSON)
	_, _ = w.Write(body) // the caller has gone: nobody to tell
}

// has tells whether a tag is among those of If-None-Match, or any will do.
func has(tags []string, tag string) bool {
	for known := range strings.SplitSeq(strings.Join(tags, ","), ",") {
		known = strings.TrimPrefix(strings.TrimSpace(known), "W/")
		if known == tag || known == "*" {
			return true
		}
	}
	return false
}
