package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
)

// secrets are texts that nobody may find in what a process says. Each is seeded by its name.
type secrets struct {
	t      *testing.T
	seeded map[string]string
}

// seed gives a secret for one way in: no other has it, and no escape is needed to write it.
func (s *secrets) seed(way string) string {
	s.t.Helper()
	if s.seeded == nil {
		s.seeded = map[string]string{}
	}
	secret := fmt.Sprintf("sEcReT%dx%d", len(s.seeded), time.Now().UnixNano()%1_000_000)
	if s.seeded[way] != "" {
		s.t.Fatalf("%s is seeded twice", way)
	}
	s.seeded[way] = secret
	return secret
}

// check looks for each in what was said, as it is and as base64 has it wherever it begins.
func (s *secrets) check(where, said string) {
	s.t.Helper()
	for way, secret := range s.seeded {
		for _, form := range append(base64Forms(secret), secret) {
			if at := strings.Index(said, form); at >= 0 {
				s.t.Errorf("%s shows the secret of %s: …%s…", where, way, said[max(0, at-200):min(len(said), at+len(form)+40)])
				break
			}
		}
	}
}

// base64Forms are what remains of a text within base64, whatever stands before it.
func base64Forms(text string) []string {
	var forms []string
	for shift := range 3 {
		whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
		forms = append(forms, whole[4:len(whole)-4])
	}
	return forms
}

// archiveBroker answers the question for a link in every way that may go wrong, one after the other.
func archiveBroker(signed func(way string) string) http.Handler {
	var asked atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) {
		case 1:
			_ = json.NewEncoder(w).Encode(map[string]any{"url": signed("a signed link")})
		case 2:
			w.Header().Set("Location", signed("a link it redirects to"))
			w.WriteHeader(http.StatusFound)
		case 3:
			w.Header().Set("Location", "http://%zz/"+signed("a broken link it redirects to"))
			w.WriteHeader(http.StatusFound)
		case 4:
			_ = json.NewEncoder(w).Encode(map[string]any{"url": 7, "other": signed("a link in another field")})
		case 5:
			_, _ = io.WriteString(w, signed("a link that is no JSON"))
		case 6:
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, signed("an answer that is cut"))
		default:
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, signed("an error page"))
		}
	})
}

const brokerAnswers = 7

// Whatever goes wrong, what a process says holds no identity header, signed link or password.
func TestNoSecretIsEverSaid(t *testing.T) {
	t.Parallel()
	s := &secrets{t: t}
	links := httptest.NewServer(archiveBroker(func(way string) string {
		return "https://bucket.example.com/archive?X-Amz-Signature=" + s.seed(way)
	}))
	defer links.Close()
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "refused: "+r.Header.Get("X-Key"), http.StatusUnauthorized)
	}))
	defer collector.Close()
	withUser := func(address, way string) string {
		return strings.Replace(address, "http://", "http://user:"+s.seed(way)+"@", 1)
	}

	p := newProduct(t, consumertest.New(t), databaseEnv(t))
	p.env["LOGLEVEL"] = "DEBUG"
	if password := p.env["DB_PASSWORD"]; password != "" {
		s.seeded = map[string]string{"DB_PASSWORD": password}
	}
	p.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = withUser(collector.URL, "the collector's address")
	p.env["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=" + s.seed("the collector's header")
	p.env["STORAGEBROKERURL"] = withUser(links.URL, "the storage broker's address") + "/?key=" + s.seed("its query")
	p.env["KAFKA_PASSWORD"], p.env["KAFKA_USERNAME"] = s.seed("KAFKA_PASSWORD"), "user"
	said := &lockedBuffer{}
	end := p.runInto(said)
	id := "5ec4e7000000000000000000000000a1"
	p.feedSecrets(s, id)
	p.askWithSecrets(s, id)
	metrics, reasons := p.get("http://127.0.0.1:"+p.env["METRICSPORT"]+"/metrics"), p.get(p.base+"/readyz")
	links.Close()
	p.get(p.base+"/api/v1/payloads/"+id+"/archiveLink", "x-rh-identity", archiveReader(s.seed("an identity while the broker is away")))
	end()
	if !strings.Contains(said.String(), "ask the storage broker") || !strings.Contains(said.String(), "traces cannot be sent") {
		t.Error("nothing went wrong")
	}

	s.check("the log", said.String())
	s.check("/metrics", metrics)
	s.check("/readyz", reasons)
	_, out, errs := runCommand(t, p.env, "config")
	s.check("config", out+errs)
	p.failToStart(s)
}

// feedSecrets produces events and messages that are none.
func (p *product) feedSecrets(s *secrets, id string) {
	p.Helper()
	event := `{"service":"ingress","request_id":%q,"status":"received","date":"2026-03-04T05:06:07Z","org_id":"1","status_msg":%q}`
	header := []kgo.RecordHeader{{Key: "x-rh-identity", Value: []byte(s.seed("a record's header"))}}
	p.kafka.ProduceRecords(
		&kgo.Record{Value: fmt.Appendf(nil, event, id, "at https://x/?X-Amz-Signature="+s.seed("an event's message")), Headers: header},
		&kgo.Record{Value: []byte("no JSON: " + s.seed("a dead letter")), Headers: header},
		&kgo.Record{Value: fmt.Appendf(nil, event, "no id", s.seed("a dead letter's message")), Headers: header},
	)
	parsed, err := payload.ParseRequestID(id)
	if err != nil {
		p.Fatal(err)
	}
	p.await(parsed, 1)
}

