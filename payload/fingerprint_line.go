package payload

import "strings"

// keeps is where in the line its text begins, or -1 when the line is a frame
// or behind the sentence: none of it is part of the cause.
func (r *reader) keeps(line string) int {
	from := indent(line)
	if from == len(line) {
		if r.skip == skipBlock {
			r.skip = skipNothing
		}
		return -1
	}
	said, indented := line[from:], from > 0
	if said[0] == '+' && begins(said, "+-") {
		return -1
	}
	if indented && (said[0] == '|' || said[0] == '+') || begins(said, "+ Exception Group") {
		// Exceptions in a group of Python's stand behind a margin.
		margin := len(said) - len(strings.TrimLeft(said, "|+ "))
		said, from, indented = said[margin:], from+margin, margin > 2
		if said == "" {
			return -1
		}
	}
	switch r.skip {
	case skipFrames, skipSnippet:
		if indented && !strings.Contains(said, traceback) || r.skip == skipSnippet && (said[0] == '}' || said[0] == ']') {
			return -1
		}
		r.skip = skipNothing
	case skipBlock:
		if !begins(said, "Traceback (", "Caused by", "The above exc", "During handling", "Exception Group") {
			return -1
		}
		r.skip = skipNothing
	case skipNothing, skipRest:
	}
	framed := r.framed
	if r.skip = r.behind(said, indented); r.skip != skipNothing {
		return -1
	}
	if r.stop == len(r.s) && r.lineCount > 0 && tornLine(said, framed) {
		return -1
	}
	ruby := rubyFrame(said)
	if r.framed = r.frame(said, indented) || ruby == len(said); r.framed {
		r.stacked = true
		return -1
	}
	return from + ruby
}

// tornLine tells whether a last line is what is left of one that says nothing:
// of a label that stands behind a sentence, or of a frame behind another.
func tornLine(said string, framed bool) bool {
	said = strings.TrimRight(said, " .…")
	if said == "" {
		return false
	}
	if i := strings.LastIndexAny(said, "(["); i > 0 && len(said)-i < 20 {
		said = strings.TrimRight(said[:i], " .…") // how much was cut off
	}
	for _, label := range [...]string{"DETAIL:", "HINT:", "CONTEXT:", "QUERY:", "STATEMENT:", "Detail:", "Hint:", "Where:", "[SQL:", "[parameters:", "(Background on this error"} {
		if strings.HasPrefix(label, said) {
			return true
		}
	}
	return framed && (begins(said, "at ") || strings.IndexByte(said, ' ') < 0)
}

func indent(line string) int {
	i := 0
	for i < len(line) && class[line[i]] == isBlank {
		i++
	}
	return i
}

func begins(s string, with ...string) bool {
	for _, w := range with {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

// behind says what is left out from here on when the line opens something
// that stands behind a sentence.
func (r *reader) behind(said string, indented bool) skip {
	switch said[0] {
	case 'D', 'H', 'C', 'Q', 'S', 'W', 'L', 'P':
		label, _, found := strings.Cut(said[:min(len(said), 16)], ":")
		if !found {
			return skipNothing
		}
		if words, _, numbered := strings.Cut(label, " "); numbered && words == "LINE" {
			return skipBlock
		}
		switch strings.ToUpper(label) {
		case "DETAIL", "HINT", "CONTEXT", "QUERY", "STATEMENT", "WHERE", "LOCATION", "SQL", "PARAMETERS":
			return skipBlock
		}
	case '[':
		if begins(said, "[SQL:", "[parameters:", "[SQL ") {
			return skipBlock
		}
	case '(':
		if begins(said, "(Background on this error") {
			return skipBlock
		}
	case 'g':
		if begins(said, "goroutine ") && strings.HasSuffix(strings.TrimSpace(said), "]:") {
			return skipRest
		}
	case 's':
		if begins(said, "stack backtrace:") {
			return skipRest
		}
	case 'F':
		if begins(said, `File "`) && indented {
			return skipFrames
		}
	case 'i':
		if indented && begins(said, `in "`, "in <") && strings.Contains(said, ", line ") {
			return skipSnippet // a YAML parser shows where
		}
	}
	return skipNothing
}

// frame tells whether a line is one of a stack trace, or drawn below source.
func (r *reader) frame(said string, indented bool) bool {
	switch said[0] {
	case 'a':
		if indented && begins(said, "at ") && strings.ContainsAny(said, "(:/") {
			if strings.HasSuffix(said, "{") {
				r.skip = skipSnippet // Node prints the error's properties
			}
			return true
		}
	case '.':
		return begins(said, "... ") && strings.Contains(said, "more") || begins(said, "... ") && strings.Contains(said, "common frames")
	case '#':
		return len(said) > 1 && class[said[1]] == isDigit && strings.Contains(said, " ") && r.lineCount > 0
	case 'T':
		return begins(said, "The above exception was", "Traceback (most recent call first)")
	case 'D':
		return begins(said, "During handling of the above")
	case 'S':
		return begins(said, "Stack trace:")
	case 't':
		return begins(said, "thrown in /")
	case 'n':
		return begins(said, "note: run with `RUST_BACKTRACE")
	case 'f':
		return begins(said, "from /", "from app/", "from lib/") && strings.Contains(said, ":in ")
	case '-':
		return begins(said, "--- End of")
	case '/':
		if indented && sourceLine(said) {
			return true
		}
	case '^', '~':
		return strings.Trim(said, "^~-| ") == ""
	}
	next := r.nextLine()
	if indented && next != "" && strings.Trim(next, "^~- \t") == "" && strings.Contains(next, "^") {
		return true // source with a mark below it
	}
	// Go prints a function, then its file behind a tab.
	return strings.HasPrefix(next, "\t") && !strings.Contains(strings.TrimRight(said, "\r"), ": ") &&
		strings.ContainsAny(said, "./") && sourceLine(next[1:])
}

// nextLine is the line behind the one that is read.
func (r *reader) nextLine() string {
	if from := r.lineBehind(); from < len(r.s) {
		return r.s[from:lineEnd(r.s, from)]
	}
	return ""
}

// sourceLine tells whether a line is a path and a number in it.
func sourceLine(said string) bool {
	i := strings.LastIndexByte(said, ':')
	return i > 0 && i+1 < len(said) && class[said[i+1]] == isDigit && (said[0] == '/' || said[0] == '.' || strings.Contains(said, ".go:"))
}

// rubyFrame is the length of a Ruby frame in front of an error, or of the
// whole line when it is nothing else.
func rubyFrame(said string) int {
	word, _, _ := strings.Cut(said[:min(len(said), 256)], " ")
	i := strings.Index(word, ".rb:")
	if i < 0 {
		return 0
	}
	i += len(".rb:")
	for i < len(said) && class[said[i]] == isDigit {
		i++
	}
	if !strings.HasPrefix(said[i:], ":in ") {
		return 0
	}
	if end := strings.Index(said[i:], "': "); end >= 0 {
		return i + end + len("': ")
	}
	return len(said)
}
