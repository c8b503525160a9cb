package payload

import "strings"

// levels are a logger's, in the spellings that stand in front of a message.
var levels = map[string]bool{
	"ERROR": true, "ERR": true, "WARN": true, "WARNING": true, "INFO": true, "DEBUG": true, "FATAL": true,
	"CRITICAL": true, "CRIT": true, "SEVERE": true, "PANIC": true, "NOTICE": true, "TRACE": true, "ALERT": true,
	"EMERG": true, "LOG": true, "ERRO": true, "FATA": true, "E": true, "W": true, "F": true,
	"Error": true, "Warning": true, "Fatal": true, "Critical": true,
	"error": true, "err": true, "warn": true, "warning": true, "fatal": true, "critical": true, "crit": true, "panic": true,
}

// capitalLevel: what begins with a small letter may be a word of a sentence.
func capitalLevel(word string) bool { return levels[word] && word < "a" }

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
	if level, behind, _ := strings.Cut(strings.TrimLeft(rest, " "), " "); capitalLevel(level) && behind != "" {
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
		if level, _, ends := strings.Cut(rest[n+1:], ": "); ends && capitalLevel(level) {
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
		if at > 0 && !p.leveled && capitalLevel(word) {
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