// archiveReader is the identity header of one who may have archive links.
func archiveReader(secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(
		`{"identity": {"type": "Associate", "secret": "` + secret + `", "associate": {"Role": ["platform-archive-download"]}}}`))
}

// askWithSecrets asks on every route, well and badly.
func (p *product) askWithSecrets(s *secrets, id string) {
	p.Helper()
	for n := range brokerAnswers {
		p.get(p.base+"/api/v1/payloads/"+id+"/archiveLink", "x-rh-identity", archiveReader(s.seed(fmt.Sprint("an identity ", n))))
	}
	for n, path := range []string{"/api/v1/payloads", "/api/v1/statuses?sort_by=x", "/api/v1/payloads/" + id, "/api/v1/roles/archiveLink", "/nowhere", "/"} {
		query := "?token="
		if strings.Contains(path, "?") {
			query = "&token="
		}
		p.get(p.base+path+query+s.seed(fmt.Sprint("a query ", n)),
			"x-rh-identity", "not base64: "+s.seed(fmt.Sprint("a broken identity ", n)),
			"Authorization", "Bearer "+s.seed(fmt.Sprint("a bearer token ", n)), "Cookie", "session="+s.seed(fmt.Sprint("a cookie ", n)))
	}
	for n, question := range []string{
		`{"query": "{ payloads(filter: {failureMessage: {contains: \"%s\"}}) { nodes { id } } }"}`,
		`{"query": "query ($x: String) { nothing(x: $x) }", "variables": {"x": "%s"}}`, `{"query": "{ %s"}`, `{"%s`,
	} {
		request, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.base+"/graphql",
			strings.NewReader(fmt.Sprintf(question, s.seed(fmt.Sprint("a question ", n)))))
		if err != nil {
			p.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Rh-Identity", archiveReader(s.seed(fmt.Sprint("a questioner ", n))))
		send(p.T, request)
	}
	p.openSocket(`{"type": "connection_init", "payload": {"Authorization": "` + s.seed("a websocket's greeting") + `"}}`)
	p.openSocket(`{"type": "` + s.seed("a websocket's nonsense") + `"}`)
}

// openSocket sends one message and waits until the server has answered.
func (p *product) openSocket(message string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 10*time.Second)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, p.base+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		p.Fatal(err)
	}
	if answer.Body != nil {
		_ = answer.Body.Close()
	}
	defer func() { _ = conn.CloseNow() }()
	if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		p.Fatal(err)
	}
	_, _, _ = conn.Read(ctx) // an answer, or its end
}

// get asks, whatever is answered.
func (p *product) get(address string, headers ...string) string {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	_, text := send(p.T, request)
	return text
}

// failToStart starts with settings that are wrong, and with servers that are away or refuse.
func (p *product) failToStart(s *secrets) {
	p.Helper()
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer tokens.Close()
	nobody := "127.0.0.1:" + freePort(p.T)
	for what, wrong := range map[string]map[string]string{
		"a wrong password setting":     {"OTEL_EXPORTER_OTLP_HEADERS": s.seed("headers that cannot be read"), "OTEL_EXPORTER_OTLP_ENDPOINT": ""},
		"a wrong address":              {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector://user:" + s.seed("a wrong address") + "@host"},
		"an address of no kind":        {"OTEL_EXPORTER_OTLP_ENDPOINT": "user:" + s.seed("an address of no kind") + "@collector:4318"},
		"a DSN for a host":             {"DB_HOST": "postgres://user:" + s.seed("a DSN for a host") + "@host/db"},
		"a user in a broker's address": {"KAFKA_BOOTSTRAP_SERVERS": "user:" + s.seed("a user in a broker's address") + "@kafka:9092"},
		"a password file not there":    {"DB_PASSWORD": "", "DB_PASSWORD_FILE": "/nowhere", "KAFKA_PASSWORD": s.seed("another password")},
		"servers that are away":        {"DB_PORT": freePort(p.T), "KAFKA_BOOTSTRAP_SERVERS": nobody, "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
		"a broker that wants none":     {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_PASSWORD": s.seed("a password nobody wants")},
		"tokens that are not given":    {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "OAUTHBEARER", "KAFKA_OAUTH_TOKEN_URL": tokens.URL + "/?key=" + s.seed("the query of tokens")},
		"tokens from nobody":           {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "OAUTHBEARER", "KAFKA_OAUTH_TOKEN_URL": "http://user:" + s.seed("the user of tokens") + "@" + nobody + "/?key=" + s.seed("the query of no tokens")},
		"a database that is not there": {"DB_NAME": "none"},
		"a database that refuses":      {"DB_PASSWORD": "it's " + s.seed("a wrong password") + ` \here`},
	} {
		env := map[string]string{}
		for name, value := range p.env {
			env[name] = value
		}
		for name, value := range wrong {
			env[name] = value
		}
		ctx, cancel := context.WithTimeout(p.Context(), time.Second)
		said := &lockedBuffer{}
		dispatch(ctx, streams{env: from(env), out: said, err: said}, []string{"run"})
		cancel()
		if said.String() == "" {
			p.Errorf("%s: nothing is said", what)
		}
		s.check(what, said.String())
	}
	for name, value := range map[string]string{
		"STORAGEBROKERURL": "http://user:" + s.seed("config: the broker") + "@host", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:" + s.seed("config: the collector") + "@host",
		"KAFKA_OAUTH_TOKEN_URL": (&url.URL{Scheme: "http", Host: "host", User: url.UserPassword("user", s.seed("config: tokens"))}).String(),
	} {
		_, out, errs := runCommand(p.T, map[string]string{name: value}, "config")
		s.check("config with "+name, out+errs)
	}
}
