package payload

import (
	"bytes"
	"slices"
	"strings"
)

// maxRecord is how much of a record is read.
const maxRecord = 2 << 10

// brace reads a record: a printed one is left out, of one that is an answer
// what says why is read, a set of errors by field is read as it is.
func (r *reader) brace() bool {
	if r.at > 0 && alnum(r.s[r.at-1]) {
		return r.print() // KafkaError{…}: a struct
	}
	end := r.balanced(r.at)
	said := r.gap&(gapEqual|gapDash) == 0
	if said && r.errorSet(r.at, end) {
		r.errors = end
		return false
	}
	from, at := len(r.key), r.at
	if said {
		r.reasons(at, min(end, at+maxRecord))
	}
	r.jump(end)
	if len(r.key) == from {
		r.put("{…}")
	}
	return true
}

// print leaves out the print of an object, Host(id=5, org=7), with its keys,
// unless one of them says why.
func (r *reader) print() bool {
	if !r.camel || r.at == 0 || !alnum(r.s[r.at-1]) {
		return false
	}
	s := r.s
	for i := r.at + 1; i < len(s); i++ {
		from := blanksEnd(s, i)
		n := from
		for n < len(s) && (class[s[n]] == isLetter || class[s[n]] == isDigit) {
			n++
		}
		if n == from || n >= len(s) || s[n] != '=' {
			if i == r.at+1 {
				return false
			}
			break
		}
		end := r.valueEnd(n+1, len(s))
		if causal(r.lower(s[from:n])) && !empty(s[n+1:end]) {
			return false
		}
		if i = end; i >= len(s) || s[i] != ',' {
			break
		}
	}
	r.put("(…)")
	r.jump(r.balanced(r.at))
	r.gap |= gapOther
	return true
}

// empty tells whether a value says nothing.
func empty(value string) bool {
	switch value {
	case "", "None", "null", "nil", "''", `""`:
		return true
	}
	return false
}

// cutNote leaves out what says how much was cut off: "(613 more)", "[cut]".
func (r *reader) cutNote() bool {
	rest := r.s[r.at:min(r.stop, r.at+48)]
	end := strings.IndexAny(rest, ")]")
	if end < 2 {
		return false
	}
	r.text -= markCost
	cut := false
	for word := range strings.FieldsSeq(rest[1:end]) {
		switch word = strings.ToLower(strings.Trim(word, "+.,…")); word {
		case "more", "cut", "truncated", "omitted", "snip", "snipped", "elided", "clipped", "abridged", "shortened":
			cut = true
		case "", "chars", "characters", "char", "byte", "bytes", "lines", "items", "off", "left", "out", "here", "of", "total":
		default:
			if class[word[0]] != isDigit {
				return false
			}
		}
	}
	if cut {
		r.at += end + 1
		r.gap |= gapOther
		r.cut = true
	}
	return cut
}

// errorSet tells whether a record holds sentences by field: {'fqdn': ['…']}.
func (r *reader) errorSet(i, end int) bool {
	s := r.s[:end]
	for range 3 {
		i = blanksEnd(s, i+1)
		if i >= len(s) {
			return false
		}
		if c := s[i]; class[c] == isQuote {
			k := closeOf(s, i)
			i = k + 1
		} else {
			for i < len(s) && alnum(s[i]) {
				i++
			}
		}
		if i = blanksEnd(s, i); i >= len(s) || s[i] != ':' {
			return false
		}
		if i = blanksEnd(s, i+1); i >= len(s) {
			return false
		}
		if s[i] != '{' {
			break
		}
	}
	if s[i] != '[' {
		return false
	}
	if i = blanksEnd(s, i+1); i >= len(s) {
		return false
	}
	if class[s[i]] == isQuote {
		return strings.IndexByte(s[i:closeOf(s, i)], ' ') > 0
	}
	n := i
	for n < len(s) && class[s[n]] == isLetter {
		n++
	}
	return n > i && n < len(s) && s[n] == '('
}

// reasons reads what the causal keys of a record say, whatever order they
// stand in.
func (r *reader) reasons(i, end int) {
	s := r.s[:end]
	answer := len(r.key) == 0 || r.gap&gapArrow != 0 // not a record that happens to have a status
	deep := 0                                        // within a causal value
	r.partCount = 0
	for i < len(s) && len(r.key) < maxKey {
		from := i // of a key, or of a text in a list
		var to int
		quoted := s[i] == '"' || s[i] == '\''
		switch {
		case quoted:
			from, to = i+1, min(closeOf(s, i), len(s))
			i = min(to+1, len(s))
		case class[s[i]] == isLetter: // as Rust and JavaScript print keys
			for i < len(s) && (class[s[i]] == isLetter || class[s[i]] == isDigit) {
				i++
			}
			to = i
		case s[i] == '}' || s[i] == ']':
			deep = max(0, deep-1)
			i++
			continue
		default:
			i++
			continue
		}
		colon := blanksEnd(s, i)
		switch value := blanksEnd(s, min(colon+1, len(s))); {
		case colon >= len(s) || s[colon] != ':':
			if quoted && deep > 0 {
				r.beginPart()
				r.within(from, to)
				i = to + 1
			}
		case r.causalKey(s[from:to], answer || deep > 0):
			i = r.reason(s[from:to], value, end)
			if i < len(s) && (s[i] == '{' || s[i] == '[') {
				deep++
			}
		case quoted:
			i = r.valueEnd(value, end)
		default:
			i = value // it may print another within
		}
	}
	r.sortParts()
}

