package payload

import "strings"

// detail says what a word is replaced by; "": it is a word.
func (r *reader) detail(w, next string) string {
	if len(w) >= maxToken-1 {
		return labelID
	}
	sh := shapeOf(w)
	switch {
	case sh.at:
		return labelAddress
	case sh.slashes > 0:
		return r.pathLike(w, sh)
	case w == "localhost":
		return labelHost
	case sh.plain:
		if r.absent(w) {
			return labelNumber
		}
		if r.dateWord(w, next) {
			return labelTime
		}
		if sh.switches*3 > len(w) && len(w) >= 16 && sh.lone > 1 {
			return labelID
		}
		if next = next[:min(len(next), 8)]; len(next) > 2 && next[0] == ':' && digits(next[1:]) >= 4 && w == strings.ToLower(w) && !positionWord(w) {
			return labelHost // and a port
		}
		return ""
	case sh.dots > 0 && (hostLike(w) || r.many && r.gap&gapComma != 0 && r.gap&^(gapComma|gapSpace) == 0 && hostSpelled(w)):
		return labelHost
	case sh.dots > 0 && fileLike(w):
		return labelPath
	case len(w) >= 16 && (sh.switches*3 > len(w) || sh.switches > 2 && strings.IndexByte(w, '+') >= 0):
		return labelID // Base64
	case sh.digits == 0 || numberedName(w):
		return ""
	case isoDuration(w), (w[0] == 'v' || w[0] == 'V') && class[w[1]] == isDigit: // a version
		return labelNumber
	case r.codeLike(w, next):
		return ""
	case sh.hex && len(w) >= 8, sh.turns >= 2 && len(w) >= 6 && !sh.high && !classLike(w, sh):
		return labelID
	case podLike(w):
		return labelHost
	case packageLike(w, next):
		if len(next) > 1 && next[0] == ':' && class[next[1]] == isDigit {
			r.at = r.numberEnd(r.at + 1)
		}
		return labelID
	case r.gap&^(gapSpace|gapColon|gapEqual) != 0:
	case hostWord(r.lastWord()):
		return labelHost
	case idWord(r.lastWord()):
		return labelID
	}
	return ""
}

// shape is what a word is made of.
type shape struct {
	plain, at, high, hex  bool
	slashes, dots, digits int
	switches              int // between small and capital letters
	lone                  int // small letters between capital ones
	turns                 int // between letters and digits, at most in one part of it
	partTurns             int // in the part that is read
}

func shapeOf(w string) shape {
	sh := shape{plain: true, hex: true}
	var was uint8
	for i := range len(w) {
		c := w[i]
		switch k := class[c]; {
		case k == isDigit:
			sh.plain = false
			sh.digits++
			if was == isLetter {
				sh.partTurns++
			}
			was = isDigit
		case k == isLetter && c != '_' && c != '$':
			if was == isDigit {
				sh.partTurns++
			}
			if i > 0 && class[w[i-1]] == isLetter && (w[i-1]^c)&0x20 != 0 {
				sh.switches++
				if i > 1 && c < 'a' && class[w[i-2]] == isLetter && w[i-2] < 'a' {
					sh.lone++
				}
			}
			sh.hex = sh.hex && (c|0x20) <= 'f'
			was = isLetter
		default:
			sh.turns, sh.partTurns, was = max(sh.turns, sh.partTurns), 0, 0
			sh.plain = sh.plain && (c == '_' || c == '\'')
			sh.hex = sh.hex && c == '-'
			switch {
			case c == '@':
				sh.at = true
			case c == '/':
				sh.slashes++
			case c == '.':
				sh.dots++
			case k == isHigh:
				sh.high, sh.plain = true, false
			}
		}
	}
	sh.turns = max(sh.turns, sh.partTurns)
	sh.hex = sh.hex && sh.digits > 0
	return sh
}

// classLike: Utf8Error, S3UploadFailedError, K8sClientError.
func classLike(w string, sh shape) bool {
	if sh.turns > 2 || sh.lone > 0 || sh.digits > 4 || len(w) > 64 || w[0] < 'A' || w[0] > 'Z' {
		return false
	}
	i := len(w)
	for i > 0 && w[i-1] >= 'a' && w[i-1] <= 'z' {
		i--
	}
	return i > 0 && i+3 <= len(w) && w[i-1] >= 'A' && w[i-1] <= 'Z' && strings.LastIndexAny(w, "0123456789") < i
}

