package rest

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// limiter counts the requests of each client address within the minute of the clock.
type limiter struct {
	perMinute int
	trusted   []netip.Prefix
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
		left, reset := l.take(l.client(r))
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

// client is who asks: the peer, or whom a trusted proxy names. Each proxy adds its peer at the end of
// X-Forwarded-For, so it is read from there until an address that is no trusted proxy's; what stands before that one
// anybody may have written.
func (l *limiter) client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	client, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(forwarded) {
		if !l.trusts(client) {
			break
		}
		named, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break
		}
		client = named
	}
	return network(client)
}

func (l *limiter) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(l.trusted, func(p netip.Prefix) bool { return p.Contains(address.Unmap()) })
}

// network is the address, or the /64 of one of IPv6: a household has 2^64 of them.
func network(address netip.Addr) string {
	address = address.Unmap()
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}
