package rest

import (
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// verdict is what became of a payload: the same as GraphQL's.
type verdict struct {
	State           payload.State `json:"state"`
	Sentence        string        `json:"sentence"`
	Final           bool          `json:"final"`
	ServicesPassed  int           `json:"services_passed"`
	QuietSince      time.Time     `json:"quiet_since"`
	StallsAt        *time.Time    `json:"stalls_at,omitempty"`
	CoveredFailures []string      `json:"covered_failures"`
	Failure         *failure      `json:"failure,omitempty"`
}

type failure struct {
	Service string    `json:"service"`
	Source  string    `json:"source,omitempty"`
	Status  string    `json:"status"`
	Message string    `json:"status_msg,omitempty"`
	Date    time.Time `json:"date"`
}

// verdictOf shows a verdict; the whole message of its failure is the event's, one of statuses.
func verdictOf(v payload.Verdict, statuses []*store.Status) *verdict {
	shown := &verdict{
		State: v.State, Sentence: v.Sentence, Final: v.Final, ServicesPassed: v.ServicesPassed,
		QuietSince: v.QuietSince.UTC(), CoveredFailures: append([]string{}, v.CoveredFailures...),
	}
	if !v.StallsAt.IsZero() {
		at := v.StallsAt.UTC()
		shown.StallsAt = &at
	}
	if f := v.Failure; f != nil {
		shown.Failure = &failure{Service: f.Service, Source: f.Source, Status: f.Status, Message: f.Message, Date: f.At.UTC()}
		for _, s := range statuses {
			if s.Hash == f.Hash && s.Date.Equal(f.At) {
				shown.Failure.Message = s.Message
			}
		}
	}
	return shown
}
