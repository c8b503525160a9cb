package payload

import (
	"bytes"
	"strings"
)

func (r *reader) blank() {
	r.gap |= gapSpace
	if r.titled && len(r.title) > 0 && r.title[len(r.title)-1] != ' ' {
		r.title = append(r.title, ' ')
	}
}

// put writes what is no token to the title alone.
func (r *reader) put(text string) {
	if r.titled {
		r.title = append(r.title, text...)
	}
}

// begin makes room for a token.
func (r *reader) begin() {
	r.before = r.last
	if len(r.key) > 0 {
		r.key = append(r.key, ' ')
	}
	r.last = len(r.key)
	r.masked, r.many, r.camel, r.cut, r.dropped = false, false, false, false, false
}

// mask stands for a detail; details side by side, in a list too, are one.
func (r *reader) mask(label string) {
	if r.masked || r.joins() {
		switch {
		case !r.titled:
		case r.gap&^(gapSpace|gapComma) == 0:
			r.title = append(r.title[:r.maskEnd()], '>')
		default:
			r.put(label)
		}
		r.many = r.many || r.gap&gapComma != 0
		r.masked, r.gap, r.code = true, 0, 0
		return
	}
	r.maskGap = r.gap
	r.begin()
	r.key = append(r.key, '*')
	r.put(label)
	r.masked, r.gap, r.code = true, 0, 0
}

// joins tells whether the last token is but a conjunction behind a mask, and
// drops it.
func (r *reader) joins() bool {
	switch string(r.key[r.last:]) {
	case "and", "or":
		if r.last-r.before == 2 && r.key[r.before] == '*' {
			r.key, r.last = r.key[:r.before+1], r.before
			return true
		}
	}
	return false
}

// maskEnd is where the title's last placeholder ends, but for its bracket.
func (r *reader) maskEnd() int {
	if i := bytes.LastIndexByte(r.title, '>'); i >= 0 {
		return i
	}
	return len(r.title)
}

// endLine drops a line that is like an earlier one.
func (r *reader) endLine() {
	r.endClause()
	if line := r.key[min(r.line.key, len(r.key)):]; len(line) > 0 {
		for _, l := range r.lines[:min(r.lineCount, len(r.lines))] {
			if bytes.Equal(r.key[l.from:l.to], line) {
				r.cutTo(r.line)
				break
			}
		}
	}
	if len(r.key) > r.line.key {
		r.lines[r.lineCount%len(r.lines)] = struct{ from, to int }{r.line.key, len(r.key)}
		r.lineCount++
	}
	if r.titled && len(r.title) > r.line.title {
		r.title = bytes.TrimRight(r.title, " ")
		if n := len(r.title); n > 0 && !strings.ContainsRune(":,;-", rune(r.title[n-1])) {
			r.title = append(r.title, ';')
		}
		r.title = append(r.title, ' ')
	}
	r.line = span{len(r.key), len(r.title)}
	r.clause = r.line
	r.gap, r.code, r.listed = r.gap|gapSpace|gapStop, 0, false
}

// endClause drops a clause that says what the one before it says of another
// thing: lists count once.
func (r *reader) endClause() {
	if c := r.key[min(r.clause.key, len(r.key)):]; len(c) > 3 && r.clause.key > 0 && bytes.HasSuffix(r.key[:r.clause.key], c) {
		r.cutTo(r.clause)
	}
	if len(r.key) > r.clause.key {
		r.final = r.clause
	}
	r.clause = span{len(r.key), len(r.title)}
}

func (r *reader) cutTo(to span) {
	r.key = r.key[:to.key]
	if r.titled {
		r.title = r.title[:to.title]
	}
	r.last = bytes.LastIndexByte(r.key, ' ') + 1
	r.before = 0
	if r.last > 1 {
		r.before = bytes.LastIndexByte(r.key[:r.last-1], ' ') + 1
	}
	r.masked = string(r.key[r.last:]) == "*"
}

// dropCut drops a last line that was cut off but begins like an earlier one,
// and the last of a list that was.
func (r *reader) dropCut() {
	if n := r.lineCount - 1; n > 0 && n < len(r.lines) {
		last := r.key[r.lines[n].from:r.lines[n].to]
		for _, l := range r.lines[:n] {
			if line := r.key[l.from:l.to]; bytes.HasPrefix(line, last) || tornDetail(last, line) {
				r.cutTo(span{r.lines[n].from, len(r.title)})
				break
			}
		}
	}
	if r.item > 0 && r.item == r.last && (r.cut || bytes.IndexByte(r.key[r.last:], '*') >= 0) {
		r.cutTo(span{r.last - 1, len(r.title)})
	}
	if from := min(r.final.key, len(r.key)); from > 0 {
		// So does a clause of two words or more.
		if c := r.key[from:]; bytes.Count(c, []byte(" ")) > 1 && bytes.Contains(r.key[:from], c) {
			r.cutTo(r.final)
		}
	}
	r.title = bytes.TrimRight(r.title, " ;,-{[(")
}

// tornDetail tells whether a line is like the beginning of another but for its
// last word, which is what is left of an id.
func tornDetail(last, line []byte) bool {
	i := bytes.LastIndexByte(last, ' ') + 1
	torn, rest := last[i:], line[min(i, len(line)):]
	if i < 2 || !bytes.HasPrefix(line, last[:i]) || len(rest) == 0 || rest[0] != '*' {
		return false
	}
	return len(bytes.Trim(torn, "abcdef")) == 0 || bytes.IndexByte(torn, '*') >= 0
}
