package payload

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// maxReason is how many characters of a reason a sentence quotes.
const maxReason = 200

func (j *Journey) sentence(v *Verdict, waits []wait, now time.Time) string {
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
	return "failed in " + v.Failure.Service + after + ": " + reasonOf(v.Failure)
}

// reasonOf is the line of the message that says most: the first, but of a
// Python traceback the last, where the exception stands.
func reasonOf(f *Failure) string {
	lines := strings.FieldsFunc(f.Message, func(r rune) bool { return r == '\n' || r == '\r' })
	var first, last string
	for _, line := range lines {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if first == "" {
			first = line
		}
		last = line
	}
	if strings.HasPrefix(first, "Traceback (most recent call last)") && !f.Cut {
		first = last
	}
	if first == "" {
		return f.Status
	}
	if utf8.RuneCountInString(first) > maxReason {
		return string([]rune(first)[:maxReason-1]) + "…"
	}
	return first
}

func stalledSentence(waits []wait, quiet time.Duration) string {
	names, after := namesOf(waits)
	if after != "" {
		return fmt.Sprintf("no news from %s, expected after %s, for %s", names, after, FormatDuration(quiet))
	}
	return fmt.Sprintf("no news from %s for %s", names, FormatDuration(quiet))
}

func inProgressSentence(v *Verdict, waits []wait) string {
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
func namesOf(waits []wait) (names, after string) {
	var begun []string
	for _, w := range waits {
		if w.after == "" {
			begun = append(begun, w.service)
		}
	}
	if len(begun) == 0 {
		return waits[0].service, waits[0].after
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
// "22 min", "5 h", "12 days".
func FormatDuration(d time.Duration) string {
	switch {
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
