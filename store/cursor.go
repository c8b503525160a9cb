package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/payload-tracker/payload-tracker/payload"
)

// cursorVersion changes when what a cursor holds does: an older one is then
// refused instead of misread.
const cursorVersion = 1

// cursor is a place in a list: the sort key of one row, and the moment the
// walk began, at which windows and verdicts stay while it goes on. A list
// uses the fields its order needs and leaves the others zero.
type cursor struct {
	now, date time.Time
	id, hash  int64
	texts     [3]string
}

// encode makes the opaque text. It carries a digest over the list it belongs
// to (name, filter, order) and itself, so that a foreign or garbled one is
// told from a good one; it is no secret and protects nothing.
func (c cursor) encode(list string) string {
	body := []byte{cursorVersion}
	for _, n := range []int64{micros(c.now), micros(c.date), c.id, c.hash} {
		body = binary.AppendVarint(body, n)
	}
	for _, text := range c.texts {
		body = binary.AppendUvarint(body, uint64(len(text)))
		body = append(body, text...)
	}
	return base64.RawURLEncoding.EncodeToString(append(body, digest(list, body)...))
}

// decodeCursor reads a cursor of the given list.
func decodeCursor(list, text string) (*cursor, error) {
	c, ok := parseCursor(list, text)
	if !ok {
		return nil, payload.Errorf(payload.CodeBadUserInput,
			"the cursor does not belong to this list: use one from a page with the same filter and order")
	}
	return c, nil
}

func parseCursor(list, text string) (*cursor, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= digestSize || raw[0] != cursorVersion {
		return nil, false
	}
	body := raw[:len(raw)-digestSize]
	if string(raw[len(body):]) != string(digest(list, body)) {
		return nil, false
	}
	var c cursor
	var now, date int64
	rest := body[1:]
	for _, n := range []*int64{&now, &date, &c.id, &c.hash} {
		value, size := binary.Varint(rest)
		if size <= 0 {
			return nil, false
		}
		*n, rest = value, rest[size:]
	}
	for i := range c.texts {
		length, size := binary.Uvarint(rest)
		if size <= 0 || length > uint64(len(rest)-size) {
			return nil, false
		}
		c.texts[i], rest = string(rest[size:size+int(length)]), rest[size+int(length):]
		if !sayable(c.texts[i]) {
			return nil, false
		}
	}
	if now != 0 {
		c.now = time.UnixMicro(now).UTC()
	}
	c.date = time.UnixMicro(date).UTC()
	return &c, len(rest) == 0 && inCalendar(c.now) && inCalendar(c.date)
}

const digestSize = 8

func digest(list string, body []byte) []byte {
	h := sha256.New()
	h.Write([]byte(list))
	h.Write([]byte{0})
	h.Write(body)
	return h.Sum(nil)[:digestSize]
}

// micros of a time since 1970; the zero time, which is none, gives 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// inCalendar tells whether SQL can write t.
func inCalendar(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// sayable tells whether PostgreSQL can hold text.
func sayable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}
