package store

import (
	"slices"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// maxValues bounds the lists of a filter.
const maxValues = 1000

// Text is a condition on a word, an id or a text. What is nil does not
// matter; what is given must all hold. An empty In matches nothing, an absent
// value of the row matches as the empty text.
type Text struct {
	Eq        *string
	In, NotIn []string
	Contains  *string // anywhere in the text, whatever the case
}

// Window is a stretch of time: the last so long, or [From, To), where either
// may be nil.
type Window struct {
	Since    *time.Duration
	From, To *time.Time
}

// DurationRange is [Gte, Lt), where either may be nil.
type DurationRange struct{ Gte, Lt *time.Duration }

// VerdictFilter is a condition on the state of a payload's verdict.
type VerdictFilter struct {
	Eq        *payload.State
	In, NotIn []payload.State
}

// PayloadFilter says which payloads a list has; all that is given must hold.
type PayloadFilter struct {
	RequestID, OrgID, Account *Text
	// InventoryID and SystemID match any host the payload ever named.
	InventoryID, SystemID *Text
	// Service and Source match payloads with a stage there, Status those that
	// have the word, at the given service and source. NotIn: none such.
	Service, Source, Status *Text
	FailedService           *Text
	FailureMessage          *Text // of the verdict's failure, its first 1,024 bytes
	Fingerprint             *Text // of the verdict's failure: eq, in and notIn
	Verdict                 *VerdictFilter
	StartedAt, FailedAt     *Window
	Duration                *DurationRange

	// Now is the moment windows and verdicts are judged at. Zero: the
	// cursor's, else the store's clock.
	Now time.Time `json:"-"`
}

// StatusFilter says which statuses a list has; all that is given must hold.
type StatusFilter struct {
	Service, Source, Status, Message *Text
	OrgID, Account, RequestID        *Text // of the status's payload
	Date                             *Window

	Now time.Time `json:"-"` // as in PayloadFilter
}

func bad(format string, args ...any) error {
	return payload.Errorf(payload.CodeBadUserInput, format, args...)
}

func (f *PayloadFilter) check() error {
	for _, t := range []struct {
		field string
		text  *Text
		usual spelling
	}{
		{"orgId", f.OrgID, asSent},
		{"account", f.Account, asSent},
		{"service", f.Service, strings.ToLower},
		{"source", f.Source, strings.ToLower},
		{"status", f.Status, strings.ToLower},
		{"failedService", f.FailedService, strings.ToLower},
		{"failureMessage", f.FailureMessage, asSent},
	} {
		if err := t.text.check(t.field, t.usual); err != nil {
			return err
		}
	}
	if err := f.RequestID.checkRequestID(); err != nil {
		return err
	}
	if err := f.InventoryID.checkHost("inventoryId"); err != nil {
		return err
	}
	if err := f.SystemID.checkHost("systemId"); err != nil {
		return err
	}
	if err := f.Fingerprint.checkFingerprint(); err != nil {
		return err
	}
	if err := f.StartedAt.check("startedAt"); err != nil {
		return err
	}
	if err := f.FailedAt.check("failedAt"); err != nil {
		return err
	}
	if err := f.Duration.check(); err != nil {
		return err
	}
	return f.checkVerdict()
}

// checkVerdict refuses states that do not exist, and asking for a failure of
// payloads that did not fail.
func (f *PayloadFilter) checkVerdict() error {
	if f.Verdict == nil {
		return nil
	}
	v := f.Verdict
	if len(v.In) > maxValues || len(v.NotIn) > maxValues {
		return bad("verdict: at most %d values", maxValues)
	}
	named := slices.Concat(v.In, v.NotIn)
	if v.Eq != nil {
		named = append(named, *v.Eq)
	}
	for _, state := range named {
		if !slices.Contains(everyState, state) {
			return bad("verdict: there is no state %q", string(state))
		}
	}
	states := v.states()
	switch {
	case len(states) == 0 && (v.Eq != nil || len(v.In) > 0) && (v.In == nil || len(v.In) > 0):
		return contradiction("verdict")
	case f.asksForFailure() && len(states) > 0 && !slices.Contains(states, payload.StateFailed):
		return bad("verdict: only FAILED payloads have a failure to filter by")
	}
	return nil
}

// asksForFailure tells whether only payloads that failed can match.
func (f *PayloadFilter) asksForFailure() bool {
	return f.FailedService.asksForValue() || f.FailureMessage.asksForValue() || f.Fingerprint.asksForValue() || f.FailedAt != nil
}

var everyState = []payload.State{payload.StateInProgress, payload.StateStalled, payload.StateFailed, payload.StateSucceeded}

// states that v leaves, in a fixed order; nil v leaves all.
func (v *VerdictFilter) states() []payload.State {
	var left []payload.State
	for _, state := range everyState {
		if v == nil || ((v.Eq == nil || *v.Eq == state) &&
			(v.In == nil || slices.Contains(v.In, state)) && !slices.Contains(v.NotIn, state)) {
			left = append(left, state)
		}
	}
	return left
}

// asksForValue tells whether only a value that is there can match.
func (t *Text) asksForValue() bool {
	return t != nil && ((t.Eq != nil && *t.Eq != "") || t.Contains != nil || (len(t.In) > 0 && !slices.Contains(t.In, "")))
}

func (f *StatusFilter) check() error {
	for _, t := range []struct {
		field string
		text  *Text
		usual spelling
	}{
		{"service", f.Service, strings.ToLower},
		{"source", f.Source, strings.ToLower},
		{"status", f.Status, strings.ToLower},
		{"message", f.Message, asSent},
		{"orgId", f.OrgID, asSent},
		{"account", f.Account, asSent},
	} {
		if err := t.text.check(t.field, t.usual); err != nil {
			return err
		}
	}
	if err := f.RequestID.checkRequestID(); err != nil {
		return err
	}
	return f.Date.check("date")
}

// spelling is the one way to write what several texts say.
type spelling func(string) string

func asSent(text string) string { return text }

// asID is the spelling of ids that may be UUIDs.
func asID(text string) string {
	if id, err := payload.ParseRequestID(text); err == nil {
		return id.String()
	}
	return text
}

func contradiction(field string) error {
	return bad("%s: no value can meet eq, in and notIn together", field)
}

func (t *Text) check(field string, usual spelling) error {
	if err := t.checkValues(field); err != nil {
		return err
	}
	if t.contradicts(usual) {
		return contradiction(field)
	}
	return nil
}

// contradicts tells whether no text can meet eq, in and notIn together. An
// empty in is no contradiction: it says that nothing is wanted.
func (t *Text) contradicts(usual spelling) bool {
	if t == nil || (t.In != nil && len(t.In) == 0) {
		return false
	}
	in, notIn := textSet(t.In, usual), textSet(t.NotIn, usual)
	wanted := in
	if t.Eq != nil {
		wanted = textSet([]string{*t.Eq}, usual)
	}
	for text := range wanted {
		if (t.In == nil || in[text]) && !notIn[text] {
			return false
		}
	}
	return len(wanted) > 0
}

func textSet(texts []string, usual spelling) map[string]bool {
	set := make(map[string]bool, len(texts))
	for _, text := range texts {
		set[usual(text)] = true
	}
	return set
}

func (t *Text) checkValues(field string) error {
	if t == nil {
		return nil
	}
	if len(t.In) > maxValues || len(t.NotIn) > maxValues {
		return bad("%s: at most %d values", field, maxValues)
	}
	for _, value := range t.values() {
		if !sayable(value) {
			return bad("%s: a text is UTF-8 without NUL", field)
		}
	}
	return nil
}

func (t *Text) values() []string {
	values := slices.Concat(t.In, t.NotIn)
	for _, single := range []*string{t.Eq, t.Contains} {
		if single != nil {
			values = append(values, *single)
		}
	}
	return values
}

func (t *Text) checkRequestID() error {
	if t == nil {
		return nil
	}
	if err := t.checkID("requestId"); err != nil {
		return err
	}
	if t.contradicts(asID) {
		return contradiction("requestId")
	}
	for _, value := range t.values() {
		if _, err := payload.ParseRequestID(value); err != nil {
			return bad("requestId: %q is not a request id (32 hex digits, dashes allowed)", value)
		}
	}
	return nil
}

func (t *Text) checkFingerprint() error {
	if t == nil {
		return nil
	}
	if t.Contains != nil {
		return bad("fingerprint: it is matched whole, contains is for texts")
	}
	if err := t.check("fingerprint", asSent); err != nil {
		return err
	}
	for _, value := range t.values() {
		if _, err := payload.ParseFingerprint(value); err != nil {
			return err
		}
	}
	return nil
}

// checkHost: a payload can name several hosts, so that of eq and in each may
// hold for another.
func (t *Text) checkHost(field string) error {
	if err := t.checkID(field); err != nil || t == nil {
		return err
	}
	if (&Text{Eq: t.Eq, NotIn: t.NotIn}).contradicts(asID) || (&Text{In: t.In, NotIn: t.NotIn}).contradicts(asID) {
		return contradiction(field)
	}
	return nil
}

func (t *Text) checkID(field string) error {
	if t != nil && t.Contains != nil {
		return bad("%s: an id is matched whole, contains is for texts", field)
	}
	return t.checkValues(field)
}

// lower is t for words that are stored in lower case.
func (t *Text) lower() *Text {
	if t == nil {
		return nil
	}
	low := &Text{Contains: t.Contains, In: lowerAll(t.In), NotIn: lowerAll(t.NotIn)}
	if t.Eq != nil {
		word := strings.ToLower(*t.Eq)
		low.Eq = &word
	}
	return low
}

func lowerAll(words []string) []string {
	if words == nil {
		return nil
	}
	low := make([]string, len(words))
	for i, word := range words {
		low[i] = strings.ToLower(word)
	}
	return low
}

func (w *Window) check(field string) error {
	switch {
	case w == nil:
		return nil
	case w.Since != nil && (w.From != nil || w.To != nil):
		return bad("%s: give since, or from and to, not both", field)
	case w.Since != nil && *w.Since < 0:
		return bad("%s: since is a time span back from now, not a negative one", field)
	case w.From != nil && w.To != nil && w.From.After(*w.To):
		return bad("%s: from is after to", field)
	}
	return nil
}

// What an event's date can be: bounds beyond it say the same as these.
var (
	firstDate = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	pastDate  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// IsDate tells whether an event can have happened then.
func IsDate(t time.Time) bool { return !t.Before(firstDate) && t.Before(pastDate) }

// span of w as seen from now; a zero bound is open.
func (w *Window) span(now time.Time) span {
	var sp span
	if w == nil {
		return sp
	}
	if w.Since != nil {
		sp.from = clampDate(now.Add(-*w.Since))
	}
	if w.From != nil {
		sp.from = clampDate(*w.From)
	}
	if w.To != nil {
		sp.to = clampDate(*w.To)
	}
	return sp
}

// clampDate also rounds up to microseconds, which no bound of a half-open
// range tells apart.
func clampDate(t time.Time) time.Time {
	switch {
	case t.Before(firstDate):
		return firstDate
	case t.After(pastDate):
		return pastDate
	}
	return t.UTC().Add(time.Microsecond - 1).Truncate(time.Microsecond)
}

func (r *DurationRange) check() error {
	switch {
	case r == nil:
		return nil
	case (r.Gte != nil && *r.Gte < 0) || (r.Lt != nil && *r.Lt < 0):
		return bad("duration: a payload's duration is not negative")
	case r.Gte != nil && r.Lt != nil && *r.Gte > *r.Lt:
		return bad("duration: gte is greater than lt")
	}
	return nil
}
