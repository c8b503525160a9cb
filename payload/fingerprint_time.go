package payload

import "strings"

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
