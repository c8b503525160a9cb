package sample

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// style writes an event as a producer does. Producers disagree on dates, on what is absent and on how ids look.
type style func(w *way, e event) []byte

// field is a key of an object, in the order of writing.
type field struct {
	key   string
	value any
}

const (
	pythonDate   = "2006-01-02T15:04:05.000000"
	inventoryISO = "2006-01-02T15:04:05.000000+00:00"
	blankSeconds = "2006-01-02 15:04:05"
)

// writeGo: an empty account, nanoseconds and a Z.
func writeGo(w *way, e event) []byte {
	return object(
		field{"service", e.from.name},
		field{"account", ""},
		field{"org_id", w.customer.org},
		field{"request_id", w.journey.RequestID.String()},
		field{"status", e.word},
		field{"status_msg", e.reason},
		field{"date", e.date.Add(123).Format(time.RFC3339Nano)},
	)
}

// writePython: no zone, and the old payload_id beside the request id.
func writePython(w *way, e event) []byte {
	id := w.journey.RequestID.String()
	return object(
		field{"account", w.customer.account},
		field{"org_id", w.customer.org},
		field{"request_id", id},
		field{"payload_id", id},
		field{"service", e.from.name},
		field{"status", e.word},
		field{"status_msg", e.reason},
		field{"system_id", w.host.systemID},
		field{"date", e.date.Format(pythonDate)},
	)
}

// writeInventory: the host's id, but neither org nor account.
func writeInventory(w *way, e event) []byte {
	inventoryID := "-1" // not looked up yet
	if e.word != received {
		inventoryID = w.host.inventoryID
		w.journey.InventoryID = inventoryID
	}
	return object(
		field{"service", e.from.name},
		field{"request_id", w.journey.RequestID.String()},
		field{"inventory_id", inventoryID},
		field{"status", e.word},
		field{"status_msg", e.reason},
		field{"date", e.date.Format(inventoryISO)},
	)
}

// writeEngine: numbers for org and account, capitals in the name, null for no text.
func writeEngine(w *way, e event) []byte {
	return object(
		field{"request_id", w.journey.RequestID.String()},
		field{"service", "Insights-Engine"},
		field{"org_id", json.Number(w.customer.org)},
		field{"account", json.Number(w.customer.account)},
		field{"status", e.word},
		field{"status_msg", orNull(e.reason)},
		field{"date", e.date.Format(pythonDate)},
	)
}

// writeAdvisor: names who within the service.
func writeAdvisor(w *way, e event) []byte {
	return object(
		field{"service", e.from.name},
		field{"source", e.source},
		field{"org_id", w.customer.org},
		field{"account", w.customer.account},
		field{"request_id", w.journey.RequestID.String()},
		field{"inventory_id", w.host.inventoryID},
		field{"status", e.word},
		field{"status_msg", e.reason},
		field{"date", e.date.Format(pythonDate) + "Z"},
	)
}

// writeVulnerability: whole seconds behind a blank, null account.
func writeVulnerability(w *way, e event) []byte {
	return object(
		field{"account", nil},
		field{"org_id", w.customer.org},
		field{"request_id", w.journey.RequestID.String()},
		field{"inventory_id", w.host.inventoryID},
		field{"service", e.from.name},
		field{"status", e.word},
		field{"status_msg", e.reason},
		field{"date", e.date.Format(blankSeconds)},
	)
}

// writePatchman: dashes and capitals in the request id, a local zone, keys nobody else has.
func writePatchman(w *way, e event) []byte {
	return object(
		field{"service", e.from.name},
		field{"source", ""},
		field{"org_id", w.customer.org},
		field{"request_id", strings.ToUpper(dashed(w.journey.RequestID))},
		field{"inventory_id", w.host.inventoryID},
		field{"status", e.word},
		field{"status_msg", e.reason},
		field{"date", e.date.In(time.FixedZone("", 7200)).Format(time.RFC3339Nano)},
		field{"tags", []string{"evaluation"}},
	)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func object(fields ...field) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	out.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			out.WriteByte(',')
		}
		encode(encoder, &out, f.key)
		out.WriteByte(':')
		encode(encoder, &out, f.value)
	}
	out.WriteByte('}')
	return out.Bytes()
}

// encode writes a value without the line end that the encoder adds. Texts, numbers and lists of texts cannot fail.
func encode(encoder *json.Encoder, out *bytes.Buffer, value any) {
	if err := encoder.Encode(value); err != nil {
		panic("sample: " + err.Error())
	}
	out.Truncate(out.Len() - 1)
}
