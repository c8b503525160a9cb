package rest

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/payload-tracker/payload-tracker/store"
)

// order is how a payload's statuses are sorted.
type order struct {
	compare    func(a, b *store.Status) int
	descending bool
}

// trackColumns are the values of sort_by. Those that are equal in all rows of a payload (the front end's list sends
// them along) compare nothing, which leaves the order by date.
var trackColumns = map[string]func(a, b *store.Status) int{
	"service":      func(a, b *store.Status) int { return cmp.Compare(a.Service, b.Service) },
	"source":       func(a, b *store.Status) int { return cmp.Compare(a.Source, b.Source) },
	"status":       func(a, b *store.Status) int { return cmp.Compare(a.Status, b.Status) },
	"status_msg":   func(a, b *store.Status) int { return cmp.Compare(a.Message, b.Message) },
	"date":         func(a, b *store.Status) int { return a.Date.Compare(b.Date) },
	"created_at":   func(a, b *store.Status) int { return a.TakenInAt.Compare(b.TakenInAt) },
	"request_id":   equal,
	"account":      equal,
	"org_id":       equal,
	"inventory_id": equal,
	"system_id":    equal,
}

func equal(_, _ *store.Status) int { return 0 }

// trackOrder reads sort_by and sort_dir; an empty one counts as absent.
func trackOrder(query url.Values) (order, error) {
	column := cmp.Or(query.Get("sort_by"), "date")
	compare, known := trackColumns[column]
	if !known {
		return order{}, bad("sort_by must be one of service, source, status_msg, date, created_at")
	}
	dir, err := direction(query)
	return order{compare: compare, descending: dir == store.Descending}, err
}

// sort orders statuses that come oldest first. Equal ones stay in that order, which is total, so that two answers are
// equal byte for byte; descending is its exact reverse.
func (o order) sort(statuses []*store.Status) {
	slices.SortStableFunc(statuses, o.compare)
	if o.descending {
		slices.Reverse(statuses)
	}
}
