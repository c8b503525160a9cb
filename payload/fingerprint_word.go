package payload

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What stands for details in a title.
const (
	labelNumber  = "<n>"
	labelID      = "<id>"
	labelHost    = "<host>"
	labelPath    = "<path>"
	labelURL     = "<url>"
	labelTime    = "<time>"
	labelAddress = "<address>"
	labelText    = "<…>"
	labelObject  = "<object>"
)

// readWord reads what begins with a letter: a word, a name, an id, a host, a
// path, the key of a pair.
func (r *reader) readWord() {
	from := r.at
	if e := addressEnd(r.s[:r.stop], from); e > 0 {
		r.at = e
		r.mask(labelHost)
		return
	}
	end := r.wordEnd(from)
	w := r.s[from:end]
	next := r.s[end:r.stop]
	if next != "" {
		switch next[0] {
		case ':':
			if r.schemed(from, end) {
				return
			}
		case '\'', '"':
			if bytePrefix(w) {
				r.at = end
				r.quote(1, next[0])
				return
			}
		case '=', ' ':
			if v := pairValue(next); v > 0 && pairKey(w) {
				r.pair(w, end+v)
				return
			}
		}
	}
	r.at = end
	if r.sqlBehind(w, next) {
		return
	}
	if label := r.detail(w, next); label != "" {
		if next = r.s[r.at:r.stop]; len(next) > 1 && next[0] == ':' {
			if port := digits(next[1:]); label == labelHost && port > 0 {
				r.at += 1 + port
			} else if label == labelPath && class[next[1]] == isLetter {
				r.at = r.wordEnd(r.at + 1) // an image's tag
			}
		}
		if label == labelTime && strings.HasPrefix(next, ",") {
			r.at++ // within a date: "Mon, 2 Jan"
		}
		r.mask(label)
		r.unit()
		return
	}
	r.word(w)
}

// wordEnd is where the word that begins at i ends.
func (r *reader) wordEnd(i int) int {
	s := r.s[:min(r.stop, i+maxToken)]
	from := i
	for i < len(s) {
		c := s[i]
		switch class[c] {
		case isLetter, isDigit:
			i++
			continue
		case isHigh:
			if n := letterAt(s, i); n > 0 {
				i += n
				continue
			}
		case isQuote:
			if c == '\'' && contraction(s, i) {
				i++
				continue
			}
		default:
			if i+1 < len(s) && strings.IndexByte(".-/@+~", c) >= 0 && (alnum(s[i+1]) || base64Pair(s, i) || punycode(s[from:], i-from)) {
				i++
				continue
			}
			if c == ':' && i+2 < len(s) && s[i+1] == ':' && class[s[i+2]] == isLetter {
				i += 2
				continue
			}
		}
		break
	}
	for i > from+1 && strings.IndexByte(".-/@+~:", s[i-1]) >= 0 {
		i--
	}
	return i
}

// base64Pair tells whether the marks at i, two or three, stand within Base64.
func base64Pair(s string, i int) bool {
	n := i
	for n < len(s) && n < i+3 && (s[n] == '+' || s[n] == '/') {
		n++
	}
	return n > i+1 && n < len(s) && (class[s[n]] == isLetter || class[s[n]] == isDigit)
}

// punycode tells whether the dash at i is the first of "xn--bcher-kva.example".
func punycode(s string, i int) bool {
	return i >= 2 && strings.HasPrefix(s[i-2:], "xn--") && (i == 2 || s[i-3] == '.')
}

// letterAt is the length of the letter beyond ASCII at i; 0: it is none.
func letterAt(s string, i int) int {
	c, n := utf8.DecodeRuneInString(s[i:])
	if unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsDigit(c) {
		return n
	}
	return 0
}

// contraction tells whether the apostrophe at i is one: can't, there's.
func contraction(s string, i int) bool {
	n := i + 1
	for n < len(s) && class[s[n]] == isLetter {
		n++
	}
	return i > 0 && class[s[i-1]] == isLetter && n > i+1 && n <= i+3 && (n == len(s) || class[s[n]] == isBlank)
}

func bytePrefix(w string) bool {
	switch w {
	case "b", "u", "r", "f", "B", "U", "br", "rb":
		return true
	}
	return false
}

