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

// levels are a logger's, in the spellings that stand in front of a message.
var levels = map[string]bool{
	"ERROR": true, "ERR": true, "WARN": true, "WARNING": true, "INFO": true, "DEBUG": true, "FATAL": true,
	"CRITICAL": true, "CRIT": true, "SEVERE": true, "PANIC": true, "NOTICE": true, "TRACE": true, "ALERT": true,
	"EMERG": true, "LOG": true, "ERRO": true, "FATA": true, "E": true, "W": true, "F": true,
	"Error": true, "Warning": true, "Fatal": true, "Critical": true,
	"error": true, "err": true, "warn": true, "warning": true, "fatal": true, "critical": true, "crit": true, "panic": true,
}

// prefixes reads what a logger puts in front of a message.
type prefixes struct {
	s              string // the first line
	at             int
	timed, leveled bool
	identified     bool // a request id was passed
	named          bool // the logger was: a second name is the message's
	told           bool // what tells who speaks was: a name with a colon is the message's
	grouped        bool // a bracket was passed
}

// prefixOf is where in a text its first line begins to say something: behind
// time, level, logger, thread, pid, pod, file and request id.
func prefixOf(s string) int {
	from := indent(s)
	for strings.HasPrefix(s[from:], "\ufeff") {
		from += len("\ufeff")
		from += indent(s[from:])
	}
	p := prefixes{s: s[from:min(lineEnd(s, from), from+400)]}
	for range 24 {
		if !p.next() {
			break
		}
		p.blanks()
	}
	if p.at == len(p.s) {
		return from // a message of nothing else
	}
	return from + p.at
}

func (p *prefixes) blanks() { p.at += indent(p.s[p.at:]) }

func (p *prefixes) begun() bool { return p.timed || p.leveled || p.identified }

// next passes one part of the prefix.
func (p *prefixes) next() bool {
	rest := p.s[p.at:]
	if rest == "" {
		return false
	}
	if n := p.klog(rest); n > 0 {
		p.timed, p.leveled, p.named, p.told, p.at = true, true, false, true, p.at+n
		return true
	}
	if n := timeLength(rest); n > 0 {
		p.timed, p.named, p.told, p.at = true, false, false, p.at+n
		return true
	}
	switch c := rest[0]; {
	case c == '[' || c == '(':
		return p.group(rest)
	case c == '<' && len(rest) > 4 && class[rest[1]] == isDigit:
		if i := strings.IndexByte(rest[:5], '>'); i > 0 {
			p.at += i + 1
			return true
		}
	case c == '%' && len(rest) > 2 && class[rest[1]] == isDigit && rest[2] == '|':
		// As librdkafka logs: "%3|1700000000.123|FAIL|rdkafka#consumer-1| [thrd:…]: ".
		if i := strings.Index(rest, "]: "); i > 0 {
			p.at += i + len("]: ")
			return true
		}
	case p.timed && p.leveled && c == '*' && digits(rest[1:]) > 0 && strings.HasPrefix(rest[1+digits(rest[1:]):], " "):
		p.at += 1 + digits(rest[1:]) // a connection's number, as nginx logs
		return true
	case strings.HasPrefix(rest, `Exception in thread "`):
		if i := strings.Index(rest, `" `); i > 0 {
			p.at += i + len(`" `)
			return true
		}
	case p.begun() && strings.IndexByte("-:|]", c) >= 0:
		n := len(rest) - len(strings.TrimLeft(rest, "-:|]"))
		if n < len(rest) && class[rest[n]] == isBlank {
			p.at, p.told = p.at+n, p.told || rest[n-1] == ':'
			return true
		}
	}
	return p.level(rest) || p.id(rest) || p.file(rest) || p.begun() && !p.named && p.logger(rest)
}

// klog is the length of a header like "E1012 10:02:45.042773       1 upload.go:735] ".
func (p *prefixes) klog(rest string) int {
	if len(rest) < 8 || strings.IndexByte("EWIF", rest[0]) < 0 || rest[5] != ' ' || timeLength(rest[6:]) == 0 {
		return 0
	}
	return strings.Index(rest[:min(len(rest), 120)], "] ") + 1
}

