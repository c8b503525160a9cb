// Package payload is the domain: the status event that a service sends, the
// journey that the events of one payload add up to, and the verdict that a
// journey gives under rules at a moment. It does no I/O and reads no clock.
package payload

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// RequestID names a payload.
type RequestID [16]byte

// ParseRequestID reads 32 hex digits, or the same in groups of 8-4-4-4-12
// parted by dashes, in any case, with white space around.
func ParseRequestID(text string) (RequestID, error) {
	var id RequestID
	digits := strings.TrimSpace(text)
	switch {
	case len(digits) == 36 && digits[8] == '-' && digits[13] == '-' && digits[18] == '-' && digits[23] == '-':
		digits = digits[:8] + digits[9:13] + digits[14:18] + digits[19:23] + digits[24:]
	case len(digits) != 32:
		return id, fmt.Errorf("%q is no UUID: it takes 32 hex digits, with or without dashes", clip(text, 60))
	}
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return RequestID{}, fmt.Errorf("%q is no UUID: it takes 32 hex digits, with or without dashes", clip(text, 60))
	}
	return id, nil
}

// String is the id as the platform writes it: 32 hex digits in lower case.
func (id RequestID) String() string { return hex.EncodeToString(id[:]) }

// Event is one status event: a service says what became of a payload. An
// empty text is an absent one.
type Event struct {
	RequestID RequestID
	Service   string // lower case
	Source    string // who within the service; lower case
	Status    string // the word; lower case
	Message   string // why, as sent
	Date      time.Time

	OrgID       string
	Account     string
	InventoryID string
	SystemID    string

	// TakenIn is when the tracker first stored the event. It is zero for a
	// repeat of a stored one, which completes identifiers and nothing else.
	TakenIn time.Time
	// Oddities are the optional fields that came with no usable value.
	Oddities Oddity
}

// Oddity is a set of optional fields whose value was given up.
type Oddity uint8

// The optional fields that can be given up: a list, an object or a boolean
// instead of a text, or more than 255 bytes.
const (
	OddSource Oddity = 1 << iota
	OddOrgID
	OddAccount
	OddInventoryID
	OddSystemID
)

// Fields names the fields of the set, as the message calls them.
func (o Oddity) Fields() []string {
	var fields []string
	for i, name := range []string{"source", "org_id", "account", "inventory_id", "system_id"} {
		if o&(1<<i) != 0 {
			fields = append(fields, name)
		}
	}
	return fields
}

// Hash is the event's content in eight bytes: of its request id, service,
// source, status, message and date. Two events with one hash, payload and
// date are the same event.
func (e *Event) Hash() int64 {
	b := make([]byte, 0, 256)
	b = append(b, e.RequestID[:]...)
	for _, text := range [...]string{e.Service, e.Source, e.Status, e.Message} {
		// The length in front keeps "ab","c" apart from "a","bc".
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(e.Date.UnixMicro()))
	sum := sha256.Sum256(b)
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// Compare is the order of a payload's events: by date; at equal dates by
// class (received, other words, success, failure), then service, source,
// status and content.
func Compare(a, b *Event, rules *Rules) int {
	return cmp.Or(
		a.Date.Compare(b.Date),
		cmp.Compare(rules.Class(a.Status), rules.Class(b.Status)),
		cmp.Compare(a.Service, b.Service),
		cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.Hash(), b.Hash()),
	)
}

// clip cuts text to at most n bytes, at the end of a rune.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	return text[:n]
}
