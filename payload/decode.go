package payload

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	defaultMaxBytes = 1 << 20
	maxFieldBytes   = 255
)

// Decoder reads messages. The zero Decoder is ready to use.
type Decoder struct {
	MaxBytes int // the largest message, in bytes; 0 is 1 MiB
}

// field is one of the keys an event is read from.
type field uint8

const (
	fieldService field = iota
	fieldRequestID
	fieldStatus
	fieldDate
	fieldSource
	fieldOrgID
	fieldAccount
	fieldInventoryID
	fieldSystemID
	fieldMessage
	fields

	requiredFields = fieldDate + 1 // the first ones
)

var fieldNames = [fields]string{
	"service", "request_id", "status", "date",
	"source", "org_id", "account", "inventory_id", "system_id", "status_msg",
}

func fieldOf(key []byte) (field, bool) {
	for f, name := range fieldNames {
		if string(key) == name {
			return field(f), true
		}
	}
	return 0, false
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// Decode reads one message. The error is always a *Rejection. The event does
// not refer to the message's bytes.
func (d Decoder) Decode(message []byte) (Event, error) {
	limit := d.MaxBytes
	if limit == 0 {
		limit = defaultMaxBytes
	}
	switch {
	case len(message) > limit:
		return Event{}, &Rejection{Reason: ReasonTooLarge, Detail: fmt.Sprintf("%d bytes, more than %d", len(message), limit)}
	case !utf8.Valid(message):
		return Event{}, &Rejection{Reason: ReasonInvalidUTF8, Detail: "the bytes are no UTF-8"}
	}
	s := scanner{b: bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(message), byteOrderMark))}
	if s.next() != '{' {
		s.value(0)
		if s.broken || s.next() != 0 || s.at < len(s.b) {
			return Event{}, &Rejection{Reason: ReasonNotJSON, Detail: "not one JSON object"}
		}
		return Event{}, &Rejection{Reason: ReasonNotObject, Detail: "JSON, but no object"}
	}
	values, ok := s.object()
	texts := textsOf(&values)
	if !ok {
		return Event{}, reject(&texts, ReasonNotJSON, "not one JSON object")
	}
	return read(&values, &texts, s.nul)
}

// object reads the message's fields; of a repeated key the last counts. Of
// broken JSON it gives what stands before the fault.
func (s *scanner) object() (values [fields]value, ok bool) {
	s.at++
	if s.next() == '}' {
		s.at++
		return values, s.next() == 0 && s.at == len(s.b)
	}
	for {
		if s.next() != '"' {
			return values, false
		}
		key := s.text()
		if s.broken || !s.expect(':') {
			return values, false
		}
		if key.escaped {
			key.raw = appendText(nil, key.raw)
		}
		v := s.value(1)
		if s.broken {
			return values, false
		}
		if f, known := fieldOf(key.raw); known {
			values[f] = v
		}
		switch s.next() {
		case ',':
			s.at++
		case '}':
			s.at++
			return values, s.next() == 0 && s.at == len(s.b)
		default:
			return values, false
		}
	}
}

// read turns fields into an event, judging in the order of the reasons.
func read(values *[fields]value, texts *[fields]string, nul bool) (Event, error) {
	if nul {
		return Event{}, reject(texts, ReasonNUL, "a text holds a NUL")
	}
	if rejection := missing(values, texts); rejection != nil {
		return Event{}, rejection
	}
	requestID, err := ParseRequestID(texts[fieldRequestID])
	if err != nil {
		return Event{}, reject(texts, ReasonBadRequestID, "request_id %s", err)
	}
	date, ok := parseDate(texts[fieldDate])
	if !ok {
		return Event{}, reject(texts, ReasonBadDate, "date %q is no day and time from 1970 to 2199", clip(texts[fieldDate], 60))
	}
	e := Event{
		RequestID: requestID, Service: texts[fieldService], Status: texts[fieldStatus],
		Message: texts[fieldMessage], Date: date,
	}
	for i, at := range []*string{&e.Source, &e.OrgID, &e.Account, &e.InventoryID, &e.SystemID} {
		f := fieldSource + field(i)
		if values[f].kind == other || len(texts[f]) > maxFieldBytes {
			e.Oddities |= 1 << i
			continue
		}
		if f == fieldSource || !standsForNone(texts[f]) {
			*at = texts[f]
		}
	}
	return e, nil
}

// missing rejects a message whose required fields are not all usable texts;
// nil when they are.
func missing(values *[fields]value, texts *[fields]string) *Rejection {
	for f := range requiredFields {
		if values[f].kind == absent || (values[f].kind == text && texts[f] == "") {
			return reject(texts, ReasonMissingField, "%s is missing", fieldNames[f])
		}
	}
	for f := range requiredFields {
		if values[f].kind == other {
			return reject(texts, ReasonWrongType, "%s is no text", fieldNames[f])
		}
	}
	for f := range requiredFields {
		if f != fieldDate && len(texts[f]) > maxFieldBytes {
			return reject(texts, ReasonTooLong, "%s has %d bytes, more than %d", fieldNames[f], len(texts[f]), maxFieldBytes)
		}
	}
	return nil
}

func reject(texts *[fields]string, reason Reason, format string, args ...any) *Rejection {
	readable := func(f field) string {
		// No database takes a NUL, and rejections are counted in one.
		return strings.ReplaceAll(clip(texts[f], maxFieldBytes), "\x00", "\uFFFD")
	}
	return &Rejection{
		Reason: reason, Detail: fmt.Sprintf(format, args...),
		Service: readable(fieldService), RequestID: readable(fieldRequestID),
	}
}

// textsOf is what each field says, trimmed and in the case it is kept in. All
// texts share one allocation.
func textsOf(values *[fields]value) (texts [fields]string) {
	size := 0
	for f := range fields {
		size += len(values[f].raw)
	}
	buffer := make([]byte, 0, size)
	var ends [fields]int
	for f := range fields {
		v := &values[f]
		switch {
		case v.kind == other && f == fieldMessage:
			buffer = appendCompact(buffer, v.raw)
		case v.kind == other:
		case v.escaped:
			buffer = appendText(buffer, v.raw)
		default:
			buffer = append(buffer, v.raw...)
		}
		ends[f] = len(buffer)
	}
	whole, start := string(buffer), 0
	for f := range fields {
		texts[f] = whole[start:ends[f]]
		if start = ends[f]; f == fieldMessage {
			continue
		}
		texts[f] = strings.TrimSpace(texts[f])
		if f == fieldService || f == fieldStatus || f == fieldSource {
			texts[f] = strings.ToLower(texts[f])
		}
	}
	return texts
}

// standsForNone: what services write where they do not know an id.
func standsForNone(text string) bool {
	switch text {
	case "-1", "00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000":
		return true
	}
	return false
}
