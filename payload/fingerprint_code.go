package payload

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How surely a number is a code.
const (
	codeNever = iota
	codeRight // right behind "error"
	codeHTTP  // an HTTP status behind "returned"
	codeSure  // whatever stands behind "status"
)

// codeBehind is what a number behind this word is.
func (r *reader) codeBehind(w string) int {
	lower := r.lower(w)
	switch string(lower) {
	case "http", "status", "code", "errno", "sqlstate", "rc", "exit", "exited", "signal", "hresult", "winerror",
		"statuscode", "errorcode", "exitcode", "returncode", "responsecode", "httpstatus", "exitstatus", "errcode", "retcode", "sqlcode", "ret", "retval":
		return codeSure
	case "returned", "answered", "responded", "got", "received", "occurred", "gave", "replied", "sent", "said", "failed", "response", "answer", "reply":
		return max(r.code, codeHTTP)
	case "error":
		if r.code == codeSure {
			return codeSure
		}
		return codeRight
	case "state":
		if string(r.lastWord()) == "sql" {
			return codeSure
		}
	case "was", "is", "with", "of", "value", "number", "a", "an", "the", "by", "non-zero", "nonzero", "unexpected":
		return r.code
	}
	if strings.HasPrefix(w, "HTTP/") {
		return codeSure
	}
	if n := len(lower); n > 5 && (string(lower[n-5:]) == "_code" || string(lower[n-5:]) == "-code") || n > 7 && (string(lower[n-7:]) == "_status" || string(lower[n-7:]) == "-status") {
		return codeSure
	}
	return codeNever
}

