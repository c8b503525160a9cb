package main

import (
	"strconv"
	"strings"

	"github.com/payload-tracker/payload-tracker/consumer"
	"github.com/payload-tracker/payload-tracker/payload"
)

// setting is a row of the settings table: the parser, `config` and the help read the same one.
type setting struct {
	name, standard, unit, meaning string
	also                          string // another name, read where the first is not set
	secret                        bool
	set                           func(text string) error
}

// section is some settings of one matter.
type section struct {
	title    string
	settings []setting
}

// sections are the table, bound to the fields of c.
func (c *config) sections() []section {
	return []section{
		{"PostgreSQL", c.database.settings()},
		{"Kafka", c.kafka.settings()},
		{"Retention", c.retention.settings()},
		{"The process, and who may ask", c.processSettings()},
		{"GraphQL", c.graph.settings()},
		{"REST", c.rest.settings()},
		{"Rules", c.rules.settings()},
		{"Links", c.links.settings()},
		{"Traces", c.traces.settings()},
	}
}

func (c *config) settings() []setting {
	var all []setting
	for _, s := range c.sections() {
		all = append(all, s.settings...)
	}
	return all
}

func (c *databaseConfig) settings() []setting {
	return []setting{
		{name: "DB_HOST", standard: "localhost", meaning: "PostgreSQL server", set: hosts(&c.host)},
		{name: "DB_PORT", standard: "5432", unit: "port", meaning: "its port", set: number(&c.port, 1, 65535)},
		{name: "DB_USER", standard: "postgres", meaning: "user", set: text(&c.user)},
		{name: "DB_PASSWORD", meaning: "password", secret: true, set: text(&c.password)},
		{name: "DB_NAME", standard: "payload_tracker", meaning: "database", set: text(&c.name)},
		{
			name: "DB_SSLMODE", standard: "prefer", meaning: "TLS to the database: disable, allow, prefer, require, verify-ca, verify-full",
			set: oneOf(&c.sslMode, "disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
		},
		{name: "DB_SSLROOTCERT", unit: "file", meaning: "authorities that may have signed the database's certificate, or they themselves in PEM form; the system's when empty", set: text(&c.sslRootCert)},
		{name: "DB_LISTEN_HOST", unit: "host or host:port", meaning: "the database itself, where DB_HOST is a pooler: changes are heard from there, and partitions kept", set: hostPort(&c.listenHost)},
		{name: "DB_READ_HOST", unit: "host or host:port", meaning: "a read-only replica of the database: lists and numbers over many payloads are asked there, and of DB_HOST while it is away or too far behind", set: hostPort(&c.readHost)},
		{name: "DB_READ_MAX_LAG", standard: "10s", unit: "duration", meaning: "how far behind the replica may be", set: duration(&c.readMaxLag)},
		{name: "DB_MAX_CONNECTIONS", standard: "10", meaning: "connections of one process at most", set: number(&c.maxConns, 2, 10_000)},
		{name: "DB_INGEST_ROLE", meaning: "user that consume and run connect as, where it does not own the tables: migrate up grants it what they need", set: text(&c.ingestRole)},
		{name: "DB_READ_ROLE", meaning: "user that serve connects as: migrate up grants it to read", set: text(&c.readRole)},
		{name: "DB_QUERY_TIMEOUT", standard: "5s", unit: "duration", meaning: "longest time for one question to the database", set: duration(&c.queryTimeout)},
		{name: "DB_RETRIES", standard: "3", meaning: "accepted: a database that is away is waited for, however long", set: number(&c.retries, 0, 1_000_000)},
	}
}

func (c *kafkaConfig) settings() []setting {
	return []setting{
		{name: "KAFKA_BOOTSTRAP_SERVERS", standard: "localhost:29092", unit: "list", meaning: "brokers, host:port with commas between", set: hostPorts(&c.brokers)},
		{name: "TOPIC_PAYLOAD_STATUS", standard: "platform.payload-status", meaning: "topic of the status events; dead letters go to the same name with .dlq", set: text(&c.topic)},
		{name: "KAFKA_GROUP_ID", standard: "payload_tracker", meaning: "consumer group", set: text(&c.group)},
		{name: "KAFKA_AUTO_OFFSET_RESET", standard: "earliest", meaning: "where a partition begins that neither the database nor the group has a position of: earliest or latest", set: oneOf(&c.offsetReset, "earliest", "latest")},
		{name: "KAFKA_SESSION_TIMEOUT", standard: "10s", unit: "duration", meaning: "silence after which the group gives a consumer's partitions to others", set: duration(&c.sessionTimeout)},
		{name: "KAFKA_BATCH_EVENTS", standard: strconv.Itoa(consumer.DefaultMaxRows), meaning: "events stored in one transaction, about; a few such batches are what memory holds", set: number(&c.batchRows, 1, 1_000_000)},
		{name: "KAFKA_BATCH_BYTES", standard: strconv.Itoa(consumer.DefaultMaxBytes), unit: "bytes", meaning: "the same by the size of the messages", set: number(&c.batchBytes, 1024, 1<<30)},
		{name: "KAFKA_MAX_MESSAGE_BYTES", standard: "1048576", unit: "bytes", meaning: "largest message that is read as an event", set: number(&c.maxMessageBytes, 1024, 64<<20)},
		{
			name: "COUNT_ONLY_REQUEST_IDS", unit: "list", meaning: "what producers send for want of a request id: such messages are counted and not kept as dead letters",
			set: func(value string) error { c.countOnly = split(value); return nil },
		},
		{
			name: "KAFKA_SECURITY_PROTOCOL", standard: "PLAINTEXT", meaning: "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
			set: oneOf(&c.protocol, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
		},
		{
			name: "KAFKA_SASL_MECHANISM", standard: "PLAIN", meaning: "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
			set: oneOf(&c.mechanism, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
		},
		{name: "KAFKA_USERNAME", meaning: "user for SASL; the client's id for OAUTHBEARER", set: text(&c.user)},
		{name: "KAFKA_PASSWORD", meaning: "password for SASL; the client's secret for OAUTHBEARER", secret: true, set: text(&c.password)},
		{name: "KAFKA_CA_FILE", unit: "file", meaning: "authorities that may have signed the brokers' certificates, or they themselves in PEM form; the system's when empty", set: text(&c.caFile)},
		{name: "KAFKA_OAUTH_TOKEN_URL", unit: "address", meaning: "where OAUTHBEARER has its tokens, by client credentials", set: endpointURL(&c.tokenURL)},
		{name: "KAFKA_OAUTH_SCOPE", meaning: "scope to ask for there", set: text(&c.tokenScope)},
	}
}

func (c *config) processSettings() []setting {
	return []setting{
		{name: "PUBLICPORT", standard: "8080", unit: "port", meaning: "GraphQL, REST and the web page", set: number(&c.publicPort, 1, 65535)},
		{name: "METRICSPORT", standard: "8081", unit: "port", meaning: "/metrics, /livez and /readyz", set: number(&c.metricsPort, 1, 65535)},
		{name: "LOGLEVEL", standard: "INFO", meaning: "DEBUG, INFO, WARN or ERROR", set: level(&c.logLevel)},
		{name: "SHUTDOWN_DELAY", standard: "5s", unit: "duration", meaning: "time from a signal to the end during which serve and run answer on, while /readyz says that they are ending", set: durationOrNone(&c.shutdownDelay)},
		{name: "SHUTDOWN_TIMEOUT", standard: "15s", unit: "duration", meaning: "time after that for requests under way", set: duration(&c.shutdownTimeout)},
		{name: "HTTP_READ_TIMEOUT", standard: "30s", unit: "duration", meaning: "longest time to receive a request; its headers have 5s at most", set: duration(&c.readTimeout)},
		{name: "HTTP_WRITE_TIMEOUT", standard: "1m", unit: "duration", meaning: "longest time to work on a request and send the answer; streams have it for each message", set: duration(&c.writeTimeout)},
		{
			name: "TENANCY", standard: tenancyOff, meaning: "off: who reaches the API sees all; identity: x-rh-identity is required, and customers see only their own",
			set: oneOf(&c.tenancy, tenancyOff, tenancyIdentity),
		},
		{name: "CORS_ORIGINS", unit: "list", meaning: "other sites whose pages may use the API: https://console.example.com", set: originList(&c.origins)},
		{name: "PLAYGROUND", standard: "on", meaning: "on or off: the page at /playground to try questions", set: onOff(&c.playground)},
		{name: "VALIDATE_REQUEST_ID_LENGTH", standard: "32", meaning: "accepted: a request id is always 32 hex digits", set: number(&c.requestIDLength, 0, 1_000_000)},
		{name: "MAX_REQUESTS_PER_MINUTE", standard: "3000", meaning: "REST requests per client address", set: number(&c.maxRequestsPerMinute, 1, 1_000_000_000)},
	}
}

func (c *graphConfig) settings() []setting {
	const most = 1 << 30
	return []setting{
		{name: "GRAPHQL_MAX_REQUEST_BYTES", standard: "1048576", unit: "bytes", meaning: "largest request", set: number(&c.requestBytes, 1, most)},
		{name: "GRAPHQL_MAX_TOKENS", standard: "10000", meaning: "longest document, in words and signs", set: number(&c.tokens, 1, most)},
		{name: "GRAPHQL_MAX_DEPTH", standard: "20", meaning: "fields within fields", set: number(&c.depth, 1, most)},
		{name: "GRAPHQL_MAX_COMPLEXITY", standard: "100000", meaning: "fields of the answer, by page size", set: number(&c.complexity, 1, most)},
		{name: "GRAPHQL_MAX_ALIASES", standard: "50", meaning: "aliases of a document", set: number(&c.aliases, 1, most)},
		{name: "GRAPHQL_MAX_DIRECTIVES", standard: "50", meaning: "directives of a document", set: number(&c.directives, 1, most)},
		{name: "GRAPHQL_MAX_ROOT_FIELDS", standard: "20", meaning: "questions in one request", set: number(&c.rootFields, 1, most)},
		{name: "GRAPHQL_MAX_ERRORS", standard: "10", meaning: "errors of an answer; further ones are left out", set: number(&c.errors, 1, 20)},
		{name: "GRAPHQL_MAX_ANSWER_BYTES", standard: "33554432", unit: "bytes", meaning: "largest answer", set: number(&c.answerBytes, 1, most)},
		{name: "GRAPHQL_MAX_HELD_BYTES", standard: "67108864", unit: "bytes", meaning: "messages read for questions under way, and answers not taken yet, together; further ones wait half a second", set: number(&c.heldBytes, 1, most)},
		{name: "GRAPHQL_MAX_CONCURRENT", standard: "100", meaning: "requests worked on at a time; further ones wait half a second", set: number(&c.concurrent, 1, 100_000)},
		{name: "GRAPHQL_CACHE_TIME", standard: "1s", unit: "duration", meaning: "how long a client may reuse the answer to a GET of a persisted document", set: duration(&c.cacheTime)},
		{
			name: "TRUSTED_DOCUMENTS", standard: "off", meaning: "only: nothing is answered but the page's documents and those of TRUSTED_DOCUMENTS_DIR",
			set: func(value string) error {
				c.onlyTrusted = value == "only"
				return oneOf(new(string), "off", "only")(value)
			},
		},
		{name: "TRUSTED_DOCUMENTS_DIR", unit: "folder", meaning: "documents to be asked for by documentId: .graphql files, and .json manifests {id: text}", set: text(&c.documents)},
		{name: "GRAPHQL_DEADLINE", standard: "5s", unit: "duration", meaning: "longest time for one request, its SQL included", set: duration(&c.deadline)},
		{name: "GRAPHQL_MAX_SUBSCRIPTIONS", standard: "1000", meaning: "subscriptions at a time in one process; as many websockets may be open", set: number(&c.subscriptions, 1, most)},
		{name: "GRAPHQL_MAX_SUBSCRIPTIONS_PER_CONNECTION", standard: "50", meaning: "of these on one websocket", set: number(&c.subscriptionsPerConnection, 1, most)},
		{name: "GRAPHQL_MAX_STATUSES_PER_SECOND", standard: "100", meaning: "statuses that one subscription is sent in a second; of more, a sample", set: number(&c.statusesPerSecond, 1, most)},
		{name: "GRAPHQL_INTROSPECTION", standard: "true", unit: "bool", meaning: "whether the schema may be asked for", set: boolean(&c.introspection)},
		{name: "GRAPHQL_SUGGESTIONS", standard: "true", unit: "bool", meaning: "whether errors suggest names that were perhaps meant", set: boolean(&c.suggestions)},
	}
}

func (c *restConfig) settings() []setting {
	const most = 1 << 30
	return []setting{
		{name: "REST_PREFIXES", unit: "list", meaning: "further paths below which the REST routes answer, such as /v1", set: prefixes(&c.prefixes)},
		{name: "REST_TRUSTED_PROXIES", unit: "list", meaning: "addresses or networks (10.0.0.0/8) whose X-Forwarded-For says who asks, for the limit by client", set: networks(&c.trustedProxies)},
		{name: "REST_DEADLINE", standard: "10s", unit: "duration", meaning: "longest time for one request, a list's until its first row", set: duration(&c.deadline)},
		{name: "REST_MAX_PAGE_SIZE", standard: "10000", unit: "rows", meaning: "largest page_size", set: number(&c.lists.MaxPageSize, 1, most)},
		{name: "REST_MAX_OFFSET", standard: "40000", unit: "rows", meaning: "rows before a page at most, in lists too long to be counted", set: number(&c.lists.MaxOffset, 1, most)},
		{name: "REST_EXPORT_ROWS", standard: "1000000", unit: "rows", meaning: "rows of a list as CSV or NDJSON at most; one that is cut says so", set: number(&c.lists.ExportRows, 1, most)},
		{name: "REST_EXPORT_TIMEOUT", standard: "10m", unit: "duration", meaning: "longest time for such a list", set: duration(&c.lists.ExportTimeout)},
		{name: "REST_EXPORTS", standard: "2", meaning: "such lists at once; each holds a connection of DB_MAX_CONNECTIONS", set: number(&c.lists.Exports, 1, 10_000)},
	}
}

func (c *rulesConfig) settings() []setting {
	rules := payload.DefaultRules()
	return []setting{
		{name: "RULES_OPENING_WORDS", standard: strings.Join(rules.Opening, ","), unit: "list", meaning: "status words that open a stage", set: words(&c.opening)},
		{name: "RULES_SUCCESS_WORDS", standard: strings.Join(rules.Success, ","), unit: "list", meaning: "status words that end a stage well", set: words(&c.success)},
		{name: "RULES_FAILURE_WORDS", standard: strings.Join(rules.Failure, ","), unit: "list", meaning: "status words that fail a stage", set: words(&c.failure)},
		{name: "RULES_STALL_AFTER", standard: rules.StallAfter.String(), unit: "duration", meaning: "silence after which an open payload is stalled", set: duration(&c.stallAfter)},
		{name: "RULES_STALL_AFTER_SERVICE", standard: joinLimits(rules.StallAfterService), unit: "list", meaning: "the same by service: puptoo=30m,vulnerability=2h", set: limits(&c.stallAfterService)},
		{name: "RULES_HANDOVERS", also: "HANDOVERS", standard: joinHandovers(rules.Handovers), unit: "list", meaning: "who awaits whom: ingress>puptoo,puptoo>inventory; also read as HANDOVERS", set: handovers(&c.handovers)},
		{name: "RULES_SETTLE_TIME", standard: rules.Settle.String(), unit: "duration", meaning: "quiet time after which a verdict is final", set: duration(&c.settle)},
	}
}

func (c *linksConfig) settings() []setting {
	return []setting{
		{name: "REQUESTOR_IMPL", standard: "storage-broker", meaning: "who gives archive links: storage-broker or mock", set: oneOf(&c.requestor, "storage-broker", "mock")},
		{name: "STORAGEBROKERURL", standard: "http://storage-broker-processor:8000/archive/url", unit: "address", meaning: "storage broker's route for archive links", set: endpointURL(&c.storageBrokerURL)},
		{name: "STORAGEBROKERURLROLE", standard: "platform-archive-download", meaning: "role that may have archive links", set: text(&c.storageBrokerRole)},
		{name: "STORAGEBROKERREQUESTTIMEOUT", standard: "35000", unit: "ms", meaning: "longest time for an archive link", set: milliseconds(&c.storageBrokerTimeout)},
		{name: "KIBANA_URL", unit: "address", meaning: "Kibana's discover page, for links to logs", set: endpointURL(&c.kibanaURL)},
		{name: "KIBANA_INDEX", meaning: "Kibana's index of the logs", set: text(&c.kibanaIndex)},
		{name: "KIBANA_SERVICE_FIELD", standard: "app", meaning: "field of a log line that names the service", set: text(&c.kibanaServiceField)},
		{name: "JAEGER_URL", unit: "address", meaning: "Jaeger's page, for links to traces", set: endpointURL(&c.jaegerURL)},
	}
}

func (c *telemetryConfig) settings() []setting {
	return []setting{
		{name: "OTEL_EXPORTER_OTLP_ENDPOINT", unit: "address", meaning: "collector that takes traces over OTLP: http://collector:4318; no traces when empty", set: endpointURL(&c.endpoint)},
		{name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", unit: "address", meaning: "the same, for traces alone and with its whole path", set: endpointURL(&c.tracesEndpoint)},
		{name: "OTEL_EXPORTER_OTLP_PROTOCOL", standard: protocolHTTP, meaning: "http/protobuf or grpc", set: oneOf(&c.protocol, protocolHTTP, protocolGRPC)},
		{name: "OTEL_EXPORTER_OTLP_HEADERS", unit: "list", meaning: "headers for the collector: name=value with commas between", secret: true, set: pairs(&c.headers)},
		{name: "OTEL_TRACES_EXPORTER", standard: "otlp", meaning: "otlp or none", set: oneOf(&c.exporter, "otlp", "none")},
		{name: "OTEL_TRACES_SAMPLER", standard: "parentbased_always_on", meaning: "which traces are made: " + strings.Join(samplers, ", "), set: oneOf(&c.sampler, samplers...)},
		{name: "OTEL_TRACES_SAMPLER_ARG", standard: "1", unit: "0 to 1", meaning: "how many of them, for a sampler by ratio", set: ratio(&c.samplerArg)},
		{name: "OTEL_SERVICE_NAME", meaning: "name of this service in traces; payload-tracker when empty", set: text(&c.serviceName)},
		{name: "OTEL_RESOURCE_ATTRIBUTES", unit: "list", meaning: "what else traces say of this process: name=value with commas between", set: pairs(&c.resourceAttributes)},
		{name: "OTEL_SDK_DISABLED", standard: "false", unit: "bool", meaning: "whether no traces are made at all", set: boolean(&c.disabled)},
		{name: "JOURNEY_TRACES", standard: "off", meaning: "on: each payload becomes a trace of its own when it is final, a span a stage; its id is the request id", set: onOff(&c.journeys)},
	}
}
