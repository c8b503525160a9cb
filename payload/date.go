package payload

import "time"

// The first and the last year an event may be of.
const (
	firstYear = 1970
	lastYear  = 2199
)

// parseDate reads a day and a time: RFC 3339, but blanks may stand for the T
// and the zone may be left out, which is UTC. The fraction has up to nine
// digits and is cut to microseconds, never rounded into the future.
func parseDate(s string) (time.Time, bool) {
	p := dateParser{s: s}
	year, month, day := p.digits(4, '-'), p.digits(2, '-'), p.digits(2, 0)
	p.separator()
	hour, minute, second := p.digits(2, ':'), p.digits(2, ':'), p.digits(2, 0)
	micros := p.fraction()
	offset := p.zone()
	if p.bad || p.s != "" || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC)
	if t.Day() != day { // time.Date takes 30 February for 2 March
		return time.Time{}, false
	}
	t = t.Add(-offset)
	return t, t.Year() >= firstYear && t.Year() <= lastYear
}

type dateParser struct {
	s   string
	bad bool
}

// digits reads n digits, and the byte after them unless it is 0.
func (p *dateParser) digits(n int, after byte) int {
	if len(p.s) < n {
		p.bad = true
		return 0
	}
	v := 0
	for i := range n {
		c := p.s[i]
		if c < '0' || c > '9' {
			p.bad = true
			return 0
		}
		v = v*10 + int(c-'0')
	}
	p.s = p.s[n:]
	if after != 0 {
		p.take(after)
	}
	return v
}

func (p *dateParser) take(c byte) bool {
	if p.s == "" || p.s[0] != c {
		p.bad = true
		return false
	}
	p.s = p.s[1:]
	return true
}

// separator is T, t, or one or more blanks.
func (p *dateParser) separator() {
	if p.s != "" && (p.s[0] == 'T' || p.s[0] == 't') {
		p.s = p.s[1:]
		return
	}
	if !p.take(' ') {
		return
	}
	for p.s != "" && p.s[0] == ' ' {
		p.s = p.s[1:]
	}
}

// fraction is none, or a dot and one to nine digits; in microseconds.
func (p *dateParser) fraction() int {
	if p.s == "" || p.s[0] != '.' {
		return 0
	}
	p.s = p.s[1:]
	micros, n := 0, 0
	for n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		if n < 6 {
			micros = micros*10 + int(p.s[n]-'0')
		}
		n++
	}
	p.bad = p.bad || n == 0 || n > 9
	for i := n; i < 6; i++ {
		micros *= 10
	}
	p.s = p.s[n:]
	return micros
}

// zone is Z, z, ±hh:mm or nothing.
func (p *dateParser) zone() time.Duration {
	if p.s == "" {
		return 0
	}
	sign := p.s[0]
	p.s = p.s[1:]
	switch sign {
	case 'Z', 'z':
		return 0
	case '+', '-':
		hours, minutes := p.digits(2, ':'), p.digits(2, 0)
		p.bad = p.bad || hours > 23 || minutes > 59
		offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if sign == '-' {
			return -offset
		}
		return offset
	}
	p.bad = true
	return 0
}