// lower is a short word in lower case; nil when it is longer than any known.
func (r *reader) lower(w string) []byte {
	if len(w) > 20 {
		return nil
	}
	b := r.small[:0]
	for i := range len(w) {
		c := w[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return b
}

// codeLike tells whether a word with digits is a code: ORA-01017, E11000, and
// behind "code" or "SQLSTATE" HY000.
func (r *reader) codeLike(w, next string) bool {
	if r.code == codeSure && r.gap&^(gapSpace|gapColon|gapEqual|gapOpen|gapSquare|gapOther) == 0 && len(w) <= 24 && w[0] >= 'A' && w[0] <= 'Z' && strings.ToUpper(w) == w {
		return true
	}
	if len(w) > 12 || len(w) < 4 || w[0] < 'A' || w[0] > 'Z' {
		return false
	}
	letters := 0
	for letters < len(w) && w[letters] >= 'A' && w[letters] <= 'Z' {
		letters++
	}
	rest := strings.TrimPrefix(w[letters:], "-")
	n := digits(rest)
	if letters > 5 || n < 3 || n > 6 || len(rest)-n > 1 || len(rest) > n && (rest[n] < 'A' || rest[n] > 'Z') {
		return false
	}
	return r.code == codeSure || len(r.key) == 0 || r.gap&(gapOpen|gapSquare) != 0 || len(next) > 0 && next[0] == ':' && (len(next) == 1 || next[1] == ' ')
}

// isCode tells whether the number w, which ends at end, is a code.
func (r *reader) isCode(w string, end int) bool {
	if r.code >= codeRight && len(w) == 10 && begins(w, "0x8", "0xC", "0xc") {
		return true // as Windows numbers errors
	}
	if len(w) > 7 || r.gap&(gapComma|gapStop) != 0 && !r.firstArg() {
		return false
	}
	plain := digitsOnly(w)
	if !plain && (r.code != codeSure || strings.ContainsAny(w, ".,:/-'@")) {
		return false
	}
	next := r.s[end:r.stop]
	if strings.HasPrefix(next, " of ") || strings.HasPrefix(next, "%") || strings.HasPrefix(next, " %") || unitEnd(next) > 0 {
		return false
	}
	switch {
	case r.code == codeSure:
		return true
	case r.firstArg():
		return next != "" && (next[0] == ',' || next[0] == ')')
	case r.code == codeHTTP, r.gap&gapArrow != 0, begins(next, " response", " status", " answer"):
		return len(w) == 3 && (w[0] == '4' || w[0] == '5') && (!counts(next) || begins(next, " response", " status", " answer"))
	case r.code == codeRight:
		return r.gap&^(gapSpace|gapOpen|gapSquare|gapEqual|gapColon|gapOther) == 0 && !counts(next)
	}
	return false
}

// firstArg tells whether the next token is what an exception is given first:
// its number.
func (r *reader) firstArg() bool {
	return r.at < r.args && r.gap&gapOpen != 0 && (r.bare || r.exception())
}

// exception tells whether the last word names an exception.
func (r *reader) exception() bool {
	return exceptionEnd(string(r.key[max(r.last, len(r.key)-12):])) && r.camel
}

// exceptionEnd tells whether a name in lower case ends like an exception's.
func exceptionEnd(name string) bool {
	for _, end := range [...]string{"error", "exception", "failure", "failed", "timeout", "refused", "disconnected", "closed", "reset", "warning", "fault", "expired"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// counts tells whether a number with this behind it counts something.
func counts(next string) bool {
	if len(next) < 2 || next[0] != ' ' || next[1] < 'a' || next[1] > 'z' {
		return false
	}
	word, _, _ := strings.Cut(next[1:], " ")
	switch word {
	case "from", "for", "after", "on", "in", "when", "with", "to", "by", "at", "and", "instead", "while", "calling":
		return false
	}
	return true
}

// readNumber reads what begins with a digit: all of it is a detail, with its
// unit, unless it is a code.
func (r *reader) readNumber(from int) {
	end := r.numberEnd(from)
	w := r.s[from:end]
	if r.isCode(w, end) {
		r.at = end
		r.begin()
		for i := range len(w) {
			c := w[i]
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			r.key = append(r.key, c)
		}
		r.put(w)
		r.gap, r.code = 0, codeNever
		return
	}
	label := numberLabel(w)
	if r.at = end; label == labelTime && end < r.stop && r.s[end] == '[' {
		// A zone's name, as Java prints it: "[Europe/Prague]".
		if i := strings.IndexAny(r.s[end:r.stop], "] "); i > 0 && r.s[end+i] == ']' {
			r.at += i + 1
		}
	}
	r.mask(label)
	r.unit()
}

// numberEnd is where the number at i ends, with all that is glued to it: a
// time, a UUID, a version, an address and its port.
func (r *reader) numberEnd(i int) int {
	s := r.s[:min(r.stop, i+maxToken)]
	for i < len(s) {
		c := s[i]
		switch class[c] {
		case isDigit, isLetter:
			i++
			continue
		case isHigh:
			d, n := utf8.DecodeRuneInString(s[i:])
			if !unicode.IsDigit(d) && (!thousands(d) || i+n >= len(s) || class[s[i+n]] != isDigit) {
				return i
			}
			i += n
			continue
		}
		if i+1 >= len(s) {
			return i
		}
		next := class[s[i+1]]
		switch c {
		case '.', ':', '-', '/', '@', '+', '_':
			if next != isDigit && next != isLetter && (c != ':' || s[i+1] != ':') && !base64Pair(s, i) {
				if c == '-' && strings.HasPrefix(s[i:], "->") {
					i = r.peerEnd(i)
				}
				return i
			}
		case ',', '\'':
			if next != isDigit {
				return i
			}
		default:
			return i
		}
		i++
	}
	return i
}

// peerEnd reads the other side of "192.0.2.1:80->192.0.2.2:8080".
func (r *reader) peerEnd(i int) int {
	j := i + len("->")
	if j < r.stop && (class[r.s[j]] == isDigit || r.s[j] == '[') {
		return j
	}
	return i
}

// thousands are the marks between groups of digits.
func thousands(c rune) bool {
	switch c {
	case '\u00a0', '\u202f', '\u2009', '’', '\u066c', '\u066b', '·', '˙':
		return true
	}
	return false
}

func numberLabel(w string) string {
	dots, colons, dashes, letters := 0, 0, 0, 0
	for i := range len(w) {
		switch c := w[i]; {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c == '-':
			dashes++
		case class[c] == isLetter:
			letters++
		}
	}
	switch {
	case strings.IndexByte(w, '@') >= 0:
		return labelAddress
	case dashes == 4 && len(w) == 36, letters > 0 && len(w) >= 12 && colons == 0 && dots == 0:
		return labelID
	case dots == 3 && letters == 0 && strings.IndexByte(w, ',') < 0 && len(w) >= 7 && len(w) <= 21, colons > 1 && letters > 2:
		return labelHost
	case dashes == 2 && len(w) >= 10, colons == 2 && letters == 0:
		return labelTime
	}
	return labelNumber
}

// unit passes the units behind a number.
func (r *reader) unit() {
	for range 3 {
		n := unitEnd(r.s[r.at:r.stop])
		if n == 0 {
			return
		}
		r.put(r.s[r.at : r.at+n])
		r.at += n
	}
}

// unitEnd is the length of the unit that a text begins with, with the blank
// before it; 0: none.
func unitEnd(s string) int {
	if s == "" || class[s[0]] == isOther && s[0] != '-' {
		return 0
	}
	from := 0
	switch class[s[0]] {
	case isBlank, isOther:
		from = 1
	case isHigh:
		if c, n := utf8.DecodeRuneInString(s); unicode.IsSpace(c) {
			from = n
		}
	}
	n := from
	for n < len(s) && n < from+16 {
		if class[s[n]] == isLetter {
			n++
			continue
		}
		k := 0
		if class[s[n]] == isHigh {
			k = letterAt(s, n)
		}
		if k == 0 {
			break
		}
		n += k
	}
	word := s[from:n]
	for _, per := range [...]string{"/s", "/sec", "/min", "/h"} {
		if strings.HasPrefix(s[n:], per) && (n+len(per) == len(s) || !alnum(s[n+len(per)])) {
			n += len(per)
			break
		}
	}
	if n == from || n < len(s) && alnum(s[n]) || n+1 < len(s) && strings.IndexByte("-/.'", s[n]) >= 0 && alnum(s[n+1]) {
		return 0
	}
	switch word {
	case "B", "b", "k", "K", "M", "G", "T", "kB", "KB", "MB", "GB", "TB", "kb", "mb", "gb", "KiB", "MiB", "GiB", "TiB", "Ki", "Mi", "Gi", "byte", "bytes", "octets", "kilobytes", "megabytes", "gigabytes",
		"ns", "us", "µs", "μs", "ms", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "w", "week", "weeks", "month", "months", "year", "years",
		"millis", "msec", "millisecond", "milliseconds", "microseconds", "nanoseconds", "percent", "Hz", "MHz", "GHz",
		"UTC", "GMT", "CET", "CEST", "EST", "EDT", "PST", "PDT", "AM", "PM", "am", "pm",
		"Sek", "Sekunden", "Sekunde", "Minuten", "Minute", "Stunden", "Stunde", "Tage", "Tag", "Tagen", "Byte", "Bytes",
		"seconde", "secondes", "heure", "heures", "jour", "jours", "octet", "segundo", "segundos", "minuto", "minutos", "hora", "horas", "día", "días", "dia", "dias",
		"secondo", "secondi", "minuti", "ora", "ore", "giorno", "giorni", "sekunda", "sekundy", "sekund", "minuta", "minuty", "minut", "hodin", "godzin",
		"с", "сек", "секунда", "секунды", "секунд", "мс", "мин", "минута", "минуты", "минут", "ч", "час", "часа", "часов", "байт", "байта", "КБ", "МБ", "ГБ", "秒", "分", "分間", "時間", "ミリ秒", "バイト", "毫秒", "分钟", "小时", "字节", "초", "분", "시간", "바이트":
		return n
	}
	return 0
}
