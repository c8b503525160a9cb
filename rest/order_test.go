package rest

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/store"
)

func FuzzTrackOrder(f *testing.F) {
	f.Add("sort_by=service&sort_dir=asc")
	f.Add("sort_by=&sort_dir=DESC")
	f.Add("sort_by=id;drop&sort_dir=asc")
	f.Fuzz(func(t *testing.T, text string) {
		query, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		order, err := trackOrder(query)
		if err != nil {
			return
		}
		at := time.Unix(0, 0)
		sorted := []*store.Status{
			{Service: "a", Date: at, Hash: 1}, {Service: "b", Date: at, Hash: 2}, {Service: "a", Date: at.Add(1), Hash: 3},
		}
		again := slices.Clone(sorted)
		order.sort(sorted)
		order.sort(again)
		if !slices.Equal(sorted, again) {
			t.Errorf("%s: two orders", text)
		}
	})
}

func TestDescendingIsTheReverse(t *testing.T) {
	t.Parallel()
	for column := range trackColumns {
		up, err := trackOrder(url.Values{"sort_by": {column}, "sort_dir": {"asc"}})
		if err != nil {
			t.Fatal(err)
		}
		down, err := trackOrder(url.Values{"sort_by": {column}, "sort_dir": {"desc"}})
		if err != nil {
			t.Fatal(err)
		}
		statuses := []*store.Status{
			{Service: "b", Source: "x", Status: "s", Message: "m"}, {Service: "a", Source: "x", Status: "t"}, {Service: "a", Source: "y"},
		}
		other := slices.Clone(statuses)
		up.sort(statuses)
		down.sort(other)
		slices.Reverse(other)
		if !slices.Equal(statuses, other) {
			t.Errorf("%s: descending is not ascending backwards", column)
		}
	}
}
