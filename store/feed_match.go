package store

import (
	"slices"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Matcher decides in memory what Statuses decides in SQL: whether a status
// meets a filter. A property test compares the two.
type Matcher struct {
	service, source, status, message *Text
	orgID, account, requestID        *Text
	date                             *Window
}

// Matcher of the filter; one that Statuses would refuse is refused likewise.
func (f StatusFilter) Matcher() (*Matcher, error) {
	f = f.Given()
	if err := f.check(); err != nil {
		return nil, err
	}
	m := &Matcher{
		service: f.Service.lower(), source: f.Source.lower(), status: f.Status.lower(), message: f.Message,
		orgID: f.OrgID, account: f.Account, requestID: f.RequestID.requestIDs(), date: f.Date,
	}
	for _, t := range []**Text{&m.service, &m.source, &m.status, &m.message, &m.orgID, &m.account} {
		*t = (*t).folded()
	}
	return m, nil
}

// Matches tells whether a status meets the filter, as seen from now.
func (m *Matcher) Matches(s *Fresh, now time.Time) bool {
	dates := m.date.span(now)
	return m.service.matches(s.Service) && m.source.matches(s.Source) && m.status.matches(s.Status.Status) &&
		m.orgID.matches(s.OrgID) && m.account.matches(s.Account) &&
		(m.requestID == nil || m.requestID.matches(s.RequestID.String())) &&
		(dates.from.IsZero() || !s.Date.Before(dates.from)) && (dates.to.IsZero() || s.Date.Before(dates.to)) &&
		m.message.matches(s.Message)
}

// folded is t with its contains in lower case.
func (t *Text) folded() *Text {
	if t == nil || t.Contains == nil {
		return t
	}
	low := *t
	part := strings.ToLower(*t.Contains)
	low.Contains = &part
	return &low
}

// matches tells whether a text meets a folded condition. An absent text is the
// empty one, which contains nothing.
func (t *Text) matches(text string) bool {
	return t == nil || ((t.Eq == nil || *t.Eq == text) &&
		(t.In == nil || slices.Contains(t.In, text)) &&
		!slices.Contains(t.NotIn, text) &&
		(t.Contains == nil || (text != "" && strings.Contains(strings.ToLower(text), *t.Contains))))
}

// requestIDs is a checked condition on request ids in their usual writing.
func (t *Text) requestIDs() *Text {
	if t == nil {
		return nil
	}
	usual := func(text string) string {
		id, _ := payload.ParseRequestID(text) // checked before
		return id.String()
	}
	same := &Text{}
	if t.Eq != nil {
		id := usual(*t.Eq)
		same.Eq = &id
	}
	if t.In != nil {
		same.In = []string{}
	}
	for _, id := range t.In {
		same.In = append(same.In, usual(id))
	}
	for _, id := range t.NotIn {
		same.NotIn = append(same.NotIn, usual(id))
	}
	return same
}