// group passes a bracket with what a logger may put into it.
func (p *prefixes) group(rest string) bool {
	closer := byte(']')
	if rest[0] == '(' {
		closer = ')'
	}
	end := strings.IndexByte(rest[:min(len(rest), 120)], closer)
	if end < 0 {
		return false
	}
	in := rest[1:end]
	said := strings.ContainsAny(in, "{\"'") || strings.Contains(in, "rrno") || strings.Contains(in, "SSL") || strings.Contains(in, "SQL") || strings.Contains(in, "WinError") || strings.HasPrefix(in, "code")
	logged := p.begun() && rest[0] == '[' || levels[in] || timeLength(in) > 0 ||
		hasID(in) || strings.HasPrefix(in, "pid") || digitsOnly(in) || threadLike(in) || sourceName(in)
	if said || exceptional(in) || in != "" && addressEnd(in, 0) == len(in) || !logged && !groupsAhead(rest[end+1:]) {
		return false
	}
	p.timed, p.grouped = p.timed || timeLength(in) > 0, true
	p.told = p.told || threadLike(in) || rest[0] == '[' && loggerLike(in)
	p.leveled = p.leveled || levels[in] || digitsOnly(in)
	p.at += end + 1
	if p.at < len(p.s) && p.s[p.at] == ':' {
		p.at++
	}
	return true
}

// exceptional tells whether a name is an exception's, as Elasticsearch writes
// them: "circuit_breaking_exception".
func exceptional(name string) bool {
	return strings.HasSuffix(name, "_exception") || strings.HasSuffix(name, "_error")
}

// groupsAhead tells whether a level is next, or brackets of which one is a
// logger's.
func groupsAhead(rest string) bool {
	if level, behind, _ := strings.Cut(strings.TrimLeft(rest, " "), " "); levels[level] && level < "a" && behind != "" {
		return true // a thread's: "[main] ERROR app.Reader - "
	}
	for strings.HasPrefix(rest, " [") {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return false
		}
		if in := rest[2:end]; hasID(in) || levels[in] || timeLength(in) > 0 {
			return true
		}
		rest = rest[end+1:]
	}
	return false
}

// level passes a logger's level where it is one: "ERROR 1045" is an error.
func (p *prefixes) level(rest string) bool {
	n := 0
	for n < len(rest) && class[rest[n]] == isLetter {
		n++
	}
	if p.timed && n+1 < len(rest) && rest[n] == '.' {
		// A channel's: "production.ERROR: ".
		if level, _, ends := strings.Cut(rest[n+1:], ": "); ends && levels[level] && level < "a" {
			p.leveled, p.at = true, p.at+n+1+len(level)+1
			return true
		}
	}
	if !levels[rest[:n]] || n == len(rest) {
		return false
	}
	behind := rest[n:]
	switch {
	case behind[0] == ' ' && timeLength(behind[1:]) > 0:
	case strings.HasPrefix(behind, " error:"):
		return false // "fatal error: …" is what Go's runtime says
	case strings.HasPrefix(behind, ", ["), begins(behind, ": ", " - ", " [", " | ", " --", ":\t", "[", "|", "\t"):
		// A bracket may hold a number of the error's own.
		if behind[0] == ' ' && behind[1] == '[' && !p.timed && strings.Contains(behind[:min(len(behind), 8)], "rr") {
			return false
		}
	case class[behind[0]] == isBlank && numbered(behind, rest[0] >= 'a'):
		return false
	case class[behind[0]] == isBlank && (p.timed && rest[:n] != "Error" && rest[0] < 'a' || p.grouped && rest[:n] == strings.ToUpper(rest[:n]) || strings.HasPrefix(strings.TrimLeft(behind, " \t"), "[")):
	case behind[0] == ':' && p.dotted(behind[1:]):
		p.at += n + 1 + strings.IndexByte(behind[1:], ':') + 1
		p.leveled, p.told = true, true
		return true
	default:
		return false
	}
	p.leveled, p.told, p.at = true, p.told || behind[0] == ':', p.at+n+1
	if behind[0] == '[' {
		p.at--
	}
	return true
}

// numbered tells whether an error's number is next, and not a process's, which
// no logger puts behind a level in small letters.
func numbered(behind string, small bool) bool {
	behind = strings.TrimLeft(behind, " \t")
	n := digits(behind)
	return n > 0 && (small || begins(behind[n:], ":", " (")) && timeLength(behind) == 0
}

// dotted tells whether a logger's name and a colon are next.
func (p *prefixes) dotted(rest string) bool {
	i := strings.IndexByte(rest, ':')
	return i > 0 && (loggerLike(rest[:i]) || rest[:i] == "root" || strings.Trim(rest[:i], "abcdefghijklmnopqrstuvwxyz_") == "")
}

// id passes a request id: glued to something or not, "req-<uuid>:".
func (p *prefixes) id(rest string) bool {
	n := strings.IndexByte(rest, ' ')
	if n <= 0 || n > 100 {
		return false
	}
	word, behind := rest[:n], strings.TrimLeft(rest[n:], " ")
	key, _, pair := strings.Cut(word, "=")
	pair = pair && !strings.ContainsAny(key, "\"'/:{([?")
	switch {
	case pair && (strings.HasSuffix(strings.ToLower(key), "id") || hasID(word) || !causal([]byte(lastName(key))) && !strings.ContainsAny(word, "\"{([")) && !strings.Contains(rest, "msg="):
	case hasID(word) && (word[n-1] == ':' || word[n-1] == ']' || begins(behind, "- ", "| ", ": ") || strings.HasPrefix(word, "req")):
	default:
		return false
	}
	p.at += n
	p.identified, p.told = true, true
	return true
}

