package rest

import (
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// limiter counts the requests of each client address within the minute of the clock.
type limiter struct {
	perMinute int
	now       func() time.Time

	mu     sync.Mutex
	minute time.Time
	counts map[string]int
}

// take counts a request and says how many are left in this minute, negative when it is one too many, and when the
// next minute begins.
func (l *limiter) take(client string) (left int, reset time.Time) {
	minute := l.now().Truncate(time.Minute)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !minute.Equal(l.minute) {
		l.minute, l.counts = minute, map[string]int{}
	}
	l.counts[client]++
	return l.perMinute - l.counts[client], minute.Add(time.Minute)
}

// limit refuses what is past the limit, and tells every caller where it stands.
func (l *limiter) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			client = r.RemoteAddr
		}
		left, reset := l.take(client)
		header := w.Header()
		header.Set("X-RateLimit-Limit", strconv.Itoa(l.perMinute))
		header.Set("X-RateLimit-Remaining", strconv.Itoa(max(left, 0)))
		header.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
		if left < 0 {
			header.Set("Retry-After", strconv.Itoa(1+int(reset.Sub(l.now()).Seconds())))
			status := httpStatus[payload.CodeThrottled]
			writeFault(w, status, http.StatusText(status))
			return
		}
		next.ServeHTTP(w, r)
	})
}
