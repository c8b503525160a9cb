package payload

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// readQuote reads what stands at a quote of n bytes: a quoted text, or a mark
// like others.
func (r *reader) readQuote(n int, c byte) {
	if r.closing > 0 && r.closers[r.closing-1] == r.at {
		r.closing--
		r.mark(n)
		return
	}
	if c != 0 && r.at > 0 && alnum(r.s[r.at-1]) {
		r.mark(n) // an apostrophe, or one that ends what never began
		return
	}
	r.quote(n, c)
}

// mark passes n bytes of punctuation.
func (r *reader) mark(n int) {
	r.put(r.s[r.at : r.at+n])
	r.at += n
	r.gap |= gapOther
}

// quote reads a quoted text by what stands around it: a nested error like any
// other text, a name of the program as a word, a value out of the data as a
// detail.
func (r *reader) quote(n int, c byte) {
	from := r.at + n
	end, width := r.quoteEnd(from, c)
	if end < 0 {
		if r.s[from:r.stop] != "" && r.stop == len(r.s) && !r.says(r.s[from:r.stop], "") {
			r.jump(r.stop) // cut off within a value
			r.mask(labelText)
			return
		}
		r.mark(n)
		return
	}
	in, behind := r.s[from:end], r.s[end+width:r.stop]
	switch {
	case r.at < r.errors && !keyed(behind), r.says(in, behind):
		r.put(r.s[r.at:from])
		r.at = from
		if r.closing < len(r.closers) {
			r.closers[r.closing] = end
			r.closing++
		}
	case nameLike(in) && (r.at < r.errors || r.named(in, behind)):
		r.put(r.s[r.at:from])
		r.at, r.gap = end, 0
		if label := r.detail(in, ""); label != "" {
			r.mask(label)
		} else {
			r.word(in)
		}
		r.at = from + len(in)
		r.mark(width)
		r.gap, r.listed = 0, true
	default:
		r.at = end + width
		r.put(r.s[from-n : from])
		r.mask(r.valueLabel(in))
		r.put(r.s[end:r.at])
	}
}

// valueLabel stands for a value in a title.
func (r *reader) valueLabel(in string) string {
	switch {
	case !r.titled:
	case strings.Contains(in, "://"):
		return labelURL
	case strings.HasPrefix(in, "/"):
		return labelPath
	case digitsOnly(in):
		return labelNumber
	case hasID(in):
		return labelID
	case hostLike(in):
		return labelHost
	}
	return labelText
}

// keyed tells whether the quoted text before it was a key.
func keyed(behind string) bool { return strings.HasPrefix(strings.TrimLeft(behind, " "), ":") }

// closersOf are the marks that end a text quoted like that; "" for those that
// begin none.
func closersOf(c rune) string {
	switch c {
	case '“':
		return "”“"
	case '„':
		return "“”"
	case '‚':
		return "‘’"
	case '‘', '’':
		return "’"
	case '«':
		return "»"
	case '»':
		return "«"
	case '‹':
		return "›"
	case '›':
		return "‹"
	case '「':
		return "」"
	case '『':
		return "』"
	case '《':
		return "》"
	case '〈':
		return "〉"
	case '【':
		return "】"
	case '〝':
		return "〟〞"
	case '′':
		return "′"
	case '″':
		return "″"
	case '”':
		return "”"
	case '＂':
		return "＂"
	}
	return ""
}

// maxQuote is how far from its beginning a quoted text may end.
const maxQuote = 1 << 10

// quoteEnd is closeIn; looking for it costs.
func (r *reader) quoteEnd(from int, c byte) (end, width int) {
	if end, width = r.closeIn(from, c); end < 0 {
		r.text -= (r.stop - from) / 2
	} else {
		r.text -= (end - from) / 4
	}
	return end, width
}

// closeIn is where the text quoted from there on ends in its line, and how
// wide the mark is; -1: nowhere.
func (r *reader) closeIn(from int, c byte) (int, int) {
	s := r.s[:min(r.stop, from+maxQuote)]
	if c == 0 {
		open, _ := utf8.DecodeLastRuneInString(s[:from])
		end, width := -1, 0
		for _, closer := range closersOf(open) {
			n := utf8.RuneLen(closer)
			if i := strings.Index(s[from:], string(closer)); i >= 0 && (end < 0 || from+i < end) {
				end, width = from+i, n
			}
		}
		return end, width
	}
	if from > 1 && s[from-2] == '\\' {
		// Quoted within a quoted text: so is its end.
		if i := strings.Index(s[from:], s[from-2:from]); i >= 0 {
			return from + i, 2
		}
		return -1, 0
	}
	if c != '"' && from+1 < len(s) && s[from] == c && alnum(s[from+1]) {
		// Doubled: ``text'', ''text''.
		if i := strings.Index(s[from+1:], "''"); i >= 0 {
			return from + 1 + i, 2
		}
	}
	if from < len(s) && strings.IndexByte("[({", s[from]) >= 0 {
		// A list or a record, with quotes of its own.
		if end := balancedEnd(s, from); end < len(s) && s[end] == c {
			return end, 1
		}
	}
	for i := from; i < len(s); i++ {
		n := strings.IndexByte(s[i:], c)
		if c == '`' {
			n = indexEither(s[i:], '`', '\'')
		}
		if n < 0 {
			break
		}
		i += n
		switch {
		case s[i-1] == '\\' && c != '`' && (i < from+2 || s[i-2] != '\\'): // escaped
		case s[i] == '\'' && i+1 < len(s) && alnum(s[i+1]): // an apostrophe
		default:
			return i, 1
		}
	}
	return -1, 0
}

