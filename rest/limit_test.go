package rest_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/rest"
)

func TestTheLimitIsByClient(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		trusted       []netip.Prefix
		first, second [2]string // peer and X-Forwarded-For
		same          bool
	}{
		"one address, two ports":          {nil, [2]string{"192.0.2.1:1", ""}, [2]string{"192.0.2.1:2", ""}, true},
		"two addresses":                   {nil, [2]string{"192.0.2.1:1", ""}, [2]string{"192.0.2.2:1", ""}, false},
		"nobody is believed":              {nil, [2]string{"10.0.0.1:1", "192.0.2.1"}, [2]string{"10.0.0.1:1", "192.0.2.2"}, true},
		"a stranger is not believed":      {trusted, [2]string{"192.0.2.9:1", "192.0.2.1"}, [2]string{"192.0.2.9:1", "192.0.2.2"}, true},
		"a proxy names two":               {trusted, [2]string{"10.0.0.1:1", "192.0.2.1"}, [2]string{"10.0.0.1:1", "192.0.2.2"}, false},
		"two proxies name one":            {trusted, [2]string{"10.0.0.1:1", "192.0.2.1"}, [2]string{"10.9.0.2:1", "192.0.2.1"}, true},
		"a proxy behind a proxy":          {trusted, [2]string{"10.0.0.1:1", "192.0.2.1, 10.0.0.7"}, [2]string{"[fd00::1]:1", "192.0.2.1"}, true},
		"what the client claims":          {trusted, [2]string{"10.0.0.1:1", "203.0.113.1, 192.0.2.1"}, [2]string{"10.0.0.1:1", "203.0.113.2, 192.0.2.1"}, true},
		"a proxy that names nobody":       {trusted, [2]string{"10.0.0.1:1", ""}, [2]string{"10.0.0.1:1", "unknown"}, true},
		"IPv4 as IPv6":                    {trusted, [2]string{"[::ffff:10.0.0.1]:1", "192.0.2.1"}, [2]string{"10.0.0.1:1", "::ffff:192.0.2.1"}, true},
		"one household of IPv6 addresses": {nil, [2]string{"[2001:db8::1]:1", ""}, [2]string{"[2001:db8::ffff:2]:1", ""}, true},
		"two households":                  {nil, [2]string{"[2001:db8:0:1::1]:1", ""}, [2]string{"[2001:db8:0:2::1]:1", ""}, false},
	} {
		handler := rest.NewHandler(rest.Config{RequestsPerMinute: 1, TrustedProxies: c.trusted, Now: func() time.Time { return noon }})
		ask := func(from [2]string) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/", nil)
			r.RemoteAddr = from[0]
			if from[1] != "" {
				r.Header.Set("X-Forwarded-For", from[1])
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, r)
			return recorder.Code
		}
		want := http.StatusOK
		if c.same {
			want = http.StatusTooManyRequests
		}
		if first, second := ask(c.first), ask(c.second); first != http.StatusOK || second != want {
			t.Errorf("%s: %d, %d, want 200, %d", name, first, second, want)
		}
	}
}
