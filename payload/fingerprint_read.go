package payload

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of a message is read. Ids and frames take most of the space and
// little of the key; more than this is behind any sentence.
const (
	maxHead   = 8 << 10  // bytes of a longer message that are read at its beginning
	maxTail   = 4 << 10  // and at its end: the exception stands behind its frames
	maxEnd    = 512      // of one line
	maxLinks  = 48 << 10 // between the ends, in which a chain's exceptions are looked for
	mostLinks = 8
	maxToken  = 256 // bytes of a word: a longer one is data
	maxKey    = 768 // bytes of the key
)

// What reading costs, about as it takes time, and may cost of either end.
const (
	headCost  = 3600
	tailCost  = 1600
	linkCost  = 600
	tokenCost = 20 // and one for each byte
	markCost  = 12
	lineCost  = 24
	partCost  = 64
	frameCost = 8
)

// reader reads the cause out of a failure's message: into key for the
// fingerprint, and into title for people. The key has the words, in lower
// case and the singular, and a mask for each run of details; punctuation is
// no part of it, since it differs with how a detail is spelled.
//
// What is a cause and what is a detail is described in
// testdata/cases/README.md.
type reader struct {
	s    string // the part that is read
	at   int    // the next byte
	stop int    // the end of its line
	text int    // what reading on may yet cost

	key    []byte
	title  []byte
	titled bool // a title is wanted

	last, before int  // where the last two tokens of the key begin
	masked       bool // the last is a mask
	maskGap      gap  // what stood before it
	gap          gap  // what stands between the last token and at
	code         int  // how surely a number here is a code
	camel        bool // the last word is spelled like a class
	listed       bool // the last quoted text was a name
	many         bool // the last mask stands for a list
	item         int  // where in the key a word stands in a list of details
	cut          bool // what says that the text was cut off stands behind the last word
	framed       bool // the line before was a frame
	stacked      bool // frames were met
	traced       bool // a Python traceback was met
	dropped      bool // the last pair was left out

	clause, line span // where the clause and the line that are read begin
	final        span // where the last whole clause begins
	lines        [16]struct{ from, to int }
	lineCount    int

	skip      skip
	logfmt    bool   // a logger's key=value line
	errors    int    // the end of a printed set of errors
	args      int    // the end of an exception's arguments
	bare      bool   // these stand without its name
	parts     [8]int // where what each key of a record says begins
	partCount int
	closers   [8]int
	closing   int // how many quotes around nested texts are open
	small     [24]byte
}

// span is a place in the key and the one in the title that goes with it.
type span struct{ key, title int }

// gap is the punctuation between two tokens.
type gap uint16

const (
	gapSpace gap = 1 << iota
	gapColon
	gapEqual
	gapComma
	gapOpen   // a parenthesis
	gapSquare // a bracket
	gapGlued  // a bracket right behind a word
	gapDash
	gapDots
	gapArrow
	gapStop
	gapOther
)

// skip says which lines are left out.
type skip uint8

const (
	skipNothing skip = iota
	skipFrames       // of a Python traceback: up to the exception, which is not indented
	skipSnippet      // indented lines and closing brackets
	skipBlock        // up to a blank line, or the next exception
	skipRest
)

// read reads a message of any size. Of a long one both ends are read, and what
// links a chain of exceptions between them, so that the cost has a bound.
func (r *reader) read(message string) {
	if len(message) > maxHead+maxTail {
		begins := wholeLines(clip(message, maxHead))
		head, tail := splitLines(uncoloured(begins)), splitLines(uncoloured(trimEnd(message[len(message)-maxTail:])))
		r.part(head, prefixOf(head), headCost)
		r.links(message, max(0, len(begins)-1), len(message)-maxTail)
		from := torn(tail, 0)
		if r.traced && from < len(tail) && class[tail[from]] == isBlank {
			r.skip = skipFrames
		}
		r.part(tail, from, tailCost)
	} else {
		s := splitLines(uncoloured(trimEnd(message)))
		if r.part(s, prefixOf(s), headCost); r.at < len(s) {
			r.part(s, torn(s, max(r.at, len(s)-maxTail)), tailCost)
		}
	}
	r.dropCut()
}