// schemed reads a word with a colon behind it that is part of something
// longer: a URL, a path of Windows.
func (r *reader) schemed(from, end int) bool {
	r.text -= markCost
	s := r.s[:r.stop]
	if strings.HasPrefix(s[end:], "://") || schemeOfTwo(s[end+1:]) || (s[from:end] == "arn" || s[from:end] == "urn") && end+1 < len(s) && alnum(s[end+1]) {
		r.at = webEnd(s, end)
		r.mask(labelURL)
		return true
	}
	if digest(s[from:end]) && hasID(s[end+1:min(len(s), end+17)]) {
		r.at = r.numberEnd(end + 1)
		r.mask(labelID)
		return true
	}
	if end == from+1 && end+1 < len(s) && s[end+1] == '\\' {
		r.at = webEnd(s, end)
		r.mask(labelPath)
		return true
	}
	return false
}

// digest tells whether a word names what the number behind its colon was made
// by: "sha256:".
func digest(w string) bool {
	switch w {
	case "md5", "sha1", "sha256", "sha384", "sha512", "MD5", "SHA1", "SHA256", "SHA512":
		return true
	}
	return false
}

// schemeOfTwo: what stands behind the colon of "jdbc:postgresql://".
func schemeOfTwo(s string) bool {
	n := 0
	for n < len(s) && n < 16 && s[n] >= 'a' && s[n] <= 'z' {
		n++
	}
	return n > 0 && strings.HasPrefix(s[n:], "://")
}

// addressEnd is where the IPv6 address at from ends; 0: there is none.
func addressEnd(s string, from int) int {
	i, colons, digit := from, 0, false
	for s = s[:min(len(s), from+46)]; i < len(s); {
		c := s[i]
		switch {
		case c == ':':
			colons++
		case c >= '0' && c <= '9':
			digit = true
		case (c|0x20) >= 'a' && (c|0x20) <= 'f':
		default:
			if alnum(c) {
				return 0
			}
			if colons > 1 && digit {
				return zoneEnd(s, i)
			}
			return 0
		}
		i++
	}
	if colons > 1 && digit {
		return i
	}
	return 0
}

// zoneEnd is where the zone of an IPv6 address ends that may stand at i:
// "fe80::1%eth0".
func zoneEnd(s string, i int) int {
	if s[i] == '%' {
		for i++; i < len(s) && (class[s[i]] == isLetter || class[s[i]] == isDigit); {
			i++
		}
	}
	return i
}

// webEnd is where a URL or a path ends that runs on from i.
func webEnd(s string, i int) int {
	from := i
	for i < len(s) {
		c := s[i]
		if class[c] == isBlank || class[c] == isQuote || c == '<' || c == '>' || c == '|' || c == '\\' && i+1 < len(s) && class[s[i+1]] == isQuote {
			break
		}
		if class[c] == isHigh {
			n := letterAt(s, i)
			if n == 0 {
				break
			}
			i += n
			continue
		}
		if c == '[' && i > from && s[i-1] == '/' || c == '[' && i > from && s[i-1] == '@' {
			// An IPv6 host.
			if j := strings.IndexByte(s[i:], ']'); j > 0 {
				i += j
			}
		} else if (c == '(' || c == '[' || c == '{') && i > from+3 || (c == ')' || c == ']' || c == '}') && (i+1 == len(s) || !alnum(s[i+1]) && s[i+1] != '/' && s[i+1] != ':') {
			break
		}
		i++
	}
	for i > from+1 && strings.IndexByte(".,:;!?)]}*", s[i-1]) >= 0 {
		i--
	}
	return i
}

// readPath reads a path that begins at at.
func (r *reader) readPath() {
	r.at = webEnd(r.s[:r.stop], r.at)
	r.mask(labelPath)
}

// word adds a word to the key: in lower case and the singular, its numbers
// masked.
func (r *reader) word(w string) {
	if r.dropMore(w) || r.tornKey(len(w)) {
		return
	}
	code := r.codeBehind(w)
	keep := numberedName(w) || r.codeLike(w, r.s[r.at:r.stop]) || numberedException(w)
	listed := r.gap&gapComma != 0 && r.gap&^(gapComma|gapSpace) == 0
	item := r.many && listed
	r.begin()
	if item {
		r.item = r.last
	}
	for i := 0; i < len(w); i++ {
		c := w[i]
		switch {
		case c >= 'A' && c <= 'Z':
			r.camel = r.camel || i == 0 || w[i-1] == '.' || w[i-1] == ':'
			c |= 0x20
		case class[c] == isDigit && !keep:
			for i+1 < len(w) && (class[w[i+1]] == isDigit || i+2 < len(w) && strings.IndexByte("._-", w[i+1]) >= 0 && class[w[i+2]] == isDigit) {
				i++
			}
			c = '*'
		}
		r.key = append(r.key, c)
	}
	if r.titled {
		r.putWord(w, keep)
	}
	r.stem()
	r.gap, r.code, r.listed = 0, code, false
	if name := r.key[r.last:]; listed && bytes.IndexByte(name, '*') >= 0 && bytes.HasSuffix(r.key[:r.last], append(name[:len(name):len(name)], ' ')) {
		r.cutTo(span{r.last - 1, len(r.title)}) // another of a list: "events-1, events-2"
	}
}

