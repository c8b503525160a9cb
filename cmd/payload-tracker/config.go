package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// config is every setting, as read from the environment.
type config struct {
	database databaseConfig
	kafka    kafkaConfig
	links    linksConfig
	rules    rulesConfig

	publicPort, metricsPort int
	logLevel                slog.Level
	// host is what the ports are opened on; "" is every address. Only the demo narrows it.
	host string

	shutdownTimeout      time.Duration
	maxRequestsPerMinute int
	requestIDLength      int
}

type databaseConfig struct {
	host, user, password, name string
	sslMode, sslRootCert       string
	port, maxConns, retries    int
	queryTimeout               time.Duration
	// dsn, when set, is used instead of all the others: the demo's database.
	dsn string
}

type kafkaConfig struct {
	brokers                                     []string
	topic, group, offsetReset                   string
	protocol, mechanism, user, password, caFile string
	sessionTimeout                              time.Duration
	maxMessageBytes                             int
	countOnly                                   []string
}

type linksConfig struct {
	storageBrokerURL, storageBrokerRole, requestor string
	storageBrokerTimeout                           time.Duration
	kibanaURL, kibanaIndex, kibanaServiceField     string
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

// setting is a row of the settings table: the parser, `config` and the help read the same one.
type setting struct {
	name, standard, unit, meaning string
	secret                        bool
	set                           func(text string) error
}

// settings is the table, bound to the fields of c.
func (c *config) settings() []setting {
	rules := payload.DefaultRules()
	return []setting{
		{name: "DB_HOST", standard: "localhost", meaning: "PostgreSQL server", set: text(&c.database.host)},
		{name: "DB_PORT", standard: "5432", unit: "port", meaning: "its port", set: number(&c.database.port, 1, 65535)},
		{name: "DB_USER", standard: "postgres", meaning: "user", set: text(&c.database.user)},
		{name: "DB_PASSWORD", meaning: "password", secret: true, set: text(&c.database.password)},
		{name: "DB_NAME", standard: "payload_tracker", meaning: "database", set: text(&c.database.name)},
		{name: "DB_SSLMODE", standard: "prefer", meaning: "TLS to the database: disable, allow, prefer, require, verify-ca, verify-full",
			set: oneOf(&c.database.sslMode, "disable", "allow", "prefer", "require", "verify-ca", "verify-full")},
		{name: "DB_SSLROOTCERT", unit: "file", meaning: "authorities that may have signed the database's certificate", set: text(&c.database.sslRootCert)},
		{name: "DB_MAX_CONNECTIONS", standard: "10", meaning: "connections of one process at most", set: number(&c.database.maxConns, 2, 10_000)},
		{name: "DB_QUERY_TIMEOUT", standard: "5s", unit: "duration", meaning: "longest time for one question to the database", set: duration(&c.database.queryTimeout)},
		{name: "DB_RETRIES", standard: "3", meaning: "accepted: a database that is away is waited for, however long", set: number(&c.database.retries, 0, 1_000_000)},

		{name: "KAFKA_BOOTSTRAP_SERVERS", standard: "localhost:29092", unit: "list", meaning: "brokers, host:port with commas between", set: list(&c.kafka.brokers)},
		{name: "TOPIC_PAYLOAD_STATUS", standard: "platform.payload-status", meaning: "topic of the status events; dead letters go to the same name with .dlq", set: text(&c.kafka.topic)},
		{name: "KAFKA_GROUP_ID", standard: "payload_tracker", meaning: "consumer group", set: text(&c.kafka.group)},
		{name: "KAFKA_AUTO_OFFSET_RESET", standard: "latest", meaning: "where a new group begins: earliest or latest", set: oneOf(&c.kafka.offsetReset, "earliest", "latest")},
		{name: "KAFKA_SESSION_TIMEOUT", standard: "10s", unit: "duration", meaning: "silence after which the group gives a consumer's partitions to others", set: duration(&c.kafka.sessionTimeout)},
		{name: "KAFKA_MAX_MESSAGE_BYTES", standard: "1048576", unit: "bytes", meaning: "largest message that is read as an event", set: number(&c.kafka.maxMessageBytes, 1024, 64<<20)},
		{name: "COUNT_ONLY_REQUEST_IDS", unit: "list", meaning: "what producers send for want of a request id: such messages are counted and not kept as dead letters",
			set: func(value string) error { c.kafka.countOnly = split(value); return nil }},
		{name: "KAFKA_SECURITY_PROTOCOL", standard: "PLAINTEXT", meaning: "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
			set: oneOf(&c.kafka.protocol, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")},
		{name: "KAFKA_SASL_MECHANISM", standard: "PLAIN", meaning: "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
			set: oneOf(&c.kafka.mechanism, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")},
		{name: "KAFKA_USERNAME", meaning: "user for SASL", set: text(&c.kafka.user)},
		{name: "KAFKA_PASSWORD", meaning: "password for SASL", secret: true, set: text(&c.kafka.password)},
		{name: "KAFKA_CA_FILE", unit: "file", meaning: "authorities that may have signed the brokers' certificates; the system's when empty", set: text(&c.kafka.caFile)},

		{name: "PUBLICPORT", standard: "8080", unit: "port", meaning: "GraphQL, REST and the web page", set: number(&c.publicPort, 1, 65535)},
		{name: "METRICSPORT", standard: "8081", unit: "port", meaning: "/metrics, /livez and /readyz", set: number(&c.metricsPort, 1, 65535)},
		{name: "LOGLEVEL", standard: "INFO", meaning: "DEBUG, INFO, WARN or ERROR", set: level(&c.logLevel)},
		{name: "SHUTDOWN_TIMEOUT", standard: "15s", unit: "duration", meaning: "time for requests under way when the process ends", set: duration(&c.shutdownTimeout)},

		{name: "RULES_OPENING_WORDS", standard: strings.Join(rules.Opening, ","), unit: "list", meaning: "status words that open a stage", set: words(&c.rules.opening)},
		{name: "RULES_SUCCESS_WORDS", standard: strings.Join(rules.Success, ","), unit: "list", meaning: "status words that end a stage well", set: words(&c.rules.success)},
		{name: "RULES_FAILURE_WORDS", standard: strings.Join(rules.Failure, ","), unit: "list", meaning: "status words that fail a stage", set: words(&c.rules.failure)},
		{name: "RULES_STALL_AFTER", standard: rules.StallAfter.String(), unit: "duration", meaning: "silence after which an open payload is stalled", set: duration(&c.rules.stallAfter)},
		{name: "RULES_STALL_AFTER_SERVICE", standard: joinLimits(rules.StallAfterService), unit: "list", meaning: "the same by service: puptoo=30m,vulnerability=2h", set: limits(&c.rules.stallAfterService)},
		{name: "RULES_HANDOVERS", standard: joinHandovers(rules.Handovers), unit: "list", meaning: "who awaits whom: ingress>puptoo,puptoo>inventory", set: handovers(&c.rules.handovers)},
		{name: "RULES_SETTLE_TIME", standard: rules.Settle.String(), unit: "duration", meaning: "quiet time after which a verdict is final", set: duration(&c.rules.settle)},

		{name: "VALIDATE_REQUEST_ID_LENGTH", standard: "32", meaning: "accepted: a request id is always 32 hex digits", set: number(&c.requestIDLength, 0, 1_000_000)},
		{name: "MAX_REQUESTS_PER_MINUTE", standard: "3000", meaning: "REST requests per client address", set: number(&c.maxRequestsPerMinute, 1, 1_000_000_000)},
		{name: "REQUESTOR_IMPL", standard: "storage-broker", meaning: "who gives archive links: storage-broker or mock", set: oneOf(&c.links.requestor, "storage-broker", "mock")},
		{name: "STORAGEBROKERURL", standard: "http://storage-broker-processor:8000/archive/url", meaning: "storage broker's route for archive links", set: text(&c.links.storageBrokerURL)},
		{name: "STORAGEBROKERURLROLE", standard: "platform-archive-download", meaning: "role that may have archive links", set: text(&c.links.storageBrokerRole)},
		{name: "STORAGEBROKERREQUESTTIMEOUT", standard: "35000", unit: "ms", meaning: "longest time for an archive link", set: milliseconds(&c.links.storageBrokerTimeout)},
		{name: "KIBANA_URL", meaning: "Kibana's discover page, for links to logs", set: text(&c.links.kibanaURL)},
		{name: "KIBANA_INDEX", meaning: "Kibana's index of the logs", set: text(&c.links.kibanaIndex)},
		{name: "KIBANA_SERVICE_FIELD", standard: "app", meaning: "field of a log line that names the service", set: text(&c.links.kibanaServiceField)},
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
			if s.secret {
				value = "***"
			}
			return nil, fmt.Errorf("%s=%q: %w", s.name, value, err)
		}
	}
	rules := c.rules.rules()
	if err := rules.Validate(); err != nil {
		return nil, fmt.Errorf("RULES_ settings: %w", err)
	}
	return c, nil
}

// value gives what is in force, and whether it was set; else it is the default.
func (s setting) value(env lookup) (value string, set bool, err error) {
	if value, _ := env(s.name); value != "" {
		return value, true, nil
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

// printConfig writes the settings in force, secrets masked, and what each means.
func printConfig(w io.Writer, env lookup) error {
	if _, err := readConfig(env); err != nil {
		return err
	}
	env, err := withClowder(env)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVALUE\tFROM\tUNIT\tMEANING")
	for _, s := range new(config).settings() {
		value, set, err := s.value(env)
		if err != nil {
			return err
		}
		from := "default"
		if set {
			from = "set"
		}
		if s.secret && value != "" {
			value = "***"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.name, cmp.Or(value, "-"), from, cmp.Or(s.unit, "text"), s.meaning)
	}
	return table.Flush()
}

// warnings are settings that are accepted and have no effect.
func (c *config) warnings() []string {
	if c.requestIDLength != 32 {
		return []string{fmt.Sprintf("VALIDATE_REQUEST_ID_LENGTH=%d has no effect: a request id is always 32 hex digits", c.requestIDLength)}
	}
	return nil
}

// DSN is how the database is reached.
func (d databaseConfig) DSN() string {
	if d.dsn != "" {
		return d.dsn
	}
	parts := []string{
		"host=" + quote(d.host), fmt.Sprintf("port=%d", d.port), "user=" + quote(d.user), "dbname=" + quote(d.name), "sslmode=" + d.sslMode,
	}
	if d.password != "" {
		parts = append(parts, "password="+quote(d.password))
	}
	if d.sslRootCert != "" {
		parts = append(parts, "sslrootcert="+quote(d.sslRootCert))
	}
	return strings.Join(parts, " ")
}

func quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
