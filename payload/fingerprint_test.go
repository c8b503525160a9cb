package payload_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
)

// failureCase is a line of failures.jsonl; testdata/cases/README.md describes
// it.
type failureCase struct {
	Cause, Service, Source, Message string
}

func failureCases(t testing.TB, file string) []failureCase {
	t.Helper()
	f, err := os.Open("../testdata/cases/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var cases []failureCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var c failureCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// Every cause is one group, and no group holds two.
func TestFingerprintGroupsByCause(t *testing.T) {
	t.Parallel()
	for file, least := range map[string]int{"failures.jsonl": 270, "failures-more.jsonl": 280, "failures-further.jsonl": 1000} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			cases := failureCases(t, file)
			if len(cases) < least {
				t.Fatalf("only %d cases", len(cases))
			}
			checkGroups(t, cases)
		})
	}
}

func checkGroups(t *testing.T, cases []failureCase) {
	t.Helper()
	ofCause := map[string]failureCase{}
	ofGroup := map[payload.Fingerprint]failureCase{}
	for _, c := range cases {
		f := payload.FingerprintOf(c.Service, c.Source, c.Message)
		first, known := ofCause[c.Cause]
		if !known {
			ofCause[c.Cause], first = c, c
		}
		if g := payload.FingerprintOf(first.Service, first.Source, first.Message); f != g {
			t.Errorf("%s is two groups:\n%s\n%s\nof\n%q\n%q", c.Cause, payload.Key(first.Message), payload.Key(c.Message), first.Message, c.Message)
		}
		if other, known := ofGroup[f]; known && other.Cause != c.Cause {
			t.Errorf("one group holds %s and %s:\n%s\nof\n%q\n%q", other.Cause, c.Cause, payload.Key(c.Message), other.Message, c.Message)
		}
		ofGroup[f] = c
	}
}

func TestFingerprintText(t *testing.T) {
	t.Parallel()
	f := payload.FingerprintOf("puptoo", "", "KeyError: 'rpm'")
	if !regexp.MustCompile(`^v1:[0-9a-f]{15}$`).MatchString(f.String()) {
		t.Errorf("a fingerprint looks like %s", f)
	}
	if int64(f) <= 0 {
		t.Errorf("%d does not fit into a positive bigint", f)
	}
	if read, err := payload.ParseFingerprint(f.String()); err != nil || read != f {
		t.Errorf("%s is read as %s, %v", f, read, err)
	}
	if read, err := payload.ParseFingerprint("v2:000000000000001"); err != nil || read.String() != "v2:000000000000001" {
		t.Errorf("one of another version is read as %s, %v", read, err)
	}
	for _, text := range []string{"", "v1", "v1:", "1:000000000000001", "v1:00000000000001", "v1:0000000000000001", "v1:00000000000000G", "v1:00000000000000A", "v8:000000000000001", "v01:000000000000001", "v1:000000000000001 ", "v+1:000000000000001"} {
		if read, err := payload.ParseFingerprint(text); err == nil {
			t.Errorf("%q is read as %s", text, read)
		}
	}
}

// Stored fingerprints name groups across releases: one that changes needs a
// new version.
func TestFingerprintStays(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"": "v1:5d456540990af71",
		"connection to db-3.prod.example.net:5432 refused after 30 s": "v1:6fd75b0e140279b",
	} {
		if got := payload.FingerprintOf("puptoo", "", message).String(); got != want {
			t.Errorf("%q has %s, want %s", message, got, want)
		}
	}
	if payload.FingerprintOf("ab", "c", "") == payload.FingerprintOf("a", "bc", "") {
		t.Error("service and source run into each other")
	}
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"connection to db-3.prod.example.net:5432 refused after 30 s":                                                     "connection to <host> refused after <n> s",
		"\n unpacking failed\nTraceback (most recent call last):\n  File \"/a.py\", line 7, in f\nEOFError: ends early\n": "unpacking failed; EOFError: ends early",
		"2026-03-11 22:04:02,865 ERROR puptoo.upload MainThread: GET https://a.example/b answered HTTP 404":               "GET <url> answered HTTP 404",
		"host ae2a2867-6c6e-4cff-9277-e1318d03fbdc refused: KeyError: 'rpm'":                                              "host <id> refused: KeyError: 'rpm'",
		"skipped: ['a b', 'c', 'd']": "skipped: ['<…>']",
		"\x1b[31mno space\x1b[0m":    "no space",
		"":                           "",
		" \r\n\t":                    "",
		strings.Repeat("long ", 100): strings.Repeat("long ", 39) + "long…",
	} {
		if got := payload.Normalise(message); got != want {
			t.Errorf("%q is titled\n%q, want\n%q", message, got, want)
		}
	}
}

