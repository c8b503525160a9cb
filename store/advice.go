package store

import (
	"errors"

	"github.com/payload-tracker/payload-tracker/payload"
)

// advised says of a question that took too long which condition, that its
// filter does not have, would let it be answered: the first of those given
// that is missing.
func advised(err error, conditions ...condition) error {
	if e, ok := errors.AsType[*payload.Error](err); !ok || e.Code != payload.CodeTimeout {
		return err
	}
	advice := "ask for a shorter time, or for fewer rows"
	for _, c := range conditions {
		if !c.given {
			advice = c.advice
			break
		}
	}
	return payload.Errorf(payload.CodeTimeout, "the question took too long: %s", advice)
}

// condition is one that a filter may have, and how it is asked for.
type condition struct {
	given  bool
	advice string
}

func (f *StatusFilter) advised(err error) error {
	return advised(err,
		condition{f.Date != nil && (f.Date.Since != nil || f.Date.From != nil), `give date a beginning, such as {since: "PT24H"}`},
		condition{f.Service.names(), "give service, and status with it"},
		condition{f.Status.names(), "give status too"},
		condition{f.OrgID.names() || f.Account.names() || f.RequestID.names(), "give orgId or requestId"})
}

func (f *PayloadFilter) advised(err error) error {
	narrow := f.OrgID.names() || f.Account.names() || f.SystemID.names() || f.InventoryID.names() || f.RequestID.names()
	since := func(w *Window) bool { return w != nil && (w.Since != nil || w.From != nil) }
	return advised(err,
		condition{since(f.StartedAt) || since(f.FailedAt), `give startedAt a beginning, such as {since: "P1D"}`},
		condition{narrow, "give orgId, account or a host's id"},
		condition{f.FailedService.names() || f.Service.names(), "give service, or failedService"})
}

// names tells whether t says which values match.
func (t *Text) names() bool { return t != nil && (t.Eq != nil || t.In != nil) }