// file passes the place in the source: "manifest.go:54:".
func (p *prefixes) file(rest string) bool {
	n := strings.IndexAny(rest, " \t")
	if n <= 0 || n > 100 {
		return false
	}
	word := strings.TrimRight(rest[:n], ":]")
	if !sourceName(word) || !p.begun() && word == rest[:n] {
		return false
	}
	p.at, p.told = p.at+n, true
	return true
}

// logger passes the names of loggers, threads and processes up to the mark
// that ends them. Words of a sentence may end with a colon too, so each name
// must look like one.
func (p *prefixes) logger(rest string) bool {
	at, thread := 0, false
	for range 5 {
		at += indent(rest[at:])
		n := strings.IndexAny(rest[at:], " \t")
		if n <= 0 {
			return false
		}
		word := rest[at : at+n]
		if at > 0 && !p.leveled && levels[word] && word < "a" {
			p.at += at // the level behind a pod
			return true
		}
		if at == indent(rest) && word[n-1] == ':' && !p.speaks(word[:n-1]) {
			return false
		}
		at += n
		name := strings.TrimRight(word, ":]|,")
		behind := strings.TrimLeft(rest[at:], " \t")
		ends := word[n-1] == ':' || word[n-1] == '|' || begins(behind, "- ", ": ", "| ", "-- ", "--- ")
		thread = thread || threadLike(name)
		switch {
		case processLike(name) && ends && word[n-1] == ':':
		case loggerLike(name), threadLike(name), digitsOnly(name), name == "":
		case ends && word[n-1] != ':' && strings.IndexByte(name, '.') > 0 && name[0] != '"':
		case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") == "" && (!ends || thread || name == "root"):
			if !strings.ContainsAny(rest[at:min(len(rest), at+60)], ":|") {
				return false
			}
			// A plain word is a name only beside one that is no word at all.
			if !thread && name != "root" && !namedSoon(rest[at:]) {
				return false
			}
		default:
			return false
		}
		if ends {
			p.at, p.named = p.at+at, !digitsOnly(name)
			return true
		}
	}
	return false
}