// drawn are details by kind, each in many spellings.
var drawn = map[string]*rapid.Generator[string]{
	"id": rapid.OneOf(
		rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`),
		rapid.StringMatching(`[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}`),
		rapid.StringMatching(`[0-9a-f]{15}[0-9][0-9a-f]{15}[0-9]`), rapid.StringMatching(`[0-9]{1,19}`), rapid.StringMatching(`0x[0-9a-f]{1,16}`), rapid.StringMatching(`sha256:[0-9][0-9a-f]{31}[0-9]`)),
	"number":   rapid.StringMatching(`[0-9]{1,3}|[1-9][0-9]{0,2}(,[0-9]{3}){1,3}|[1-9][0-9]{0,2}('[0-9]{3}){1,3}|[1-9][0-9]{0,2}(\x{202f}[0-9]{3}){1,3}|[0-9]{1,9}\.[0-9]{1,4}`),
	"duration": rapid.StringMatching(`[0-9]{1,4} ?(ms|s|min|h|seconds|hours)|[0-9]{1,2}m[0-9]{1,2}\.[0-9]s|[0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}|PT([0-9]M)?[0-9]{1,2}(\.[0-9])?S`),
	"size":     rapid.StringMatching(`[0-9]{1,9} bytes|[0-9]{1,3}\.[0-9] ?(kB|MB|GiB|MiB)|[0-9]{1,3}M|1 byte|[0-9]{1,3} (kB|MiB|bytes)/s`),
	"time":     rapid.StringMatching(`2026-0[1-9]-[12][0-9]([T ][012][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z?)?|(Mon|Tue), [12][0-9] (Jan|May|Dec) 2026 [012][0-9]:[0-5][0-9]:[0-5][0-9] GMT|Wed Mar [ 12][0-9] [012][0-9]:[0-5][0-9]:[0-5][0-9] 2026`),
	"host": rapid.OneOf(
		rapid.StringMatching(`([a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?\.){1,3}(example\.com|svc\.cluster\.local|internal|example)(:[1-9][0-9]{1,4})?`),
		rapid.StringMatching(`([1-9][0-9]?\.){3}[1-9][0-9]?(:[1-9][0-9]{1,4})?`), rapid.StringMatching(`localhost(:[1-9][0-9]{1,4})?`),
		rapid.StringMatching(`([a-z]{1,8}\.)?xn--[a-z]{2,8}-[a-z0-9]{3}\.(example|xn--p1ai)(:[1-9][0-9]{1,4})?`),
		rapid.StringMatching(`\[(fd00|2001:db8)(:[0-9a-f]{1,4}){1,4}::[0-9a-f]{1,4}\]:[1-9][0-9]{1,4}`)),
	"path":  rapid.StringMatching(`(/[a-z_0-9.-]*[a-z0-9]){1,5}`),
	"url":   rapid.StringMatching(`(https?|s3|postgresql)://[a-z]{1,8}(\.[a-z]{2,8}){0,3}(:[0-9]{2,5})?(/[a-zA-Z0-9%_-]{1,12}){0,4}(\?[a-z_]{1,8}=[a-z0-9,%]{0,6}[a-z0-9](&[a-z]{1,4}=[a-z0-9]{1,9}){0,3})?`),
	"email": rapid.StringMatching(`[a-z]{1,8}([.+_-][a-z0-9]{1,5})?@[a-z]{1,8}\.(example|org)`),
	"value": rapid.OneOf(
		rapid.StringMatching(`'[a-z ,.]{0,20}'|"[a-z ,.]{0,20}"|“[a-zéß ]{0,9}”|«[а-я ]{0,9}»|„[a-z ]{0,9}“|'None'|""`), rapid.StringMatching("`[^`'\n\r\x1b]{0,12}`")),
}

// A sentence says the same whatever its details are, and however a logger
// prints it.
func TestFingerprintIgnoresDetails(t *testing.T) {
	t.Parallel()
	kinds := slices.Sorted(maps.Keys(drawn))
	words := rapid.SampledFrom([]string{"upload", "of", "host", "refused", "by", "while", "reading", "was", "not", "stored", "timeout:", "from", "with", "product"})
	rapid.Check(t, func(t *rapid.T) {
		var one, two []string
		one = append(one, "cannot")
		two = append(two, "cannot")
		for range rapid.IntRange(1, 5).Draw(t, "parts") {
			for range rapid.IntRange(1, 4).Draw(t, "words") {
				word := words.Draw(t, "word")
				one, two = append(one, word), append(two, word)
			}
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			one, two = append(one, drawn[kind].Draw(t, kind)), append(two, drawn[kind].Draw(t, kind+" instead"))
		}
		one, two = append(one, "at last"), append(two, "at last")
		a, b := strings.Join(one, " "), strings.Join(two, " ")
		form := rapid.SampledFrom([]string{"%s", "2026-03-11 22:04:02,865 ERROR app.part MainThread: %s", "[request_id=ebf07f5b4aaa55aa94a959aa9ca0a057] %s", "  %s\r\n", "ERROR:app.part:%s", "Jun  2 01:02:03 pod-1 app[7]: %s"}).Draw(t, "form")
		b = strings.Replace(form, "%s", b, 1)
		if payload.FingerprintOf("s", "", a) != payload.FingerprintOf("s", "", b) {
			t.Fatalf("%q\n%q\nare\n%s\n%s", a, b, payload.Key(a), payload.Key(b))
		}
		if payload.FingerprintOf("s", "", a) == payload.FingerprintOf("s", "", a+" again") {
			t.Fatalf("another word does not matter behind %q: %s", a, payload.Key(a))
		}
	})
}

// Of a message of any size both ends are read, in bounded time.
func TestFingerprintReadsBothEnds(t *testing.T) {
	t.Parallel()
	frame := "  File \"/app/a.py\", line 12, in f\n    return g(x)\n"
	long := func(frames int, said string) string {
		return "upload dropped: Traceback (most recent call last):\n" + strings.Repeat(frame, frames) + said
	}
	for _, frames := range []int{1, 100, 10_000} {
		if payload.FingerprintOf("s", "", long(frames, "KeyError: 'rpm'")) != payload.FingerprintOf("s", "", long(3, "KeyError: 'rpm'")) {
			t.Errorf("%d frames matter: %s", frames, payload.Key(long(frames, "KeyError: 'rpm'")))
		}
		if payload.FingerprintOf("s", "", long(frames, "KeyError: 'rpm'")) == payload.FingerprintOf("s", "", long(3, "KeyError: 'uname'")) {
			t.Errorf("what is said behind %d frames does not matter", frames)
		}
	}
}

// Every link of a chain counts, however many frames stand between them.
func TestFingerprintReadsEveryLink(t *testing.T) {
	t.Parallel()
	for name, chain := range map[string]struct {
		frame, text string // %f: the frames
		longest     int
	}{
		"Java": {
			"\n\tat com.example.runtimes.events.EventSender_ClientProxy.send(EventSender.java:123)",
			"io.Foo: push failed%f\nCaused by: a.Middle: CAUSE%f\n\t... 3 more\nCaused by: java.net.ConnectException: refused%f\n\t... 3 more", 200,
		},
		"Python": {
			"  File \"/opt/venv/lib64/python3.11/site-packages/a.py\", line 12, in run\n    return f(x)\n",
			"not stored: Traceback (most recent call last):\n%fKeyError: 'hosts'\n\nDuring handling of the above exception, another exception occurred:\n\n" +
				"Traceback (most recent call last):\n%fa.Broken: CAUSE\n\nThe above exception was the direct cause of the following exception:\n\n" +
				"Traceback (most recent call last):\n%fa.Lost: report is lost", 120,
		},
	} {
		long := func(frames int, cause string) string {
			return strings.NewReplacer("%f", strings.Repeat(chain.frame, frames), "CAUSE", cause).Replace(chain.text)
		}
		want := payload.FingerprintOf("s", "", long(3, "gave up"))
		for frames := 1; frames <= chain.longest; frames++ {
			if message := long(frames, "gave up"); payload.FingerprintOf("s", "", message) != want || payload.FingerprintOf("s", "", strings.ReplaceAll(message, "\n", "\r\n")) != want {
				t.Fatalf("%s: %d frames matter: %s", name, frames, payload.Key(message))
			}
			if message := long(frames, "never began"); payload.FingerprintOf("s", "", message) == want {
				t.Fatalf("%s: behind %d frames a link does not matter: %s", name, frames, payload.Key(message))
			}
		}
	}
}

func FuzzFingerprint(f *testing.F) {
	for _, file := range []string{"failures.jsonl", "failures-more.jsonl", "failures-further.jsonl"} {
		for _, c := range failureCases(f, file) {
			f.Add(c.Message)
		}
	}
	for _, odd := range []string{"\xff\xfe", "{", "'", "“", "Error(", "[SQL:", "a=", "a=\"", "\\", "…", "\x1b[", "<", "(1 more", "x\r\r\n", "::1", "b'"} {
		f.Add(odd)
	}
	f.Fuzz(func(t *testing.T, message string) {
		if payload.FingerprintOf("s", "", message) != payload.FingerprintOf("s", "", strings.Clone(message)) {
			t.Fatal("one message has two fingerprints")
		}
		title := payload.Normalise(message)
		if utf8.ValidString(message) && !utf8.ValidString(title) || utf8.RuneCountInString(title) > 200 || strings.ContainsAny(title, "\n\r") {
			t.Fatalf("%q is no title", title)
		}
	})
}

// What a logger or a terminal adds to a message is no part of its cause.
func TestFingerprintIgnoresTheLogger(t *testing.T) {
	t.Parallel()
	word := regexp.MustCompile(`[A-Za-z]{6,}`)
	forms := map[string]func(string) string{
		"carriage returns": func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n") },
		"blanks around":    func(s string) string { return " \n\t" + s + " \r\n\n" },
		"colours": func(s string) string {
			n := 0
			if strings.Contains(s, "[0m") {
				return s
			}
			return word.ReplaceAllStringFunc(s, func(w string) string {
				if n++; n%5 == 0 {
					return "\x1b[1;31m" + w + "\x1b[0m"
				}
				return w
			})
		},
	}
	for _, prefix := range []string{
		"2026-03-11 22:04:02,865 ERROR puptoo.upload MainThread: ", "2026-08-26T16:00:11.538Z ERROR [inventory.api] (executor-thread-13) ",
		"Apr 21 20:21:27 storage-broker-9520924d0-c8mms storage-broker[587]: ", "E1012 10:02:45.042773       1 upload.go:735] ",
		"E, [2026-01-03T00:29:22.634346 #382] ERROR -- : ", "[request_id=ebf07f5b4aaa55aa94a959aa9ca0a057] ", "ERROR:inventory.mq:",
		"2026/08/24 04:55:06 ", "2026/03/04 15:12:44.123164 manifest.go:54: ", "req-95ff99e4-f5eb-4b95-86df-c89436828524: ",
		"2026-06-02 09:31:27,756 ERROR [com.exa.run.eve.EventSender] (executor-thread-13) ", "[2026-01-03 04:05:06 +0000] [7] [ERROR] ",
		"2026-01-03 04:05:06.000 | ERROR    | app.cache:get:12 - ", "[2026-01-02 03:04:05,678: ERROR/ForkPoolWorker-3] ", "<34>Jan 13 04:05:06 host app[1]: ",
		"2026-01-01 12:13:14.567 ERROR 7 --- [nio-8080-exec-1] c.e.push.PushService : ", "2026-01-01T00:00:00.000Z\tERROR\tcmd/main.go:32\t",
		"[ERROR] ", "WARN  [pool-1-thread-2] ", "0b5c9cf4-7d51-4f0e-9f1c-0d7a3b1f6c11 - ", "[pid 12] ", "2026-01-03T04:05:06+02:00 ERR ",
	} {
		forms[prefix] = func(s string) string { return prefix + strings.TrimLeft(s, " \t\r\n") }
	}
	for _, c := range append(failureCases(t, "failures.jsonl"), failureCases(t, "failures-more.jsonl")...) {
		for name, form := range forms {
			if a, b := c.Message, form(c.Message); payload.FingerprintOf("s", "", a) != payload.FingerprintOf("s", "", b) {
				t.Errorf("%s matters:\n%s\n%s\nof %q", name, payload.Key(a), payload.Key(b), c.Message)
			}
		}
	}
}
