package store

import (
	"context"
	"strconv"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Host is a pair of ids as an event named it; either may be "", where no
// event of the payload named the two together.
type Host struct{ InventoryID, SystemID string }

// HostPage is a stretch of a payload's hosts, each with its cursor.
type HostPage struct {
	Items   []*Host
	Cursors []string
	PageInfo
}

type hostRead struct {
	PayloadID               int64
	InventoryKey, SystemKey string
	InventoryID, SystemID   *string
}

// halfPair hides a pair with one id that another pair completes.
const halfPair = `
	(h.system_key = '00000000-0000-0000-0000-000000000000' AND EXISTS (SELECT FROM payload_hosts o
		WHERE o.payload_id = h.payload_id AND o.inventory_key = h.inventory_key AND o.system_key <> h.system_key))
	OR (h.inventory_key = '00000000-0000-0000-0000-000000000000' AND EXISTS (SELECT FROM payload_hosts o
		WHERE o.payload_id = h.payload_id AND o.system_key = h.system_key AND o.inventory_key <> h.inventory_key))`

// Hosts lists the hosts each payload ever named, in one statement. The page
// is each payload's; with a cursor it can only be that of one payload.
func (s *Store) Hosts(ctx context.Context, payloadIDs []int64, page Page) (map[int64]*HostPage, error) {
	pages := make(map[int64]*HostPage, len(payloadIDs))
	var w walk
	var args []any
	for _, id := range payloadIDs {
		var err error
		if w, err = page.walk(hostList(id)); err != nil {
			return nil, err
		}
		if pages[id] == nil {
			pages[id] = &HostPage{}
			args = append(args, id)
		}
	}
	if len(pages) == 0 {
		return pages, nil
	}
	var conditions where
	conditions.and("h.payload_id = k.payload_id")
	conditions.and("NOT (" + halfPair + ")")
	w.keyset(&conditions, "h.inventory_key, h.system_key", false, func(c *cursor) []any { return []any{c.texts[0], c.texts[1]} })
	direction := "ASC"
	if w.back {
		direction = "DESC"
	}
	args = append(append(args, conditions.args...), w.limit+1)
	var rows []hostRead
	err := s.read(ctx, "hosts", &rows, `SELECT k.payload_id, h.inventory_key, h.system_key, h.inventory_id, h.system_id
		FROM (VALUES `+valuesList(len(pages), "?::bigint")+`) k(payload_id) CROSS JOIN LATERAL (
			SELECT h.* FROM payload_hosts h WHERE `+conditions.sql()+`
			ORDER BY h.inventory_key `+direction+`, h.system_key `+direction+` LIMIT ?) h
		ORDER BY k.payload_id, h.inventory_key `+direction+`, h.system_key `+direction, args...)
	if err != nil {
		return nil, err
	}
	byPayload := map[int64][]hostRead{}
	for _, row := range rows {
		byPayload[row.PayloadID] = append(byPayload[row.PayloadID], row)
	}
	for id, p := range pages {
		w.list = hostList(id)
		kept, more := trim(w, byPayload[id], func(*hostRead) int64 { return 0 })
		for _, row := range kept {
			p.Items = append(p.Items, &Host{hostText(row.InventoryKey, row.InventoryID), hostText(row.SystemKey, row.SystemID)})
			p.Cursors = append(p.Cursors, cursor{texts: [3]string{row.InventoryKey, row.SystemKey}}.encode(w.list))
		}
		p.PageInfo = w.info(more, p.Cursors)
	}
	return pages, nil
}

func hostList(payloadID int64) string { return "hosts" + strconv.FormatInt(payloadID, 10) }

// hostText is the id as it was sent; "" for none.
func hostText(key string, text *string) string {
	if text != nil {
		return *text
	}
	if id, err := payload.ParseRequestID(key); err != nil || id == (payload.RequestID{}) {
		return ""
	}
	return key
}