// numberedException: the number is part of what the exception is called.
func numberedException(w string) bool {
	if w[0] < 'A' || w[0] > 'Z' || !strings.ContainsAny(w, "0123456789") {
		return false
	}
	sh := shapeOf(w)
	return sh.dots == 0 && classLike(w, sh) && exceptionEnd(strings.ToLower(w[len(w)-min(len(w), 12):]))
}

// pathLike says what a word with slashes is: "and/or" is one.
func (r *reader) pathLike(w string, sh shape) string {
	first, _, _ := strings.Cut(w, "/")
	switch first {
	case "HTTP", "http":
		return ""
	case "application", "text", "multipart", "image", "audio", "video":
		return labelText
	}
	if r.gap&gapColon != 0 && r.exception() && javaClass(w) {
		return ""
	}
	if sh.slashes > 1 || sh.digits > 0 || sh.dots > 0 || strings.ContainsAny(w, "-_") {
		return labelPath
	}
	if len(w) >= 16 && sh.switches*3 > len(w) {
		return labelID // Base64
	}
	return ""
}

// javaClass: com/example/inventory/Host, as the JVM says what it lacks.
func javaClass(w string) bool {
	i := strings.LastIndexByte(w, '/')
	return i+1 < len(w) && w[i+1] >= 'A' && w[i+1] <= 'Z' && strings.Trim(w[:i], "abcdefghijklmnopqrstuvwxyz0123456789_/") == ""
}

// dateWord tells whether a word is part of a date: of May, only beside a
// number.
func (r *reader) dateWord(w, next string) bool {
	if len(w) < 3 || w[0] < 'A' || w[0] > 'W' {
		return false
	}
	next = strings.TrimLeft(next, " ,-/")
	if monthName(w) == len(w) {
		return r.masked && r.gap&^(gapSpace|gapComma|gapDash|gapOther) == 0 || next != "" && class[next[0]] == isDigit
	}
	return dayName(w) == len(w) && next != "" && (class[next[0]] == isDigit || monthName(next) > 0)
}

// absent tells whether a word stands where an id would: "org None".
func (r *reader) absent(w string) bool {
	switch w {
	case "None", "null", "nil", "undefined", "nobody":
	default:
		return false
	}
	switch string(r.lastWord()) {
	case "org", "org_id", "account", "account_number", "id", "host", "tenant", "user", "request_id", "inventory_id", "system", "orgid":
		return true
	}
	return false
}

// positionWord: a number behind it and a colon is no port.
func positionWord(w string) bool {
	switch w {
	case "line", "column", "col", "char", "byte", "offset", "position", "pos", "code", "status", "error", "row", "size", "port", "id", "index":
		return true
	}
	return false
}

