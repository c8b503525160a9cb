package payload

import "strings"

// pairValue is the length up to the value of a pair, in what stands behind its
// key; 0: it is no pair.
func pairValue(next string) int {
	switch {
	case strings.HasPrefix(next, " = ") && len(next) > 3:
		return 3
	case len(next) > 1 && next[0] == '=' && strings.IndexByte("=>~ ", next[1]) < 0:
		return 1
	}
	return 0
}

// pairKey tells whether a word may be a pair's key: Base64 ends with an equals
// sign too.
func pairKey(w string) bool {
	sh := shapeOf(w)
	return !sh.at && sh.slashes == 0 && strings.IndexByte(w, '+') < 0 && (len(w) < 16 || sh.lone < 2 && (sh.digits == 0 || sh.switches < 4))
}

// lastName is the last part of a dotted key: "http.status_code".
func lastName(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// pair reads key=value: where the key says that it is a cause, or names one,
// the value is read; else the pair is a detail.
func (r *reader) pair(key string, v int) {
	lower := r.lower(lastName(key))
	if len(r.key) == 0 {
		switch string(lower) {
		case "time", "ts", "level", "msg", "timestamp", "lvl", "severity", "t", "logger", "caller", "@timestamp":
			r.logfmt = true
		}
	}
	switch {
	case causal(lower):
		if s := string(lower); s == "msg" || s == "message" {
			r.begin() // it is quoted as a cause, whatever the key is called
			r.key = append(r.key, "msg"...)
			r.code = codeNever
		} else {
			r.word(key)
			r.put("=")
		}
	case !r.logfmt && nounOf(lower) == nounSure, !r.logfmt && string(lower) == "type":
		r.word(key)
		r.put("=")
	default:
		if !r.logfmt {
			r.put(key)
			r.put("=…")
		}
		r.jump(r.valueEnd(v, len(r.s)))
		r.units()
		r.gap |= gapSpace
		r.code, r.dropped = codeNever, true
		return
	}
	r.gap |= gapEqual
	r.at = v
}

// units passes the units of a pair's value: "took=1 min 3 s".
func (r *reader) units() {
	for range 3 {
		n := 0
		if r.at < r.stop && class[r.s[r.at-1]] == isDigit {
			n = unitEnd(r.s[r.at:r.stop])
		}
		if n == 0 {
			return
		}
		r.at += n
		if more := r.s[r.at:r.stop]; len(more) > 1 && more[0] == ' ' && class[more[1]] == isDigit {
			if end := r.numberEnd(r.at + 1); unitEnd(r.s[end:r.stop]) > 0 {
				r.at = end
			}
		}
	}
}

// valueEnd is where the value at v ends, at the latest at end.
func (r *reader) valueEnd(v, end int) int {
	s := r.s[:end]
	for i := v; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\'' && (i == v || !alnum(s[i-1]) || i == v+1):
			i = closeOf(s, i)
		case c == '{' || c == '[' || c == '(':
			if i = r.balanced(i) - 1; i >= len(s) {
				return len(s)
			}
		case class[c] == isBlank, c == ';', c == ')', c == ']', c == '}', c == ',' && (i+1 == len(s) || !alnum(s[i+1]) || r.at < r.stop && keyAhead(s[i+1:])):
			return i
		}
	}
	return len(s)
}

// keyAhead tells whether a key and an equals sign are next: "a=1,b=2".
func keyAhead(s string) bool {
	n := 0
	for n < len(s) && class[s[n]] == isLetter {
		n++
	}
	return n > 0 && n < len(s) && s[n] == '='
}

// blanksEnd is the first place from i that is no blank.
func blanksEnd(s string, i int) int {
	for i < len(s) && class[s[i]] == isBlank {
		i++
	}
	return i
}