// tornKey tells whether the word of n bytes is what is left of a pair at the
// end of a logger's line.
func (r *reader) tornKey(n int) bool {
	if !r.logfmt || r.closing > 0 || !r.dropped && (r.at < n+2 || class[r.s[r.at-n-2]] != isQuote) {
		return false
	}
	rest := strings.TrimLeft(r.s[r.at:], " =.…")
	return rest == "" || rest[0] == '[' || rest[0] == '('
}

func (r *reader) putWord(w string, keep bool) {
	from := 0
	for i := 0; i < len(w) && !keep; i++ {
		if class[w[i]] != isDigit {
			continue
		}
		r.put(w[from:i])
		r.put(labelNumber)
		i += digits(w[i:])
		from = i
	}
	r.put(w[from:])
}

// stem makes the last word of the key singular.
func (r *reader) stem() {
	w := r.key[r.last:]
	switch string(w) {
	case "are":
		r.key = append(r.key[:r.last], "is"...)
		return
	case "were":
		r.key = append(r.key[:r.last], "was"...)
		return
	case "have":
		r.key = append(r.key[:r.last], "has"...)
		return
	case "do":
		r.key = append(r.key, 'e') // as what is left of does
		return
	case "children":
		r.key = r.key[:len(r.key)-3]
		return
	case "indices", "indexes":
		r.key = append(r.key[:r.last], "index"...)
		return
	case "these":
		r.key = append(r.key[:r.last], "this"...)
		return
	case "they":
		r.key = append(r.key[:r.last], "it"...)
		return
	case "their":
		r.key = append(r.key[:r.last], "its"...)
		return
	}
	n := len(w)
	if n < 4 || w[n-1] != 's' {
		return
	}
	switch w[n-2] {
	case 's', 'u', 'i', '\'', '.':
	case 'e':
		switch {
		case w[n-3] == 'i' && n > 4:
			r.key = append(r.key[:len(r.key)-3], 'y')
		case w[n-3] == 'x' || w[n-3] == 'h' || w[n-3] == 's' && w[n-4] == 's':
			r.key = r.key[:len(r.key)-2]
		default:
			r.key = r.key[:len(r.key)-1]
		}
	default:
		r.key = r.key[:len(r.key)-1]
	}
}

// dropMore drops the end of something cut off: "(613 more)", "and 12 others",
// "[cut]".
func (r *reader) dropMore(w string) bool {
	next := r.s[r.at:r.stop]
	if w == "more" && r.masked && strings.IndexByte(next, ' ') == 0 && strings.Count(next, " ") < 3 && r.opensLine() {
		r.cutTo(r.line) // a list's last line: "and 12 more hosts"
		r.at = r.stop
		return true
	}
	next = strings.TrimLeft(next, " \t")
	ends := next == "" || strings.IndexByte(")],;.:", next[0]) >= 0
	if !ends {
		return false
	}
	switch w {
	case "more", "others", "omitted":
		if !r.masked {
			return false
		}
		if r.maskGap&(gapOpen|gapSquare|gapDots) != 0 && r.last > 0 {
			r.key = r.key[:r.last-1]
			r.cutTo(span{len(r.key), len(r.title)})
		}
		r.gap = 0
		return true
	case "cut", "truncated", "snip", "snipped", "clipped", "abridged":
		return r.gap&(gapOpen|gapSquare|gapDots) != 0
	}
	return false
}

// opensLine tells whether the line says but a number so far, or "and" and one.
func (r *reader) opensLine() bool {
	said := string(r.key[min(r.line.key, len(r.key)):])
	return r.line.key > 0 && (said == " *" || said == " and *")
}