// speaks tells whether a name with a colon behind it, alone behind a level, is
// a logger's or a thread's. "net/http:" may be what a Go package says,
// "display_name:" and "content-type:" what is wrong, "db.example.com:" and
// "upload.tar.gz:" with a host and a file, and "zlib.error:" an exception.
func (p *prefixes) speaks(name string) bool {
	switch {
	case p.timed && processLike(name):
		return true
	case p.told || !p.leveled:
		return false
	}
	for _, end := range [...]string{"error", "exception", "timeout", "warning"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	return threadLike(name) || name == "root" || loggerLike(name) && strings.ContainsAny(name, ".:") && !strings.ContainsAny(name, "/@") && !hostLike(name) && !fileLike(name) && !packageLike(name, "")
}

// namedSoon tells whether the next word, up to a colon, is a thread's or a
// process's name.
func namedSoon(rest string) bool {
	rest = strings.TrimLeft(rest, " \t")
	n := strings.IndexAny(rest, " \t")
	if n <= 0 {
		return false
	}
	name := strings.TrimRight(rest[:n], ":")
	return name != rest[:n] && (threadLike(name) || processLike(name))
}

// loggerLike: inventory.mq, storage-broker, com.example.events.
func loggerLike(name string) bool {
	if strings.IndexAny(name, "._-/$:") <= 0 || class[name[0]] != isLetter {
		return false
	}
	for i := range len(name) {
		if c := name[i]; class[c] != isLetter && class[c] != isDigit && strings.IndexByte("._-/$@:", c) < 0 {
			return false
		}
	}
	if strings.Contains(strings.ReplaceAll(name, "::", ""), ":") || addressEnd(name, 0) > 0 {
		return false // a host and its port
	}
	last := name[strings.LastIndexAny(name, "./:")+1:]
	return last != "" && (last[0] < 'A' || last[0] > 'Z')
}

func processLike(name string) bool {
	i := strings.IndexByte(name, '[')
	if id, thread, found := strings.Cut(name, "#"); found {
		return digitsOnly(id) && digitsOnly(thread) // nginx's
	}
	return i > 0 && digitsOnly(strings.TrimSuffix(name[i+1:], "]")) && name[:i] != "SQLSTATE"
}

func threadLike(name string) bool {
	if strings.HasSuffix(name, "Thread") || name == "main" || name == "MainProcess" {
		return true
	}
	i := strings.LastIndexByte(name, '-')
	return i > 0 && digitsOnly(name[i+1:]) && (strings.Contains(name, "hread") || strings.Contains(name, "orker") || strings.Contains(name, "rocess") ||
		strings.Contains(name, "exec") || strings.Contains(name, "pool") || strings.HasPrefix(name, "Dummy"))
}

// sourceName: upload.go:735, cmd/main.go:32.
func sourceName(word string) bool {
	i := strings.IndexByte(word, ':')
	return i > 0 && i+1 < len(word) && strings.Trim(word[i+1:], "0123456789:") == "" && strings.IndexByte(word, ' ') < 0 && fileLike(word[:i])
}

func digitsOnly(s string) bool { return s != "" && digits(s) == len(s) }

// hasID tells whether a text has a UUID or a long hexadecimal number in it,
// and no sentence.
func hasID(text string) bool {
	run, digits := 0, 0
	for i := range len(text) {
		c := text[i] | 0x20
		switch {
		case text[i] == ' ':
			return false
		case text[i] >= '0' && text[i] <= '9':
			run, digits = run+1, digits+1
		case c >= 'a' && c <= 'f':
			run++
		case text[i] == '-' && run > 0:
		default:
			run, digits = 0, 0
		}
		if run >= 16 && digits > 1 {
			return true
		}
	}
	return false
}

// timeLength is the length of the time that a text begins with; 0: none.
func timeLength(s string) int {
	n := 0
	if day := dayName(s); day > 0 && day+1 < len(s) {
		n = day
		n += len(s[n:]) - len(strings.TrimLeft(s[n:], ", "))
	}
	if month := monthName(s[n:]); month > 0 {
		rest := strings.TrimLeft(s[n+month:], " ")
		if rest == "" || class[rest[0]] != isDigit {
			return 0
		}
		n = len(s) - len(rest)
		n += digits(s[n:])
		n += len(s[n:]) - len(strings.TrimLeft(s[n:], " "))
	}
	at := n
	marks := 0
	for n < len(s) {
		c := s[n]
		switch {
		case class[c] == isDigit:
		case c == ':' || c == '-' || c == '/' || c == '.' || c == ',':
			if n+1 >= len(s) || class[s[n+1]] != isDigit && (c != '/' || monthName(s[n+1:]) == 0) {
				return timeZone(s, n, marks)
			}
			if c != '.' && c != ',' {
				marks++
			}
		case (c == 'T' || c == 't' || c == ' ' || c == '+') && n > at && marks > 0 && n+2 < len(s) && class[s[n+1]] == isDigit && class[s[n+2]] == isDigit &&
			(c != ' ' || clockLike(s[n+1:])):
		case c == '/' || monthName(s[n:]) > 0 && marks > 0 && s[n-1] == '/':
			n += 2
		default:
			return timeZone(s, n, marks)
		}
		n++
	}
	return timeZone(s, n, marks)
}

func clockLike(s string) bool { return len(s) > 2 && s[2] == ':' }

func digits(s string) int {
	n := 0
	for n < len(s) && class[s[n]] == isDigit {
		n++
	}
	return n
}

// timeZone adds the zone to the n bytes of a time, which has at least two
// marks between its numbers.
func timeZone(s string, n, marks int) int {
	if marks < 2 {
		return 0
	}
	if n < len(s) && (s[n] == 'Z' || s[n] == 'z') {
		n++
	}
	for _, zone := range [...]string{" UTC", " GMT", " CEST", " CET", " EST", " PST", " +0000", " +00:00", " AM", " PM"} {
		if strings.HasPrefix(s[n:], zone) {
			n += len(zone)
		}
	}
	if n < len(s) && alnum(s[n]) {
		return 0 // part of something longer
	}
	return n
}

// monthName and dayName are the length of the name that a text begins with.
func monthName(s string) int {
	if len(s) < 3 {
		return 0
	}
	switch s[:3] {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return wordOf(s, 3, "January February March April May June July August September October November December")
	}
	return 0
}

func dayName(s string) int {
	if len(s) < 3 {
		return 0
	}
	switch s[:3] {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return wordOf(s, 3, "Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
	}
	return 0
}

// wordOf is n when the word that s begins with ends there, or its length when
// it is one of those in full.
func wordOf(s string, n int, full string) int {
	end := n
	for end < len(s) && class[s[end]] == isLetter {
		end++
	}
	if end == n || strings.Contains(full, s[:end]) {
		return end
	}
	return 0
}
