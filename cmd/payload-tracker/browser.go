package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
)

// refusal writes the answer to a request that nobody looks into, as the API that it was meant for writes answers.
type refusal func(w http.ResponseWriter, r *http.Request, code payload.Code, message string)

// guarded lets through to an API what browsers may send, and, where tenants are told apart, who says who they are.
func (a *app) guarded(api http.Handler, refuse refusal) http.Handler {
	if a.config.tenancy == tenancyIdentity {
		api = identity.Require(api, func(w http.ResponseWriter, r *http.Request, reason string) {
			refuse(w, r, payload.CodeUnauthenticated, reason)
		})
	}
	return a.config.origins.guard(api, refuse)
}

// origins are the sites, beside our own, whose pages may use the API.
type origins struct {
	allowed    []string
	protection *http.CrossOriginProtection
}

func newOrigins(allowed []string) (origins, error) {
	o := origins{allowed: allowed, protection: http.NewCrossOriginProtection()}
	for _, origin := range allowed {
		if err := o.protection.AddTrustedOrigin(origin); err != nil || strings.Contains(origin, "*") {
			return o, fmt.Errorf("%q is no origin such as https://console.example.com", origin)
		}
	}
	return o, nil
}

// guard refuses what a page of another site sends to change something or to open a websocket, and lets the pages of
// allowed sites read the answers. Others' pages can send a GET, as any link can, and see nothing of its answer.
func (o origins) guard(next http.Handler, refuse refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(o.allowed) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if origin := r.Header.Get("Origin"); slices.Contains(o.allowed, origin) {
			share(w.Header(), origin)
			if asked := r.Header.Get("Access-Control-Request-Method"); r.Method == http.MethodOptions && asked != "" {
				preflight(w, r)
				return
			}
		}
		if o.protection.Check(asUnsafe(r)) != nil {
			refuse(w, r, payload.CodeForbidden, "pages of other sites may not ask here: CORS_ORIGINS names those that may")
			return
		}
		if isUpgrade(r) {
			// What opens the websocket compares the origin with the host alone, which a gateway may have changed.
			r = r.Clone(r.Context())
			r.Header.Del("Origin")
		}
		next.ServeHTTP(w, r)
	})
}

// share lets a page of origin read the answer, asked with the reader's cookies.
func share(header http.Header, origin string) {
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Set("Access-Control-Expose-Headers", "ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset")
}

// preflight answers what a browser asks before it sends a page's request.
func preflight(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Add("Vary", "Access-Control-Request-Headers")
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
	if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
		header.Set("Access-Control-Allow-Headers", names)
	}
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

func isUpgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// asUnsafe is r as it is to be judged: a websocket is opened by a GET, but what comes through it is anything.
func asUnsafe(r *http.Request) *http.Request {
	if !isUpgrade(r) {
		return r
	}
	judged := r.Clone(r.Context())
	judged.Method = http.MethodPost
	return judged
}