func indexEither(s string, a, b byte) int {
	for i := range len(s) {
		if s[i] == a || s[i] == b {
			return i
		}
	}
	return -1
}

// says tells whether a quoted text is a nested error.
func (r *reader) says(in, behind string) bool {
	if r.gap&gapComma == 0 && r.gap&(gapEqual|gapColon) != 0 && causal(r.lastWord()) && !keyed(behind) {
		return true
	}
	sentence := strings.IndexByte(in, ' ') > 0
	return sentence && r.gap&(gapOpen|gapComma) != 0 && (r.at < r.args || r.gap&gapOpen != 0 && r.exception())
}

// lastWord is the last word of the key; "" behind a mask.
func (r *reader) lastWord() []byte {
	if r.masked {
		return nil
	}
	return r.key[r.last:]
}

// causal: the keys of pairs that say why.
func causal(key []byte) bool {
	switch string(key) {
	case "msg", "message", "err", "error", "reason", "status", "code", "cause", "errno", "rc", "ret", "retval", "sqlcode", "exit", "signal", "exception", "exc", "desc", "description",
		"sqlstate", "str", "string", "errmsg", "fault", "status_code", "statuscode", "http_status", "exit_code", "exitcode", "error_code", "errorcode", "error_message", "errormessage",
		"err_msg", "failure", "response_code", "return_code", "exit_status", "error_description", "title":
		return true
	}
	return false
}

// nameLike tells whether a quoted text may be a name of the program at all.
func nameLike(in string) bool {
	if empty(in) || len(in) > 64 {
		return false
	}
	letters := 0
	for i := range len(in) {
		c := in[i]
		if class[c] == isLetter {
			letters++
		} else if class[c] != isDigit && strings.IndexByte(".-[]()?!=<>*+:#", c) < 0 {
			return false
		}
	}
	return letters > 0
}

// named tells whether the words around a quoted text say that it is a name.
func (r *reader) named(in, behind string) bool {
	if r.listed && r.gap&^(gapSpace|gapComma) == 0 || r.gap&gapGlued != 0 || programType(in) || followedByNoun(behind) {
		return true
	}
	if r.gap&gapStop != 0 && r.gap&gapColon == 0 {
		return false
	}
	if bytes.HasSuffix(r.key, []byte(" undefined reading")) || bytes.HasSuffix(r.key, []byte(" null reading")) {
		return true // how JavaScript names a property
	}
	end := len(r.key)
	for range 4 {
		from := 0
		for i := end - 1; i >= 0; i-- {
			if r.key[i] == ' ' {
				from = i + 1
				break
			}
		}
		switch what := nounOf(r.key[from:end]); what {
		case nounSure:
			return true
		case nounType:
			return !dataType(r.key[:from])
		case nounNo:
			return false
		case nounFiller:
		}
		if from == 0 {
			return false
		}
		end = from - 1
	}
	return false
}

// What a word says of the quoted text behind it.
const (
	nounNo     = iota
	nounSure   // it is a name
	nounType   // so, unless it is a type of data
	nounFiller // nothing: see the word before it
)

func nounOf(word []byte) int {
	switch string(word) {
	case "key", "field", "column", "table", "constraint", "method", "property", "relation", "attribute", "module", "function", "class", "index", "variable",
		"parameter", "argument", "option", "keyerror", "attributeerror", "nameerror", "importerror", "modulenotfounderror", "undefinederror", "fielderror", "view", "sequence", "trigger", "schema",
		"import", "setting", "flag", "annotation", "nosuchmethoderror", "nosuchfielderror", "missingfield", "keyword", "param", "header", "identifier", "symbol", "member", "element", "invoke":
		return nounSure
	case "type":
		return nounType
	case "not", "found", "named", "called", "name", "required", "missing", "unknown", "is", "was", "undefined", "unexpected", "unrecognized", "invalid", "positional", "local", "*":
		return nounFiller
	}
	return nounNo
}

// dataType tells whether the words before "type" make it one of data.
func dataType(key []byte) bool {
	for _, kind := range [...]string{"content ", "media ", "mime ", "file ", "system ", "host ", "product ", "archive "} {
		if strings.HasSuffix(string(key[max(0, len(key)-len(kind)):]), kind) {
			return true
		}
	}
	return false
}

// programType: names of types are the program's wherever they stand.
func programType(in string) bool {
	switch in {
	case "int", "str", "float", "list", "dict", "NoneType", "bytes", "bool", "tuple", "string", "integer", "number", "array", "boolean", "object", "utf-8", "ascii", "latin-1", "utf8":
		return true
	}
	return strings.HasSuffix(in, "()") || strings.Contains(in, "::")
}

// followedByNoun: "'fqdn' is a required property".
func followedByNoun(behind string) bool {
	if behind == "" || behind[0] != ' ' {
		return false
	}
	behind = behind[1:]
	if begins(behind, "is a required", "is required", "was unexpected", "object has no", "object is not", "is not defined", "is undefined", "codec", "missing required", "must be set", "is null") {
		return true
	}
	n := 0
	for n < len(behind) && class[behind[n]] == isLetter {
		n++
	}
	switch behind[:n] {
	case "field", "column", "attribute", "parameter", "property", "constraint", "method", "argument", "table":
		return true
	}
	return false
}
