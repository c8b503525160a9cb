package payload

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep lists and objects may nest, as in encoding/json.
const maxDepth = 10_000

// kind is what a JSON value is.
type kind uint8

const (
	absent kind = iota // not there, or null
	text
	number
	other // a list, an object or a boolean
)

// value is a JSON value as it stands in the message; of a text, what stands
// between the quotes.
type value struct {
	kind    kind
	raw     []byte
	escaped bool // the text has backslashes
}

// scanner reads JSON (RFC 8259) from b in one pass. Once broken is set
// nothing else it says counts.
type scanner struct {
	b      []byte
	at     int
	broken bool
	nul    bool // some text holds an escaped NUL
}

// next skips white space and is the next byte, 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.b) {
		switch c := s.b[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) fail() value {
	s.broken = true
	s.at = len(s.b)
	return value{}
}

func (s *scanner) expect(c byte) bool {
	if s.next() != c {
		s.fail()
		return false
	}
	s.at++
	return true
}

// value reads any value at a depth of nesting.
func (s *scanner) value(depth int) value {
	c := s.next()
	start := s.at
	switch {
	case c == '"':
		return s.text()
	case c == '{' || c == '[':
		s.nested(c, depth+1)
	case c == '-' || (c >= '0' && c <= '9'):
		return s.number()
	case c == 'n' && s.literal("null"):
		return value{}
	case (c == 't' && s.literal("true")) || (c == 'f' && s.literal("false")):
	default:
		return s.fail()
	}
	return value{kind: other, raw: s.b[start:s.at]}
}

func (s *scanner) literal(word string) bool {
	if !bytes.HasPrefix(s.b[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}

// nested reads a list or an object and forgets it.
func (s *scanner) nested(open byte, depth int) {
	if depth > maxDepth {
		s.fail()
		return
	}
	s.at++
	end := open + 2 // ']' follows '[' by two in ASCII, as '}' does '{'
	if s.next() == end {
		s.at++
		return
	}
	for !s.broken {
		if open == '{' && !s.key() {
			return
		}
		s.value(depth)
		switch s.next() {
		case ',':
			s.at++
		case end:
			s.at++
			return
		default:
			s.fail()
		}
	}
}

// key reads a key and its colon, and forgets it.
func (s *scanner) key() bool {
	if s.next() != '"' {
		s.fail()
		return false
	}
	s.text()
	return !s.broken && s.expect(':')
}

// text reads a string; at its opening quote.
func (s *scanner) text() value {
	s.at++
	start, escaped := s.at, false
	for s.at < len(s.b) {
		switch c := s.b[s.at]; {
		case c == '"':
			s.at++
			return value{kind: text, raw: s.b[start : s.at-1], escaped: escaped}
		case c == '\\':
			escaped = true
			if !s.escape() {
				return s.fail()
			}
		case c < 0x20:
			return s.fail()
		default:
			s.at++
		}
	}
	return s.fail()
}

// escape skips one escape sequence.
func (s *scanner) escape() bool {
	if s.at+1 >= len(s.b) {
		return false
	}
	switch s.b[s.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at += 2
		return true
	case 'u':
		r, ok := unit(s.b[s.at:])
		if !ok {
			return false
		}
		s.nul = s.nul || r == 0
		s.at += 6
		return true
	}
	return false
}

// number reads a number.
func (s *scanner) number() value {
	start := s.at
	if s.b[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.b) && s.b[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return s.fail()
	}
	if s.at < len(s.b) && s.b[s.at] == '.' {
		s.at++
		if !s.digits() {
			return s.fail()
		}
	}
	if s.at < len(s.b) && (s.b[s.at] == 'e' || s.b[s.at] == 'E') {
		s.at++
		if s.at < len(s.b) && (s.b[s.at] == '+' || s.b[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return s.fail()
		}
	}
	return value{kind: number, raw: s.b[start:s.at]}
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.b) && s.b[s.at] >= '0' && s.b[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}

// unit reads the UTF-16 unit of \uXXXX at the start of b.
func unit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// appendText appends a string's text, with its escapes read. Half a surrogate
// pair becomes U+FFFD.
func appendText(dst, raw []byte) []byte {
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		raw = raw[i:]
		if raw[1] != 'u' {
			dst = append(dst, unescaped(raw[1]))
			raw = raw[2:]
			continue
		}
		r, _ := unit(raw)
		raw = raw[6:]
		if utf16.IsSurrogate(r) {
			low, _ := unit(raw)
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				raw = raw[6:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// appendCompact appends valid JSON without the white space between its parts.
func appendCompact(dst, raw []byte) []byte {
	inText := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case inText && c == '\\':
			dst = append(dst, c)
			i++
			c = raw[i]
		case c == '"':
			inText = !inText
		case !inText && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			continue
		}
		dst = append(dst, c)
	}
	return dst
}