// links reads the lines between from and to that tell of another exception in
// a chain: how many frames stand between them is a detail.
func (r *reader) links(message string, from, to int) {
	switch {
	case r.traced: // Python: in front of a blank line, not indented
		to = min(to, from+maxLinks/2)
		blank := "\n\n"
		if strings.Contains(message[:maxEnd], "\r\n") {
			blank = "\n\r\n"
		}
		for range mostLinks {
			i := strings.Index(message[from:to], blank)
			if i < 0 {
				return
			}
			line := strings.LastIndexByte(message[from:from+i], '\n') + 1
			if line > 0 && class[message[from+line]] != isBlank {
				r.skip = skipNothing
				r.part(clip(message[from+line:from+i], maxEnd), 0, linkCost)
				r.skip = skipFrames
			}
			from += i + len(blank)
		}
	case r.stacked:
		to = min(to+len(causedBy)-1, from+maxLinks)
		for range mostLinks {
			i := strings.Index(message[from:to], causedBy)
			if i < 0 {
				return
			}
			from += i + 1
			line := clip(message[from:], maxEnd)
			r.part(line[:lineEnd(line, 0)], 0, linkCost)
		}
	}
}

const causedBy = "\nCaused by: "

// wholeLines cuts off a last line that is not whole, unless it is a long one.
func wholeLines(s string) string {
	end := max(0, len(s)-2*maxEnd)
	if i := strings.LastIndexByte(s[end:], '\n'); i >= 0 {
		return s[:end+i+1]
	}
	return s
}

func trimEnd(s string) string { return strings.TrimRight(s, " \t\r\n") }

// torn is where, from a place in the middle of a text, its next line begins,
// or in a text of one line the next of a list, or the next word.
func torn(s string, from int) int {
	if end := lineEnd(s, from); end < len(s) {
		return end + 1
	}
	from = max(from, len(s)-maxEnd)
	if i := strings.Index(s[from:], ", "); i >= 0 {
		return from + i + 2
	}
	return from + strings.IndexByte(s[from:], ' ') + 1
}

// part reads a part of the message, as long as it does not cost too much.
func (r *reader) part(s string, from, cost int) {
	r.s, r.at, r.text = s, from, cost
	r.errors, r.args, r.closing = 0, 0, 0
	for r.at < len(r.s) && len(r.key) < maxKey && r.text > 0 {
		if r.skip == skipRest {
			r.at = len(r.s)
			return
		}
		r.setStop()
		r.readLine()
		r.endLine()
	}
}

// setStop finds the end of the line.
func (r *reader) setStop() { r.stop = lineEnd(r.s, r.at) }

func lineEnd(s string, from int) int {
	end := len(s)
	if i := strings.IndexByte(s[from:], '\n'); i >= 0 {
		end = from + i
	}
	if i := strings.IndexByte(s[from:end], '\r'); i >= 0 {
		end = from + i
	}
	return end
}

// readLine reads the line at at, if it says something, and leaves at at the
// next.
func (r *reader) readLine() {
	line := r.s[r.at:r.stop]
	keep := r.keeps(line)
	if keep < 0 {
		r.text -= frameCost
		r.at = r.lineBehind()
		return
	}
	r.text -= lineCost
	r.at += keep
	if i := strings.Index(r.s[r.at:r.stop], traceback); i >= 0 {
		r.stop = r.at + i
		if i >= len("Exception Group ") {
			r.stop = r.at + len(strings.TrimSuffix(r.s[r.at:r.stop], "Exception Group "))
		}
		r.skip, r.traced = skipFrames, true
	}
	for r.at < r.stop && len(r.key) < maxKey && r.text > 0 {
		from := r.at
		r.token()
		r.text -= r.at - from
		switch class[r.s[from]] {
		case isLetter, isDigit, isHigh, isQuote:
			r.text -= tokenCost
		case isOther:
			r.text -= markCost
		}
	}
	if r.skip == skipFrames {
		r.setStop() // behind the title
		r.at = r.stop
	}
	if r.at >= r.stop {
		r.at = r.lineBehind()
	}
}

