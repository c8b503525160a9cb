package payload

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Rules are what verdicts are judged by. All processes share one version.
type Rules struct {
	Version int64

	Opening []string // words that open a stage
	Success []string // words that end it well
	Failure []string // words that end it badly; every other word is detail

	StallAfter        time.Duration            // quiet this long, an open payload has stalled
	StallAfterService map[string]time.Duration // the same for one service
	Handovers         []Handover
	Settle            time.Duration // quiet this long, an ended payload is final
}

// Handover says: a payload that succeeded in From is awaited by To.
type Handover struct{ From, To string }

// DefaultRules are the platform's words, 15 minutes to stall, 60 s to settle.
func DefaultRules() Rules {
	return Rules{
		Opening:    []string{"received"},
		Success:    []string{"success", "successful"},
		Failure:    []string{"error", "failed", "failure", "processing_error", "invalid", "rejected"},
		StallAfter: 15 * time.Minute,
		Settle:     time.Minute,
	}
}

// Validate names what cannot be: a word in two classes, a limit that is not
// positive, a hand-over to itself.
func (r *Rules) Validate() error {
	seen := map[string]bool{}
	for _, word := range slices.Concat(r.Opening, r.Success, r.Failure) {
		if seen[word] {
			return fmt.Errorf("the word %q stands in more than one list of words", word)
		}
		seen[word] = true
	}
	if r.StallAfter <= 0 {
		return errors.New("the stall limit must be positive")
	}
	for service, limit := range r.StallAfterService {
		if limit <= 0 {
			return fmt.Errorf("the stall limit of %s must be positive", service)
		}
	}
	if r.Settle < 0 {
		return errors.New("the settle time must not be negative")
	}
	for _, h := range r.Handovers {
		if h.From == "" || h.To == "" || h.From == h.To {
			return fmt.Errorf("the hand-over %q>%q needs two different services", h.From, h.To)
		}
	}
	return nil
}

// Class is what a word does to a stage; its order breaks ties of dates.
type Class uint8

// The classes, in the order of ties: at one date an end beats a beginning.
const (
	ClassOpening Class = iota
	ClassDetail
	ClassSuccess
	ClassFailure
)

// Class of a word, in lower case.
func (r *Rules) Class(word string) Class {
	switch {
	case slices.Contains(r.Opening, word):
		return ClassOpening
	case slices.Contains(r.Success, word):
		return ClassSuccess
	case slices.Contains(r.Failure, word):
		return ClassFailure
	}
	return ClassDetail
}

// Declared tells whether a word says something: one of the rules, or the
// platform's word for going on.
func (r *Rules) Declared(word string) bool {
	return word == "processing" || r.Class(word) != ClassDetail
}

// stallAfter is the limit of a service.
func (r *Rules) stallAfter(service string) time.Duration {
	if limit, ok := r.StallAfterService[service]; ok {
		return limit
	}
	return r.StallAfter
}
