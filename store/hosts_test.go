package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

const (
	inventoryA = "0a000000-0000-4000-8000-000000000001"
	inventoryB = "0a000000-0000-4000-8000-000000000002"
	systemA    = "0b000000-0000-4000-8000-000000000001"
	systemB    = "0B000000-0000-4000-8000-000000000002" // capitals: shown as sent
)

func naming(n int, inventory, system string) payload.Event {
	e := event(n, "puptoo", "processing", 0)
	e.InventoryID, e.SystemID, e.Message = inventory, system, inventory+system
	return e
}

func TestHostsHidesHalvesThatAreCompletedElsewhere(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	newFeeder(t, s, 0).feed(
		naming(1, inventoryA, ""), naming(1, "", systemA), naming(1, inventoryA, systemA),
		naming(1, inventoryB, ""), naming(1, "", systemB), naming(1, "", "plain text"),
		naming(2, "", systemA), naming(3, "", ""),
	)
	var ids []int64
	for n := 1; n <= 3; n++ {
		ids = append(ids, payloadOf(t, s, n).ID)
	}
	pages, err := s.Hosts(t.Context(), ids, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"{ " + systemB + "}", "{ plain text}", "{" + inventoryA + " " + systemA + "}", "{" + inventoryB + " }"}
	got := hostKeys(pages[ids[0]])
	slices.Sort(want)
	if sorted := slices.Sorted(slices.Values(got.keys)); !slices.Equal(sorted, want) {
		t.Errorf("hosts %v, want %v", sorted, want)
	}
	if got := hostKeys(pages[ids[1]]).keys; !slices.Equal(got, []string{"{ " + systemA + "}"}) {
		t.Errorf("hosts of the second %v", got)
	}
	if len(pages[ids[2]].Items) != 0 {
		t.Errorf("the third has hosts %v", pages[ids[2]].Items)
	}
	walkAll(t, got.keys, func(request store.Page) (page, error) {
		pages, err := s.Hosts(t.Context(), ids[:1], request)
		if err != nil {
			return page{}, err
		}
		return hostKeys(pages[ids[0]]), nil
	})
	_, err = s.Hosts(t.Context(), ids, store.Page{After: pages[ids[0]].StartCursor})
	wantBadInput(t, "one payload's cursor for three", err)
}

func hostKeys(p *store.HostPage) page {
	result := page{cursors: p.Cursors, info: p.PageInfo}
	for _, h := range p.Items {
		result.keys = append(result.keys, fmt.Sprint(*h))
	}
	return result
}

func TestFindKnowsWhateverAnIDIs(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	both := requestID(2).String()
	newFeeder(t, s, 0).feed(naming(1, inventoryA, systemA), naming(2, inventoryA, ""), naming(3, both, "plain text"), naming(4, "", inventoryA))
	for _, c := range []struct {
		id       string
		kinds    []store.IDKind
		payloads []int
	}{
		{requestID(1).String(), []store.IDKind{store.IDRequest}, []int{1}},
		{" 0A000000000040008000000000000001 ", []store.IDKind{store.IDInventory, store.IDSystem}, []int{4, 2, 1}},
		{systemA, []store.IDKind{store.IDSystem}, []int{1}},
		{both, []store.IDKind{store.IDRequest, store.IDInventory}, []int{3, 2}},
		{"plain text", []store.IDKind{store.IDSystem}, []int{3}},
		{"Plain text", nil, nil},
		{"", nil, nil},
		{"00000000-0000-0000-0000-000000000000", nil, nil},
		{"'; --?", nil, nil},
	} {
		kinds, err := s.Kinds(t.Context(), c.id)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(kinds, c.kinds) {
			t.Errorf("%q is %v, want %v", c.id, kinds, c.kinds)
		}
		found, err := s.FindPayloads(t.Context(), c.id, store.Page{})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, n := range c.payloads {
			want = append(want, requestID(n).String())
		}
		if got := payloadKeys(found).keys; !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", c.id, got, want)
		}
	}
	_, err := s.Kinds(t.Context(), "\x00")
	wantBadInput(t, "NUL", err)
}

func TestPayloadByAHostIsTheNewestStarted(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	late := naming(2, inventoryA, "")
	late.Date = late.Date.AddDate(0, 0, 1)
	newFeeder(t, s, 0).feed(late, naming(1, inventoryA, ""), naming(3, inventoryB, ""))
	p, err := s.Payload(t.Context(), store.PayloadKey{InventoryID: new(inventoryA)})
	if err != nil {
		t.Fatal(err)
	}
	if p == nil || p.RequestID != requestID(2) {
		t.Errorf("found %+v, want the second", p)
	}
	for _, key := range []store.PayloadKey{{}, {InventoryID: new(inventoryA), SystemID: new(systemA)}, {SystemID: new(" ")}} {
		_, err := s.Payload(t.Context(), key)
		wantBadInput(t, fmt.Sprint(key), err)
	}
	unknown := requestID(77)
	if p, err := s.Payload(t.Context(), store.PayloadKey{RequestID: &unknown}); p != nil || err != nil {
		t.Errorf("an unknown payload: %v, %v", p, err)
	}
}
