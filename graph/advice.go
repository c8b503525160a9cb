package graph

import (
	"errors"
	"strings"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// A list that took too long is told which filter would make it fast: one that
// it does not have yet and that leaves little to read, the best first.

func advisePayloads(err error, f store.PayloadFilter, order store.PayloadOrder) error {
	dates, given := "startedAt", f.StartedAt != nil
	if order.Field == store.OrderByFailedAt || f.FailedAt != nil || f.FailureMessage != nil || f.FailedService != nil {
		dates, given = "failedAt", f.FailedAt != nil
	}
	return advise(err, dates, given, []absent{
		{"systemId", f.SystemID == nil && f.InventoryID == nil},
		{"orgId", f.OrgID == nil && f.Account == nil},
	})
}

func adviseStatuses(err error, f store.StatusFilter) error {
	return advise(err, "date", f.Date != nil, []absent{
		{"service", f.Service == nil},
		{"status", f.Status == nil},
		{"requestId", f.RequestID == nil},
	})
}

func adviseSlowest(err error, f store.SlowestFilter) error {
	return advise(err, "window", true, []absent{{"service", f.Service == ""}, {"orgId", f.OrgID == ""}})
}

func adviseNumbers(err error, service *store.Text) error {
	return advise(err, "window", true, []absent{{"service", service == nil}})
}

// absent is a filter and whether it is not given.
type absent struct {
	name string
	is   bool
}

func advise(err error, dates string, given bool, others []absent) error {
	timeout, ok := errors.AsType[*payload.Error](err)
	if !ok || timeout.Code != payload.CodeTimeout {
		return err
	}
	first := "add " + dates + ` to the filter, such as {since: "PT24H"}`
	if given {
		first = "ask for less time in " + dates
	}
	var names []string
	for _, other := range others {
		if other.is {
			names = append(names, other.name)
		}
	}
	if len(names) > 0 {
		first += ", or add " + strings.Join(names, " or ")
	}
	return payload.Errorf(payload.CodeTimeout, "the question took too long: %s", first)
}
