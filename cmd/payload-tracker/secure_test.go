package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/pgserver"
)

// authority signs certificates.
type authority struct {
	pem  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t), cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// server is a certificate for 127.0.0.1, and its key.
func (a *authority) server(t *testing.T) (cert, key string) {
	t.Helper()
	own := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a.cert, own.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// fileOf is a file with a text.
func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startTLS is a PostgreSQL that takes connections of its user over TLS only; its settings have no authority yet.
func startTLS(t *testing.T, cert, key string) map[string]string {
	t.Helper()
	server, err := pgserver.Start(t.Context(), pgserver.Config{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	conn, err := pgx.Connect(t.Context(), server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	// The server writes them itself: they are its own then, as it demands.
	for name, content := range map[string]string{"server.crt": cert, "server.key": key} {
		if _, err := conn.Exec(t.Context(), "COPY (SELECT unnest(string_to_array("+quoteSQL(strings.TrimSpace(content))+", E'\\n'))) TO PROGRAM 'umask 077; cat > "+name+"'"); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{
		"ALTER SYSTEM SET ssl = on",
		"COPY (SELECT unnest(ARRAY['hostssl all secure 127.0.0.1/32 trust', 'local all all trust'])) TO PROGRAM 'cat > pg_hba.conf'",
		"CREATE USER secure SUPERUSER",
		"SELECT pg_reload_conf()",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	env := settingsOf(t, server.DSN("postgres"))
	env["DB_USER"], env["DB_PASSWORD"] = "secure", ""
	return env
}

func quoteSQL(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func TestDatabaseOverTLS(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t), newAuthority(t)
	cert, key := ours.server(t)
	env := startTLS(t, cert, key)
	for _, c := range []struct {
		mode, host, authority string
		amiss                 string // "": nothing
	}{
		{"verify-full", "127.0.0.1", fileOf(t, ours.pem), ""}, // first: it waits until the server has read its settings
		{"verify-full", "127.0.0.1", ours.pem, ""},
		{"verify-ca", "localhost", ours.pem, ""},
		{"require", "127.0.0.1", "", ""},
		{"verify-full", "localhost", ours.pem, "its certificate is for another name"},
		{"verify-full", "127.0.0.1", others.pem, "its certificate is not trusted"},
		{"verify-full", "127.0.0.1", "", "its certificate is not trusted"},
		{"require", "127.0.0.1", others.pem, "its certificate is not trusted"},
		{"disable", "127.0.0.1", "", "not without TLS"},
	} {
		env["DB_SSLMODE"], env["DB_HOST"], env["DB_SSLROOTCERT"] = c.mode, c.host, c.authority
		config, err := readConfig(from(env))
		if err != nil {
			t.Fatal(err)
		}
		a, err := buildApp(t.Context(), config, new(lockedBuffer))
		if err != nil {
			t.Fatal(err)
		}
		// It has no schema: what counts is whether it answers.
		answers := func() error {
			if err := a.store.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "no schema") {
				return errors.Join(errors.New("it does not answer"), err)
			}
			return nil
		}
		if c.amiss == "" {
			consumertest.Wait(t, c.mode, answers)
			checkListener(t, a, strings.Replace(config.database.DSN(), c.mode, "require", 1))
		} else if err := a.store.Ready(t.Context()); err == nil || !strings.HasSuffix(err.Error(), c.amiss) {
			t.Errorf("%+v: %v", c, err)
		}
		a.close()
	}
	config, err := readConfig(from(map[string]string{"DB_SSLROOTCERT": fileOf(t, "no certificate")}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := buildApp(t.Context(), config, new(lockedBuffer)); err == nil || !strings.HasPrefix(err.Error(), "DB_SSLROOTCERT=") {
		t.Error(err)
	}
}

// checkListener: the connection that hears of changes is secured as the others.
func checkListener(t *testing.T, a *app, dsn string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.store.Listen(ctx, func(store.Notice) {}) }()
	consumertest.Wait(t, "listener", func() error {
		secured := oneRow[struct{ N int }](t, dsn, `SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'payload-tracker listen'`)
		if secured.N == 0 {
			return errors.New("none is connected over TLS")
		}
		return nil
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestKafkaOverTLSWithPasswords(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	cert, key := ours.server(t)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser(mechanism, "tracker", "secret"),
			kfake.TLS(&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		env := map[string]string{
			"KAFKA_BOOTSTRAP_SERVERS": cluster.ListenAddrs()[0], "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": mechanism,
			"KAFKA_USERNAME": "tracker", "KAFKA_PASSWORD_FILE": fileOf(t, "secret\n"), "KAFKA_CA_FILE": fileOf(t, ours.pem),
		}
		if err := ping(t, env); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		for name, wrong := range map[string]string{
			"KAFKA_PASSWORD": "guess", "KAFKA_CA_FILE": newAuthority(t).pem, "KAFKA_SECURITY_PROTOCOL": "SSL",
		} {
			worse := map[string]string{name: wrong}
			for other, value := range env {
				if worse[other] == "" {
					worse[other] = value
				}
			}
			if ping(t, worse) == nil {
				t.Errorf("%s: a wrong %s is let through", mechanism, name)
			}
		}
	}
}

// ping asks a broker for its topics, as the settings say.
func ping(t *testing.T, env map[string]string) error {
	t.Helper()
	config, err := readConfig(from(env))
	if err != nil {
		t.Fatal(err)
	}
	options, err := config.kafka.security()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(config.kafka.brokers...), kgo.RequestRetries(0))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return client.Ping(ctx)
}

func TestTokensForKafka(t *testing.T) {
	t.Parallel()
	asked := 0
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		user, password, _ := r.BasicAuth()
		if user != "tracker" || password != "secret" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka" {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]any{"error": "invalid_client"})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "the-token", "expires_in": 300})
	}))
	defer issuer.Close()
	env := map[string]string{
		"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "OAUTHBEARER", "KAFKA_USERNAME": "tracker", "KAFKA_PASSWORD": "secret",
		"KAFKA_OAUTH_TOKEN_URL": issuer.URL, "KAFKA_OAUTH_SCOPE": "kafka",
	}
	config, err := readConfig(from(env))
	if err != nil {
		t.Fatal(err)
	}
	k := config.kafka
	tokens := &tokenSource{url: k.tokenURL, client: k.user, secret: k.password, scope: k.tokenScope}
	for range 2 {
		if given, err := tokens.auth(t.Context()); err != nil || given.Token != "the-token" {
			t.Errorf("%+v %v", given, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times for a token that lasts", asked)
	}
	tokens.until = time.Now()
	if _, err := tokens.auth(t.Context()); err != nil || asked != 2 {
		t.Errorf("asked %d times after the token's end: %v", asked, err)
	}
	wrong := &tokenSource{url: k.tokenURL, client: k.user, secret: "guess"}
	if _, err := wrong.auth(t.Context()); err == nil || !strings.Contains(err.Error(), "invalid_client") || strings.Contains(err.Error(), "guess") {
		t.Error(err)
	}
	if options, err := k.security(); err != nil || len(options) != 1 {
		t.Errorf("%d options, %v", len(options), err)
	}
	k.tokenURL = ""
	if _, err := k.security(); err == nil || !strings.HasPrefix(err.Error(), "KAFKA_OAUTH_TOKEN_URL") {
		t.Error(err)
	}
}
