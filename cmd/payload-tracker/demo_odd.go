package main

import (
	"fmt"
	"time"

	"github.com/payload-tracker/payload-tracker/payload/sample"
)

// What no platform is without: words that nobody declared, and messages that are no events. One journey in so many
// has them.
const (
	oddWordEvery   = 60
	oddLetterEvery = 250
)

// oddities are what the n-th journey of the history, begun at start, has beside its events.
func oddities(journey sample.Journey, start time.Time, n int) []sample.Message {
	var messages []sample.Message
	if n%oddWordEvery == oddWordEvery-1 {
		messages = append(messages, oddMessage(start.Add(time.Millisecond), `{"service": "ingress", "request_id": %q, "org_id": %q, "status": "announced", "date": %q}`, journey))
	}
	if n%oddLetterEvery == oddLetterEvery-1 {
		letters := []string{
			`{"service": "compliance", "request_id": "unknown", "org_id": %[2]q, "status": "error", "date": %[3]q}`,
			`{"service": "hsp-archiver", "org_id": %[2]q, "status": "success", "date": %[3]q}`,
			`service=hsp-archiver request_id=%[1]s org_id=%[2]s status=success`,
		}
		messages = append(messages, oddMessage(start.Add(time.Second), letters[n/oddLetterEvery%len(letters)], journey))
	}
	return messages
}

// oddMessage fills a journey's ids, and the date, into a form.
func oddMessage(at time.Time, form string, journey sample.Journey) sample.Message {
	return sample.Message{At: at, Value: fmt.Appendf(nil, form, journey.RequestID.String(), journey.OrgID, at.Format(time.RFC3339Nano))}
}
