package identity

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func coded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestWhoMaySeeWhat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		bound bool
		org   string
	}{
		`{"identity": {"type": "Associate", "associate": {"Role": ["some-role"]}}}`:                    {},
		`{"identity": {"type": "Associate", "org_id": "7"}}`:                                           {},
		`{"identity": {"type": "User", "org_id": "7", "account_number": "1"}, "entitlements": {}}`:     {true, "7"},
		`{"identity": {"type": "ServiceAccount", "org_id": "7"}}`:                                      {true, "7"},
		`{"identity": {"type": "System", "internal": {"org_id": "7"}, "system": {"cn": "x"}}}`:         {true, "7"},
		`{"identity": {"type": "User", "org_id": "7", "internal": {"org_id": "8"}, "user": {"a": 1}}}`: {true, "7"},
	} {
		for _, value := range []string{coded(text), " " + coded(text), base64.RawStdEncoding.EncodeToString([]byte(text)), base64.URLEncoding.EncodeToString([]byte(text))} {
			caller, err := Parse(value)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if org, bound := caller.Scope().Bound(); org != want.org || bound != want.bound {
				t.Errorf("%s: bound %v to %q", text, bound, org)
			}
		}
	}
}

func TestWhoMayNotAsk(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "is missing",
		"SECRET?":                               "no base64",
		coded("SECRET"):                         "no JSON",
		coded(`{}`):                             "no JSON object with an identity",
		coded(`{"identity": null}`):             "no JSON object with an identity",
		coded(`{"identity": {"type": 7}}`):      "no JSON object with an identity",
		coded(`{"identity": {}}`):               "no type",
		coded(`{"identity": {"type": "X509"}}`): "no type",
		coded(`{"identity": {"type": "User"}}`): "names no org_id",
		coded(`{"identity": {"type": "User", "org_id": " "}}`):                           "names no org_id",
		coded(`{"identity": {"type": "associate", "org_id": "1"}}`):                      "no type",
		coded(`{"identity": {"type": "User", "associate": {"Role": ["SECRET"]}}} trail`): "no JSON",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestScopesSee(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scope Scope
		org   string
		sees  bool
	}{
		{Everything(), "7", true},
		{Everything(), "", true},
		{Org("7"), "7", true},
		{Org("7"), "8", false},
		{Org("7"), "", false},
		{Org(""), "", false},
		{Scope{}, "", false},
		{Scope{}, "7", false},
	} {
		if c.scope.Sees(c.org) != c.sees {
			t.Errorf("%+v sees %q: %v", c.scope, c.org, !c.sees)
		}
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	handler := Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, known := Of(r.Context())
		scope, scoped := ScopeOf(r.Context())
		if !known || !scoped || !caller.HasRole("some-role") || caller.HasRole("other") || !scope.Sees("7") {
			t.Errorf("%+v %+v", caller, scope)
		}
		w.WriteHeader(http.StatusOK)
	}), func(w http.ResponseWriter, _ *http.Request, reason string) {
		http.Error(w, reason, http.StatusUnauthorized)
	})
	good := coded(`{"identity": {"type": "Associate", "associate": {"Role": ["some-role"]}}}`)
	for _, c := range []struct {
		values []string
		want   int
	}{{nil, 401}, {[]string{"x"}, 401}, {[]string{good}, 200}, {[]string{good, good}, 401}} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		request.Header[Header] = c.values
		handler.ServeHTTP(recorder, request)
		if recorder.Code != c.want || recorder.Header().Get("Vary") != Header {
			t.Errorf("%v: %d", c.values, recorder.Code)
		}
	}
}