// hostSpelled: lower-case labels, of whatever domain.
func hostSpelled(w string) bool {
	return strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// hostLike: lower-case labels, the last of them a domain that is known.
func hostLike(w string) bool {
	labels, from := 0, 0
	for i := 0; i <= len(w); i++ {
		if i < len(w) && w[i] != '.' {
			if c := w[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && class[c] != isHigh {
				return false
			}
			continue
		}
		if i == from {
			return false
		}
		labels++
		if i < len(w) {
			from = i + 1
		}
	}
	switch last := w[from:]; last {
	case "com", "org", "net", "edu", "gov", "int", "io", "dev", "app", "cloud", "local", "internal", "lan", "home", "corp",
		"example", "test", "invalid", "localhost", "localdomain", "svc", "arpa", "info", "biz", "tech", "systems", "intra", "private", "consul",
		"de", "uk", "fr", "cz", "jp", "eu", "us", "ca", "au", "nl", "pl", "ru", "cn", "br", "ch", "se", "at", "be", "fi", "dk", "kr", "tw", "il", "mx", "sk", "ai", "co", "tv":
		return labels > 1
	default:
		return labels > 1 && strings.HasPrefix(last, "xn--") || labels > 2 && len(last) == 2 && !fileLike(w)
	}
}

// fileLike: a name with an ending that files have.
func fileLike(w string) bool {
	i := strings.LastIndexByte(w, '.')
	if i <= 0 || len(w)-i > 8 {
		return false
	}
	switch w[i+1:] {
	case "go", "py", "rb", "java", "kt", "js", "ts", "jsx", "tsx", "rs", "c", "cc", "cpp", "h", "cs", "php", "pl", "sh", "scala", "ex", "erl", "swift",
		"json", "jsonl", "yaml", "yml", "xml", "toml", "ini", "cfg", "conf", "txt", "md", "csv", "tsv", "log", "html", "sql", "proto", "lock", "pem", "crt", "cer",
		"gz", "tgz", "tar", "xz", "bz", "bz2", "zip", "zst", "rpm", "deb", "jar", "war", "whl", "iso", "img", "db", "sock", "pid", "tmp", "bak", "dat", "bin", "so", "dll", "exe",
		"pdf", "png", "jpg", "jpeg", "gif", "parquet", "avro", "spec", "service", "j2", "tpl", "tf":
		return true
	}
	return false
}

// isoDuration: PT30S, P1DT2H.
func isoDuration(w string) bool {
	if w[0] != 'P' || class[w[len(w)-1]] != isLetter {
		return false
	}
	for i := 1; i < len(w); i++ {
		c := w[i]
		unit := strings.IndexByte("YMWDTHS", c) >= 0
		if !unit && class[c] != isDigit && c != '.' || unit && c != 'T' && class[w[i-1]] != isDigit {
			return false
		}
	}
	return true
}

// podLike: a name that ends with what Kubernetes makes up, without vowels.
func podLike(w string) bool {
	i := strings.LastIndexByte(w, '-')
	if i <= 0 || len(w)-i != 6 {
		return false
	}
	for _, c := range []byte(w[i+1:]) {
		if strings.IndexByte("bcdfghjklmnpqrstvwxz2456789", c) < 0 {
			return false
		}
	}
	return !digitsOnly(w[i+1:])
}

// packageLike: name-version-release, or name-epoch:version.
func packageLike(w, next string) bool {
	for i := 1; i+1 < len(w); i++ {
		if w[i] == '-' && class[w[i+1]] == isDigit {
			n := i + 1 + digits(w[i+1:])
			if n < len(w) && w[n] == '.' || n == len(w) && len(next) > 1 && next[0] == ':' && class[next[1]] == isDigit {
				return true
			}
		}
	}
	return false
}

// numberedName: the number is part of what the thing is called.
func numberedName(w string) bool {
	switch w {
	case "utf-8", "utf8", "UTF-8", "UTF8", "utf-16", "UTF-16", "latin-1", "iso-8859-1", "ISO-8859-1", "base64", "Base64", "base32",
		"x509", "X509", "sha1", "SHA1", "sha256", "SHA256", "SHA-256", "sha512", "SHA512", "md5", "MD5", "s3", "S3", "ec2", "EC2", "k8s",
		"ipv4", "IPv4", "ipv6", "IPv6", "http2", "HTTP2", "h2", "oauth2", "OAuth2", "psycopg2", "psycopg3", "urllib3", "boto3", "log4j", "sqlite3", "db2", "DB2", "python3",
		"int32", "int64", "uint32", "uint64", "uint8", "float32", "float64", "i18n", "gzip2", "bzip2", "lz4":
		return true
	}
	head, _, dotted := strings.Cut(w, ".")
	return dotted && (head == "psycopg2" || head == "urllib3" || head == "sqlite3" || head == "boto3") && strings.Trim(w[len(head):], "0123456789") == w[len(head):]
}

func hostWord(word []byte) bool {
	switch string(word) {
	case "host", "hostname", "server", "node", "pod", "broker", "worker", "machine", "instance":
		return true
	}
	return false
}

// idWord: what is called an id is one, however it is spelled.
func idWord(word []byte) bool {
	n := len(word)
	return n == 2 && string(word) == "id" || n > 4 && n < 20 && string(word[n-2:]) == "id" && string(word[n-5:]) != "valid"
}
