package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// check refuses what no broker could let through.
func (c *kafkaConfig) check() error {
	if !c.sasl() {
		return nil
	}
	for setting, value := range map[string]string{"KAFKA_USERNAME": c.user, "KAFKA_PASSWORD": c.password} {
		if value == "" {
			return fmt.Errorf("%s: must be set for KAFKA_SECURITY_PROTOCOL=%s", setting, c.protocol)
		}
	}
	return nil
}

// warnings are settings that the protocol makes no use of.
func (c *kafkaConfig) warnings() (warnings []string) {
	if c.user != "" && !c.sasl() {
		warnings = append(warnings, "KAFKA_USERNAME has no effect with KAFKA_SECURITY_PROTOCOL="+c.protocol+": nobody asks who we are")
	}
	if c.caFile != "" && !c.tls() {
		warnings = append(warnings, "KAFKA_CA_FILE has no effect with KAFKA_SECURITY_PROTOCOL="+c.protocol+": nothing is encrypted")
	}
	return warnings
}

func (c *kafkaConfig) sasl() bool { return strings.HasPrefix(c.protocol, "SASL") }

func (c *kafkaConfig) tls() bool { return strings.HasSuffix(c.protocol, "SSL") }

// security gives the client options of the KAFKA_ settings for TLS and SASL; none for a plain connection.
func (c *kafkaConfig) security() ([]kgo.Opt, error) {
	var options []kgo.Opt
	if c.tls() {
		authorities, err := authorities("KAFKA_CA_FILE", c.caFile)
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities}))
	}
	if !c.sasl() {
		return options, nil
	}
	switch c.mechanism {
	case "SCRAM-SHA-256":
		return append(options, kgo.SASL(scram.Auth{User: c.user, Pass: c.password}.AsSha256Mechanism())), nil
	case "SCRAM-SHA-512":
		return append(options, kgo.SASL(scram.Auth{User: c.user, Pass: c.password}.AsSha512Mechanism())), nil
	case "OAUTHBEARER":
		if c.tokenURL == "" {
			return nil, errors.New("KAFKA_OAUTH_TOKEN_URL must say where tokens come from, for KAFKA_SASL_MECHANISM=OAUTHBEARER")
		}
		tokens := &tokenSource{url: c.tokenURL, client: c.user, secret: c.password, scope: c.tokenScope}
		return append(options, kgo.SASL(oauth.Oauth(tokens.auth))), nil
	}
	return append(options, kgo.SASL(plain.Auth{User: c.user, Pass: c.password}.AsMechanism())), nil
}

// authorities are the certificates of a setting: in the file that it names, or in the setting itself, as Clowder has
// them. None when it is empty: the system's count then.
func authorities(setting, value string) (*x509.CertPool, error) {
	if value == "" {
		return nil, nil //nolint:nilnil // what crypto/tls takes for the system's
	}
	content := []byte(value)
	if !strings.HasPrefix(value, pemStart) {
		var err error
		if content, err = os.ReadFile(value); err != nil {
			return nil, fmt.Errorf("%s: %w", setting, err)
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s=%q: holds no certificate in PEM form", setting, oneLine(value))
	}
	return pool, nil
}

const pemStart = "-----BEGIN"

// tokenSource has bearer tokens by OAuth's client credentials, and keeps one until shortly before it ends.
type tokenSource struct {
	url, client, secret, scope string

	mu    sync.Mutex
	token string
	until time.Time
}

const (
	tokenTime  = 10 * time.Second
	tokenSlack = 30 * time.Second // before its end, a token is as good as ended
	maxToken   = 1 << 20
)

func (t *tokenSource) auth(ctx context.Context) (oauth.Auth, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Now().Before(t.until) {
		return oauth.Auth{Token: t.token}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.scope != "" {
		form.Set("scope", t.scope)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form.Encode()))
	if err != nil {
		return oauth.Auth{}, fmt.Errorf("ask for a token: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(t.client), url.QueryEscape(t.secret))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the address, which may hold a secret
		}
		return oauth.Auth{}, fmt.Errorf("ask for a token: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	var given struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
		Lasts int    `json:"expires_in"`
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, maxToken)).Decode(&given)
	if err != nil || answer.StatusCode != http.StatusOK || given.Token == "" {
		return oauth.Auth{}, fmt.Errorf("no token from KAFKA_OAUTH_TOKEN_URL: %s %s", answer.Status, cmp.Or(given.Error, "without one"))
	}
	t.token, t.until = given.Token, time.Now().Add(time.Duration(given.Lasts)*time.Second-tokenSlack)
	return oauth.Auth{Token: t.token}, nil
}
