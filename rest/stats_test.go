package rest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

func TestStatsTellHowServicesDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Now().UTC()
	for n, word := range []string{"success", "success", "error", "success", "received"} {
		b.feed(payload.Event{RequestID: requestID(n + 1), Service: "puptoo", Status: word, Date: now})
	}
	b.feed(payload.Event{RequestID: requestID(6), Service: "storage", Status: "received", Date: now})
	b.feed(payload.Event{RequestID: requestID(7), Service: "advisor", Status: "success", Date: now.Add(-36 * time.Hour)})
	if err := b.store.FoldRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := `{"puptoo":{"success":3,"failure":1,"successPercent":75,"failPercent":25},` +
		`"storage":{"success":0,"failure":0,"successPercent":0,"failPercent":0}}`
	for _, target := range []string{"/api/v1/stats?stat=SuccessRate", "/app/payload-tracker/api/v1/stats", "/api/v1/stats?stat="} {
		if status, body, _ := b.ask(target); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
	if status, body, _ := b.ask("/api/v1/stats?stat=successrate"); status != http.StatusBadRequest ||
		body != `{"title":"Bad Request","message":"stat must be SuccessRate","status":400}` {
		t.Errorf("%d %s", status, body)
	}
}
