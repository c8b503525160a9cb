package graph

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// formatDuration writes ISO 8601 in hours, minutes and seconds, whose lengths
// nobody disputes: PT0S, PT3.8S, PT36H.
func formatDuration(d time.Duration) string {
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
	}
	b.WriteString("PT")
	// As whole microseconds even the shortest duration can be negated.
	micros := d.Microseconds()
	if micros < 0 {
		micros = -micros
	}
	hours, minutes, rest := micros/3_600_000_000, micros/60_000_000%60, micros%60_000_000
	if hours > 0 {
		b.WriteString(strconv.FormatInt(hours, 10) + "H")
	}
	if minutes > 0 {
		b.WriteString(strconv.FormatInt(minutes, 10) + "M")
	}
	if rest > 0 || micros < 60_000_000 && minutes == 0 {
		b.WriteString(strconv.FormatFloat(float64(rest)/1e6, 'f', -1, 64) + "S")
	}
	return b.String()
}

var isoDuration = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?$`)

var isoUnits = []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// parseDuration reads ISO 8601 with weeks, days, hours, minutes and seconds;
// false for anything else, and for what a time.Duration cannot hold.
func parseDuration(text string) (time.Duration, bool) {
	if len(text) > 64 || strings.HasSuffix(text, "T") || text == "P" {
		return 0, false
	}
	parts := isoDuration.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	var sum time.Duration
	for i, unit := range isoUnits {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > (math.MaxInt64-int64(sum))/int64(unit) {
			return 0, false
		}
		sum += time.Duration(n) * unit
	}
	if fraction := parts[6]; fraction != "" {
		n, err := strconv.ParseInt(fraction+strings.Repeat("0", 9-len(fraction)), 10, 64)
		if err != nil || n > math.MaxInt64-int64(sum) {
			return 0, false
		}
		sum += time.Duration(n)
	}
	return sum, true
}
