package main

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/payload"
)

// An event that is produced reaches who follows its payload; and the end of the process ends what is followed.
func TestProductIsFollowedLive(t *testing.T) {
	t.Parallel()
	// The stream outlives the test: the process, whose end is a cleanup, must end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	var stream *bufio.Scanner
	t.Cleanup(func() {
		defer cancel()
		for stream != nil && stream.Scan() {
			if strings.Contains(stream.Text(), "complete") {
				t.Error("a stream that goes on elsewhere is not complete")
			}
		}
		if ctx.Err() != nil {
			t.Error("the process left the stream open")
		}
	})
	p := startProduct(t)
	id, err := payload.ParseRequestID("5e1f0000000000000000000000000001")
	if err != nil {
		t.Fatal(err)
	}
	query := `{"query": "subscription { payload(requestId: \"` + id.String() + `\") { verdict { sentence } } }"}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/graphql", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	stream = bufio.NewScanner(answer.Body) // closed by its end
	heard(t, stream, `"payload":null`)
	p.kafka.ProduceRecords(&kgo.Record{Value: []byte(`{"service": "ingress", "request_id": "` + id.String() + `", "status": "error",
		"status_msg": "too large", "date": "` + time.Now().UTC().Format(time.RFC3339Nano) + `"}`)})
	heard(t, stream, "failed in ingress: too large")
}

// heard reads until a line has a text.
func heard(t *testing.T, stream *bufio.Scanner, text string) {
	t.Helper()
	for stream.Scan() {
		if strings.Contains(stream.Text(), text) {
			return
		}
	}
	t.Fatalf("%q never came: %v", text, stream.Err())
}
