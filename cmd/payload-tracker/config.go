package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
)

// config is every setting, as read from the environment.
type config struct {
	database databaseConfig
	kafka    kafkaConfig
	graph    graphConfig
	rest     restConfig
	links    linksConfig
	rules    rulesConfig
	traces   telemetryConfig

	retention retentionConfig

	publicPort, metricsPort int
	logLevel                slog.Level
	// host is what the ports are opened on; "" is every address. Only the demo narrows it.
	host string

	shutdownDelay             time.Duration
	shutdownTimeout           time.Duration
	readTimeout, writeTimeout time.Duration
	tenancy                   string
	origins                   origins
	playground                bool
	maxRequestsPerMinute      int
	requestIDLength           int
}

// The ways to tell tenants apart, as TENANCY says.
const (
	tenancyOff      = "off"
	tenancyIdentity = "identity"
)

type databaseConfig struct {
	host, user, password, name string
	readHost                   string // of a replica; "": there is none
	readMaxLag                 time.Duration
	listenHost                 string // for the connection that hears of changes; "": host
	sslMode, sslRootCert       string
	ingestRole, readRole       string // users that migrate grants to; "": none
	port, maxConns, retries    int
	queryTimeout               time.Duration
	// dsn, when set, is used instead of all the others: the demo's database.
	dsn string
}

type kafkaConfig struct {
	brokers                                     []string
	topic, group, offsetReset                   string
	protocol, mechanism, user, password, caFile string
	tokenURL, tokenScope                        string
	sessionTimeout                              time.Duration
	maxMessageBytes, batchRows, batchBytes      int
	countOnly                                   []string
}

// graphConfig is what one GraphQL request may ask for.
type graphConfig struct {
	requestBytes, tokens, depth, complexity, aliases, directives, rootFields int
	errors, answerBytes, heldBytes, concurrent                               int
	deadline, cacheTime                                                      time.Duration
	subscriptions, subscriptionsPerConnection, statusesPerSecond             int
	introspection, suggestions, onlyTrusted                                  bool
	documents                                                                string // folder of trusted ones
}

// restConfig is where the REST routes answer, to whom, and how much.
type restConfig struct {
	prefixes       []string
	trustedProxies []netip.Prefix
	deadline       time.Duration
	lists          rest.ListsConfig
}

type linksConfig struct {
	storageBrokerURL, storageBrokerRole, requestor string
	storageBrokerTimeout                           time.Duration
	kibanaURL, kibanaIndex, kibanaServiceField     string
	jaegerURL                                      string
}

// rulesConfig is what `rules apply` writes.
type rulesConfig struct {
	opening, success, failure []string
	stallAfter, settle        time.Duration
	stallAfterService         map[string]time.Duration
	handovers                 []payload.Handover
}

func (c rulesConfig) rules() payload.Rules {
	return payload.Rules{
		Opening: c.opening, Success: c.success, Failure: c.failure,
		StallAfter: c.stallAfter, StallAfterService: c.stallAfterService,
		Handovers: c.handovers, Settle: c.settle,
	}
}

// lookup gives the value of an environment variable; os.LookupEnv, or a map in tests.
type lookup func(name string) (string, bool)

// readConfig reads the settings, from the environment and from Clowder's file below it. An empty variable counts as absent. A wrong value stops with one line that names it;
// a secret is named, never shown. A secret may also stand in the file that NAME_FILE names.
func readConfig(env lookup) (*config, error) {
	env, err := withClowder(env)
	if err != nil {
		return nil, err
	}
	c := &config{}
	for _, s := range c.settings() {
		value, _, err := s.value(env)
		if err != nil {
			return nil, err
		}
		if err := s.set(value); err != nil {
			return nil, fmt.Errorf("%s=%q: %w", s.name, s.shown(value), err)
		}
	}
	rules := c.rules.rules()
	if err := rules.Validate(); err != nil {
		return nil, fmt.Errorf("RULES_ settings: %w", err)
	}
	return c, cmp.Or(c.kafka.check(), c.retention.check(), c.traces.check())
}

// value gives what is in force, and whether it was set; else it is the default.
func (s setting) value(env lookup) (value string, set bool, err error) {
	if value, _ := env(s.name); value != "" {
		return value, true, nil
	}
	if s.also != "" {
		if value, _ := env(s.also); value != "" {
			return value, true, nil
		}
	}
	if s.secret {
		if path, _ := env(s.name + "_FILE"); path != "" {
			content, err := os.ReadFile(path)
			if err != nil {
				return "", false, fmt.Errorf("%s_FILE: %w", s.name, err)
			}
			return strings.TrimRight(string(content), "\r\n"), true, nil
		}
	}
	return s.standard, false, nil
}

// What an address may hold beside the way to its server.
var (
	passwordOfURL = regexp.MustCompile(`(://[^:@/]*:).*@|(^[^:@/]*:)[^/].*@`) // the second, where the scheme was forgotten
	queryOfURL    = regexp.MustCompile(`(://.*\?).+`)
)

// shown is a value as it may be shown: without what is secret.
func (s setting) shown(value string) string {
	if s.secret && value != "" {
		return "***"
	}
	return queryOfURL.ReplaceAllString(passwordOfURL.ReplaceAllString(value, "${1}${2}***@"), "${1}***")
}

// oneLine is the beginning of a value of many lines.
func oneLine(value string) string {
	if first, _, more := strings.Cut(value, "\n"); more {
		return first + "…"
	}
	return value
}

// warnings are settings that are accepted and have no effect.
func (c *config) warnings() []string {
	warnings := c.kafka.warnings()
	if c.requestIDLength != 32 {
		warnings = append(warnings, fmt.Sprintf("VALIDATE_REQUEST_ID_LENGTH=%d has no effect: a request id is always 32 hex digits", c.requestIDLength))
	}
	if c.graph.onlyTrusted && c.playground {
		warnings = append(warnings, "PLAYGROUND=on is of no use with TRUSTED_DOCUMENTS=only: what is written there is not answered")
	}
	return warnings
}

// DSN is how the database is reached. Whose certificate it may have is not part of it: see authorities.
func (c databaseConfig) DSN() string {
	if c.dsn != "" {
		return c.dsn
	}
	mode := c.sslMode
	if mode == "require" && c.sslRootCert != "" {
		mode = "verify-ca" // as libpq: who names authorities wants them asked
	}
	parts := []string{
		"host=" + quote(c.host), fmt.Sprintf("port=%d", c.port), "user=" + quote(c.user), "dbname=" + quote(c.name), "sslmode=" + mode,
	}
	if c.password != "" {
		parts = append(parts, "password="+quote(c.password))
	}
	return strings.Join(parts, " ")
}

// listenDSN is how the connection that hears of changes is made; "" for as the others.
func (c databaseConfig) listenDSN() string { return c.dsnAt(c.listenHost) }

// readDSN leads to the replica; "" when there is none.
func (c databaseConfig) readDSN() string { return c.dsnAt(c.readHost) }

// dsnAt is DSN with another host, and perhaps another port; "" without one.
func (c databaseConfig) dsnAt(address string) string {
	if address == "" || c.dsn != "" {
		return ""
	}
	c.host = address
	if host, port, err := net.SplitHostPort(address); err == nil {
		c.host = host
		c.port, _ = strconv.Atoi(port) // checked when it was set
	}
	return c.DSN()
}

func quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