// lineBehind is where the next line begins.
func (r *reader) lineBehind() int {
	if strings.HasPrefix(r.s[r.stop:], "\r\n") {
		return r.stop + 2
	}
	return r.stop + 1
}

// token reads the next word, number, quoted text or mark.
func (r *reader) token() {
	c := r.s[r.at]
	switch class[c] {
	case isLetter:
		r.readWord()
	case isDigit:
		r.readNumber(r.at)
	case isBlank:
		r.at++
		r.blank()
	case isQuote:
		r.readQuote(1, c)
	case isHigh:
		r.readHigh()
	default:
		r.readMark(c)
	}
}

// uncoloured is the text without a terminal's colours, as they are or escaped.
func uncoloured(s string) string {
	if strings.IndexByte(s, '\x1b') < 0 && !strings.Contains(s[:min(len(s), maxTail)], "[0m") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if n := colour(s[i:]); n > 0 {
			i += n - 1
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func colour(s string) int {
	n := 0
	if strings.IndexByte("\x1b\\#^", s[0]) < 0 {
		return 0
	}
	for _, escape := range [...]string{"\x1b[", `\x1b[`, `\u001b[`, `\u001B[`, `\033[`, "#033[", "^[["} {
		if strings.HasPrefix(s, escape) {
			n = len(escape)
			break
		}
	}
	if n == 0 {
		return 0
	}
	for n < len(s) && (s[n] == ';' || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n < len(s) && (s[n]|0x20) >= 'a' && (s[n]|0x20) <= 'z' {
		return n + 1
	}
	return 0
}

// splitLines gives a trace on one line, with its line ends escaped, its lines.
func splitLines(s string) string {
	s = strings.Replace(s, "\u2028", "\n", 64)
	if strings.IndexByte(s, '\\') < 0 || strings.IndexByte(strings.TrimSpace(s), '\n') >= 0 ||
		!strings.Contains(s, `\n  File `) && !strings.Contains(s, `\n\tat `) && !strings.Contains(s, `\n    at `) {
		return s
	}
	return strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\t`, "\t", `\"`, `"`).Replace(s)
}

// Classes of bytes.
const (
	isOther = iota
	isLetter
	isDigit
	isBlank
	isQuote
	isHigh // not ASCII
)

var class = func() (c [256]uint8) {
	for i := range c {
		switch {
		case i >= utf8.RuneSelf:
			c[i] = isHigh
		case i >= 'a' && i <= 'z', i >= 'A' && i <= 'Z', i == '_', i == '$':
			c[i] = isLetter
		case i >= '0' && i <= '9':
			c[i] = isDigit
		case i <= ' ', i == 0x7f:
			c[i] = isBlank
		case i == '\'', i == '"', i == '`':
			c[i] = isQuote
		}
	}
	return c
}()

func alnum(c byte) bool { return class[c] == isLetter || class[c] == isDigit || class[c] == isHigh }

// readHigh reads what begins with a character beyond ASCII.
func (r *reader) readHigh() {
	c, n := utf8.DecodeRuneInString(r.s[r.at:r.stop])
	switch {
	case closersOf(c) != "" && (c != '’' || r.at == 0 || !alnum(r.s[r.at-1])):
		r.readQuote(n, 0)
	case c == '\u2212': // the minus of typographers
		r.at += n
	case unicode.IsDigit(c):
		r.readNumber(r.at)
	case unicode.IsLetter(c) || unicode.IsMark(c):
		r.readWord()
	case unicode.IsNumber(c): // a half
		r.at += n
		r.mask(labelNumber)
		r.unit()
	case c == '…':
		r.at += n
		r.gap |= gapDots
		r.cut = true
	case c == '，' || c == '、' || c == '；':
		r.at += n
		r.put(", ")
		r.gap |= gapComma
		r.endClause()
	case c == '：':
		r.at += n
		r.put(": ")
		r.gap |= gapColon
	case unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff' || c == utf8.RuneError:
		r.at += n
		r.blank()
	default:
		r.put(r.s[r.at : r.at+n])
		r.at += n
		r.gap |= gapOther
	}
}
