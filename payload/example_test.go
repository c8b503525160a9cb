package payload_test

import (
	"fmt"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

func ExampleDecoder_Decode() {
	e, err := payload.Decoder{}.Decode([]byte(`{
		"service": "Puptoo", "request_id": "DF615EE7-B326-519B-83A8-55EBAE71FD6A",
		"status": "error", "status_msg": "no machine id", "date": "2026-03-04 09:15:27.123456789"
	}`))
	fmt.Println(e.Service, e.Status, e.RequestID, e.Date.Format(time.RFC3339Nano), err)

	_, err = payload.Decoder{}.Decode([]byte(`{"service": "puptoo"}`))
	fmt.Println(err)
	// Output:
	// puptoo error df615ee7b326519b83a855ebae71fd6a 2026-03-04T09:15:27.123456Z <nil>
	// missing_field: request_id is missing
}

func ExampleJourney_Merge() {
	rules := payload.DefaultRules()
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	var j payload.Journey
	// In any order: the dates decide.
	j.Merge(&rules,
		payload.Event{Service: "puptoo", Status: "success", Date: at.Add(2 * time.Second)},
		payload.Event{Service: "puptoo", Status: "received", Date: at.Add(time.Second)},
		payload.Event{Service: "ingress", Status: "success", Date: at},
	)
	for _, stage := range j.Stages() {
		fmt.Println(stage.Service, stage.State)
	}
	// Output:
	// ingress SUCCEEDED
	// puptoo SUCCEEDED
}

func ExampleJourney_Verdict() {
	rules := payload.DefaultRules()
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	var j payload.Journey
	j.Merge(&rules,
		payload.Event{Service: "ingress", Status: "success", Date: at},
		payload.Event{Service: "inventory", Status: "error", Message: "host validation failed", Date: at.Add(time.Second)},
	)
	fmt.Println(j.Verdict(&rules, at.Add(time.Minute)).Sentence)
	// Output:
	// failed in inventory after 1 service: host validation failed
}
