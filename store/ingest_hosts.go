package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/payload-tracker/payload-tracker/payload"
)

// hostRow is a pair of host ids as an event named them.
type hostRow struct {
	payloadID               int64
	inventoryKey, systemKey [16]byte
	inventoryID, systemID   *string
}

// writeHosts adds the pairs of host ids that rows name. Of one id in several
// spellings the greatest unusual one is shown, whatever came first.
func writeHosts(ctx context.Context, tx pgx.Tx, rows []row) error {
	hosts := hostsOf(rows)
	if len(hosts) == 0 {
		return nil
	}
	n := len(hosts)
	payloadIDs, inventoryKeys, systemKeys := make([]int64, n), make([][16]byte, n), make([][16]byte, n)
	inventoryIDs, systemIDs := make([]*string, n), make([]*string, n)
	for i, h := range hosts {
		payloadIDs[i], inventoryKeys[i], systemKeys[i] = h.payloadID, h.inventoryKey, h.systemKey
		inventoryIDs[i], systemIDs[i] = h.inventoryID, h.systemID
	}
	_, err := tx.Exec(ctx, `INSERT INTO payload_hosts AS h (payload_id, inventory_key, system_key, inventory_id, system_id)
		SELECT u.payload_id, u.inventory_key, u.system_key, u.inventory_id, u.system_id
		FROM unnest($1::int8[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
			u(payload_id, inventory_key, system_key, inventory_id, system_id)
		ON CONFLICT (payload_id, inventory_key, system_key) DO UPDATE SET
			inventory_id = greatest(h.inventory_id COLLATE "C", excluded.inventory_id COLLATE "C"),
			system_id = greatest(h.system_id COLLATE "C", excluded.system_id COLLATE "C")
		WHERE excluded.inventory_id COLLATE "C" > coalesce(h.inventory_id, '') COLLATE "C"
			OR excluded.system_id COLLATE "C" > coalesce(h.system_id, '') COLLATE "C"`,
		hot, payloadIDs, inventoryKeys, systemKeys, inventoryIDs, systemIDs)
	return err
}

// hostsOf is each pair once, in the order of the unique index.
func hostsOf(rows []row) []hostRow {
	type key struct {
		payloadID         int64
		inventory, system [16]byte
	}
	seen := map[key]hostRow{}
	for i, r := range rows {
		if r.event.InventoryID == "" && r.event.SystemID == "" {
			continue
		}
		// Rows of one payload stand together, and mostly name the same host.
		if i > 0 && rows[i-1].payloadID == r.payloadID &&
			rows[i-1].event.InventoryID == r.event.InventoryID && rows[i-1].event.SystemID == r.event.SystemID {
			continue
		}
		h := hostRow{payloadID: r.payloadID}
		h.inventoryKey, h.inventoryID = hostKey(r.event.InventoryID)
		h.systemKey, h.systemID = hostKey(r.event.SystemID)
		k := key{h.payloadID, h.inventoryKey, h.systemKey}
		if other, ok := seen[k]; ok {
			h.inventoryID = greater(h.inventoryID, other.inventoryID)
			h.systemID = greater(h.systemID, other.systemID)
		}
		seen[k] = h
	}
	hosts := make([]hostRow, 0, len(seen))
	for _, h := range seen {
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, func(a, b hostRow) int {
		return cmp.Or(cmp.Compare(a.payloadID, b.payloadID),
			bytes.Compare(a.inventoryKey[:], b.inventoryKey[:]), bytes.Compare(a.systemKey[:], b.systemKey[:]))
	})
	return hosts
}

func greater(a, b *string) *string {
	if a == nil || (b != nil && *b > *a) {
		return b
	}
	return a
}

// hostKey is what a host id is found by: itself where it is a UUID, whatever
// its dashes and case, else a digest of its text; and the text to show where
// the key does not give it back. "" is the zero key.
func hostKey(text string) (key [16]byte, shown *string) {
	if text == "" {
		return key, nil
	}
	if id, err := payload.ParseRequestID(text); err == nil {
		if usualSpelling(id) == text {
			return id, nil
		}
		return id, &text
	}
	sum := sha256.Sum256([]byte(text))
	copy(key[:], sum[:])
	return key, &text
}

// usualSpelling of a UUID: lower case with dashes (RFC 9562, section 4).
func usualSpelling(key [16]byte) string {
	h := hex.EncodeToString(key[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
