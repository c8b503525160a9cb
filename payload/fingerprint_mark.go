package payload

import "strings"

// readMark reads punctuation, and what it opens.
func (r *reader) readMark(c byte) {
	s := r.s[:r.stop]
	next := byte(' ')
	if r.at+1 < len(s) {
		next = s[r.at+1]
	}
	switch c {
	case '\\':
		r.backslash(next)
		return
	case '/', '~':
		if c == '/' && (alnum(next) || strings.IndexByte("._/~%{-*", next) >= 0) || c == '~' && (next == '/' || class[next] == isLetter) {
			r.readPath()
			return
		}
	case '.':
		if r.dots(s, next) {
			return
		}
	case ':':
		r.gap |= gapColon
		if next == ':' {
			r.text -= markCost
			if e := addressEnd(s, r.at); e > 0 {
				r.at = e
				r.mask(labelHost)
				return
			}
		}
	case '=':
		r.gap |= gapEqual
		if next == '>' {
			r.gap = r.gap&^gapEqual | gapArrow
		}
	case '-':
		if class[next] == isBlank {
			r.gap |= gapDash
		}
		if next == '>' {
			r.gap |= gapArrow
		}
	case ',', ';', '|':
		r.endClause()
		r.gap |= gapComma
		r.code = codeNever
	case '(':
		if r.parenthesis() {
			return
		}
	case '[':
		if r.bracket() {
			return
		}
	case '{':
		if r.brace() {
			return
		}
	case '<':
		if r.angle(s) {
			return
		}
	case '%':
		r.at++ // of a number, most often: a unit like others
		r.put("%")
		return
	default:
		r.gap |= gapOther
	}
	r.put(r.s[r.at : r.at+1])
	r.at++
}

// backslash passes an escape.
func (r *reader) backslash(next byte) {
	if share := r.s[r.at:r.stop]; next == '\\' && len(share) > 2 && class[share[2]] == isLetter && strings.IndexByte(share[2:min(len(share), 66)], '\\') > 1 {
		r.readPath() // \\server\share
		return
	}
	switch next {
	case 'n', 'r', 't':
		r.at += 2
		r.blank()
	case '"', '\'':
		r.at++
		if r.closing > 0 && r.closers[r.closing-1] == r.at-1 {
			r.closing--
			r.mark(1)
			return
		}
		r.readQuote(1, next)
	default:
		r.at++
		r.gap |= gapOther
	}
}

// dots reads what begins with a full stop.
func (r *reader) dots(s string, next byte) bool {
	switch {
	case next == '/' || next == '.' && r.at+2 < len(s) && s[r.at+2] == '/':
		r.readPath()
		return true
	case next == '.':
		for r.at < len(s) && s[r.at] == '.' {
			r.at++
		}
		r.gap |= gapDots
		r.cut = true
		return true
	case class[next] == isBlank:
		r.endClause()
		r.gap |= gapStop
	}
	return false
}

// parenthesis reads one that is left out, or the arguments of an exception.
func (r *reader) parenthesis() bool {
	if begins(r.s[r.at:r.stop], "(SQL:", "(Background on this error") {
		r.jump(r.balanced(r.at))
		return true
	}
	if r.cutNote() || r.print() {
		return true
	}
	if r.bare = r.arguments(); r.bare || r.gap&^(gapColon|gapSpace) == 0 && len(r.key) > 0 && r.exception() {
		r.args = r.balanced(r.at)
	}
	r.text -= markCost // what it may open was looked for
	r.gap |= gapOpen
	return false
}

// arguments tells whether the parenthesis holds an exception's arguments that
// are printed without its name: (1205, 'Lock wait timeout exceeded').
func (r *reader) arguments() bool {
	if len(r.key) > r.line.key && r.gap&gapColon == 0 {
		return false
	}
	in := strings.TrimPrefix(r.s[r.at+1:r.stop], "-")
	n := digits(in)
	in = in[n:]
	return n > 0 && len(in) > 2 && in[:2] == ", " && class[in[2]] == isQuote
}

// bracket reads one that is left out: a statement and its parameters.
func (r *reader) bracket() bool {
	rest := r.s[r.at:r.stop]
	if begins(rest, "[SQL:", "[parameters:", "[SQL ") || string(r.lastWord()) == "sql" && r.gap&^gapSpace == 0 {
		r.jump(r.balanced(r.at))
		return true
	}
	if r.cutNote() {
		return true
	}
	if r.at >= 3 && r.s[r.at-3:r.at] == "map" {
		r.jump(r.balanced(r.at)) // as Go prints one
		return true
	}
	r.gap |= gapSquare
	if r.at > 0 && (alnum(r.s[r.at-1]) || r.s[r.at-1] == ']') {
		r.gap |= gapGlued
	}
	return false
}

// angle reads an object's print.
func (r *reader) angle(s string) bool {
	rest := s[r.at:min(len(s), r.at+160)]
	if end := strings.IndexByte(rest, '>'); end > 0 {
		in := rest[1:end]
		if strings.Contains(in, "0x") || strings.Contains(in, " object") || strings.Contains(in, "<") {
			r.at += end + 1
			r.mask(labelObject)
			return true
		}
	}
	if len(rest) > 9 {
		lower := strings.ToLower(rest[1:9])
		if begins(lower, "html", "!doctype", "?xml", "body", "h1>") {
			r.jump(r.stop) // a page: what stands in it is data
			r.mask(labelText)
			return true
		}
	}
	return false
}

// sqlBehind leaves out what stands behind a sentence on the same line: what a
// database says in detail, and its statement.
func (r *reader) sqlBehind(w, next string) bool {
	if len(r.key) == 0 || len(w) < 3 || w[0] < 'A' || w[0] > 'Z' || next == "" {
		return false
	}
	switch w {
	case "DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "PARAMETERS", "SQL":
		if next[0] != ':' {
			return false
		}
	case "SELECT", "INSERT", "UPDATE", "DELETE":
		if next[0] != ' ' || r.gap&(gapColon|gapSquare|gapOpen|gapEqual|gapStop) == 0 {
			return false
		}
	default:
		return false
	}
	r.at = r.stop
	r.skip = skipBlock
	return true
}
