package payload

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxReason is how many characters of a reason a sentence quotes.
const maxReason = 200

func (j *Journey) sentence(v *Verdict, waits []Wait, now time.Time) string {
	var s string
	switch v.State {
	case StateSucceeded:
		s = fmt.Sprintf("passed %s in %s and succeeded", countServices(v.ServicesPassed), FormatDuration(j.last.at.time().Sub(j.first.at.time())))
	case StateFailed:
		s = failedSentence(v)
	case StateStalled:
		s = stalledSentence(waits, now.Sub(v.QuietSince))
	case StateInProgress:
		s = inProgressSentence(v, waits)
	}
	if j.cut {
		s += fmt.Sprintf(" (only %d of its stages are judged)", maxStages)
	}
	return s
}

func failedSentence(v *Verdict) string {
	after := ""
	if v.ServicesPassed > 0 {
		after = " after " + countServices(v.ServicesPassed)
	}
	reason := v.Failure.Reason
	if reason == "" {
		reason = v.Failure.Status
	}
	return "failed in " + v.Failure.Service + after + ": " + reason
}

// traceback opens what Python prints of an exception.
const traceback = "Traceback (most recent call last)"

// reasonOf is the line of a message that says most, at most maxReason
// characters: the first; but where a Python traceback begins in that line, the
// exception behind its frames, after what stands before the traceback. It is
// "" when the message is blank.
func reasonOf(message string) string {
	var first, before, exception string
	framed := false // behind a traceback's title, before its exception
	for line := range strings.FieldsFuncSeq(message, func(r rune) bool { return r == '\n' || r == '\r' }) {
		said := strings.TrimSpace(line)
		if said == "" {
			continue
		}
		at := strings.Index(said, traceback)
		if first == "" {
			if at < 0 {
				return shorten(plain(said), maxReason)
			}
			first, before = said, said[:at]
		}
		switch {
		case at >= 0: // again, in a chain of exceptions
			framed = true
		case framed:
			// Frames are indented, an exception is not.
			exception, framed = said, line[0] == ' ' || line[0] == '\t'
		}
	}
	if exception != "" {
		first = before + exception
	}
	return shorten(plain(first), maxReason)
}

// plain leaves out a terminal's colours and other control characters.
func plain(text string) string {
	inColour := false
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\x1b':
			inColour = true
		case inColour:
			inColour = r == '[' || r == ';' || (r >= '0' && r <= '9')
		case r == '\t':
			return ' '
		case !unicode.IsControl(r):
			return r
		}
		return -1
	}, text)
}

// shorten cuts text to n characters, the last of them an ellipsis.
func shorten(text string, n int) string {
	if len(text) <= n || utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

func stalledSentence(waits []Wait, quiet time.Duration) string {
	names, after := namesOf(waits)
	if after != "" {
		return fmt.Sprintf("no news from %s, expected after %s, for %s", names, after, FormatDuration(quiet))
	}
	return fmt.Sprintf("no news from %s for %s", names, FormatDuration(quiet))
}

func inProgressSentence(v *Verdict, waits []Wait) string {
	names, after := namesOf(waits)
	switch {
	case after != "":
		return fmt.Sprintf("waiting for %s, expected after %s", names, after)
	case v.ServicesPassed > 0:
		return fmt.Sprintf("in %s, %s passed", names, countServices(v.ServicesPassed))
	}
	return "in " + names
}

// namesOf says what is waited for: services that have begun, or where there
// are none the ones expected and after which.
func namesOf(waits []Wait) (names, after string) {
	var begun []string
	for _, w := range waits {
		if w.After == "" {
			begun = append(begun, w.Service)
		}
	}
	if len(begun) == 0 {
		return waits[0].Service, waits[0].After
	}
	switch n := len(begun); n {
	case 1:
		return begun[0], ""
	case 2:
		return begun[0] + " and " + begun[1], ""
	default:
		return fmt.Sprintf("%s, %s and %d more", begun[0], begun[1], n-2), ""
	}
}

func countServices(n int) string {
	if n == 1 {
		return "1 service"
	}
	return fmt.Sprintf("%d services", n)
}

// FormatDuration writes a duration as people read it: "120 ms", "3.8 s",
// "22 min", "5 h", "12 days"; a negative one counts as none.
func FormatDuration(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.Replace(fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds()), ".0 s", " s", 1)
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