// beginPart notes that a part of what a record says begins: parts do not run
// into each other.
func (r *reader) beginPart() {
	r.masked = false
	if r.partCount < len(r.parts) {
		r.parts[r.partCount] = len(r.key)
		r.partCount++
	}
}

// sortParts puts what was read of a record into an order of its own: that of
// its keys is a detail. What another part ends with is left out.
func (r *reader) sortParts() {
	if r.partCount < 2 {
		return
	}
	r.text -= partCost * r.partCount
	first := r.parts[0]
	said := append([]byte(nil), r.key[first:]...)
	var parts [len(r.parts)][]byte
	for i := range r.partCount {
		end := len(said)
		if i+1 < r.partCount {
			end = r.parts[i+1] - first
		}
		parts[i] = bytes.TrimPrefix(said[r.parts[i]-first:end], []byte(" "))
	}
	sorted := parts[:r.partCount]
	slices.SortFunc(sorted, bytes.Compare)
	r.key = r.key[:first]
	for i, part := range sorted {
		if len(part) == 0 || slices.ContainsFunc(sorted[i+1:], func(o []byte) bool { return bytes.HasSuffix(o, part) }) ||
			slices.ContainsFunc(sorted[:i], func(o []byte) bool { return len(o) > len(part) && bytes.HasSuffix(o, part) }) {
			continue
		}
		if len(r.key) > 0 {
			r.key = append(r.key, ' ')
		}
		r.key = append(r.key, part...)
	}
	r.cutTo(span{len(r.key), len(r.title)})
}

// causalKey tells whether the key of a record says why.
func (r *reader) causalKey(key string, answer bool) bool {
	lower := r.lower(key)
	switch string(lower) {
	case "msg", "message", "err", "error", "errors", "reason", "reasons", "exception", "error_message", "errormessage":
		return true
	case "detail", "details", "messages":
		return answer
	}
	return answer && causal(lower)
}

// reason reads a causal value; of a list or a record it reads nothing yet.
func (r *reader) reason(key string, v, end int) int {
	if v >= end || r.s[v] == '{' || r.s[v] == '[' {
		return v
	}
	to := r.valueEnd(v, end)
	r.beginPart()
	if code := r.codeBehind(key); code == codeSure {
		r.put(" ")
		r.word(key)
		r.gap = gapColon
	}
	r.put(" ")
	if r.s[v] == '"' || r.s[v] == '\'' {
		r.within(v+1, to-1)
	} else {
		r.within(v, to)
	}
	return to
}

// within reads a part of the text.
func (r *reader) within(from, to int) {
	stop := r.stop
	r.at, r.stop = from, to
	for r.at < r.stop && len(r.key) < maxKey && r.text > 0 {
		r.token()
		r.text -= tokenCost
	}
	r.stop = stop
	r.gap |= gapStop
	r.endClause()
}

// closeOf is where the text quoted at i ends, or the end of all.
func closeOf(s string, i int) int {
	c := s[i]
	for j := i + 1; j < len(s); j++ {
		switch {
		case s[j] == '\\':
			j++
		case s[j] == c && (c != '\'' || j+1 >= len(s) || !alnum(s[j+1])):
			return j
		}
	}
	return len(s)
}

// maxBalance is how far from its beginning a bracket may be closed.
const maxBalance = 4 << 10

// balanced is where the bracket at i is closed, or the end of all.
func (r *reader) balanced(i int) int {
	within := r.s[:min(len(r.s), i+maxBalance)]
	end := balancedEnd(within, i)
	r.text -= (end - i) / 2
	if end == len(within) {
		return len(r.s)
	}
	return end
}

func balancedEnd(s string, i int) int {
	depth := 0
	for j := i; j < len(s); j++ {
		switch c := s[j]; c {
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth--; depth == 0 {
				return j + 1
			}
		case '"', '\'':
			if c == '"' || j > 0 && !alnum(s[j-1]) {
				j = closeOf(s, j)
			}
		}
	}
	return len(s)
}

// jump goes on at a later place, which may be in another line.
func (r *reader) jump(to int) {
	r.at = min(to, len(r.s))
	if r.at > r.stop {
		r.setStop()
	}
	if r.at == len(r.s) {
		r.skip = skipBlock // what comes of a longer message is still behind the sentence
	}
}
