package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// from is an environment made of a map.
func from(values map[string]string) lookup {
	return func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := readConfig(from(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.publicPort != 8080 || c.metricsPort != 8081 || c.kafka.topic != "platform.payload-status" ||
		c.kafka.group != "payload_tracker" || c.kafka.sessionTimeout != 10*time.Second || c.maxRequestsPerMinute != 3000 ||
		c.links.storageBrokerRole != "platform-archive-download" || c.links.kibanaServiceField != "app" {
		t.Errorf("%+v", c)
	}
	want := payload.DefaultRules()
	want.Version = 0
	got := c.rules.rules()
	if len(want.StallAfterService) == 0 {
		want.StallAfterService = nil
	}
	if len(want.Handovers) == 0 {
		want.Handovers = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("rules %+v, want %+v", got, want)
	}
}

func TestSettingsAreRead(t *testing.T) {
	t.Parallel()
	c, err := readConfig(from(map[string]string{
		"DB_HOST": "db", "DB_PASSWORD": `it's a \secret`, "DB_PORT": "",
		"KAFKA_BOOTSTRAP_SERVERS": " a:9092, b:9092 ,", "LOGLEVEL": "warning", "STORAGEBROKERREQUESTTIMEOUT": "250",
		"RULES_STALL_AFTER_SERVICE": "PupToo=30m, vulnerability = 2h", "RULES_HANDOVERS": "ingress>puptoo, Puptoo > inventory",
		"VALIDATE_REQUEST_ID_LENGTH": "36", "RETENTION": "90d", "MAX_DATABASE_BYTES": "85899345920",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if want := `host='db' port=5432 user='postgres' dbname='payload_tracker' sslmode=prefer password='it\'s a \\secret'`; c.database.DSN() != want {
		t.Errorf("DSN %s, want %s", c.database.DSN(), want)
	}
	if !reflect.DeepEqual(c.kafka.brokers, []string{"a:9092", "b:9092"}) || c.logLevel.String() != "WARN" ||
		c.links.storageBrokerTimeout != 250*time.Millisecond {
		t.Errorf("%+v", c)
	}
	if got := c.retention.retention(); got != (store.Retention{Events: 90 * 24 * time.Hour, MaxBytes: 80 << 30, Rollups: 400 * 24 * time.Hour}) {
		t.Errorf("%+v", got)
	}
	rules := c.rules.rules()
	if !reflect.DeepEqual(rules.StallAfterService, map[string]time.Duration{"puptoo": 30 * time.Minute, "vulnerability": 2 * time.Hour}) ||
		!reflect.DeepEqual(rules.Handovers, []payload.Handover{{From: "ingress", To: "puptoo"}, {From: "puptoo", To: "inventory"}}) {
		t.Errorf("%+v", rules)
	}
	if warnings := c.warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], "VALIDATE_REQUEST_ID_LENGTH=36") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestHandoversAreReadByEitherName(t *testing.T) {
	t.Parallel()
	puptoo := payload.Handover{From: "ingress", To: "puptoo"}
	for _, env := range []map[string]string{
		{"HANDOVERS": "ingress>puptoo"}, {"RULES_HANDOVERS": "ingress>puptoo"}, {"RULES_HANDOVERS": "ingress>puptoo", "HANDOVERS": "a>b"},
	} {
		c, err := readConfig(from(env))
		if err != nil || !reflect.DeepEqual(c.rules.rules().Handovers, []payload.Handover{puptoo}) {
			t.Errorf("%v: %v, %v", env, c, err)
		}
	}
}

func TestAWrongValueIsNamedInOneLine(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"DB_PORT": "70000", "DB_SSLMODE": "maybe", "PUBLICPORT": "http", "KAFKA_SESSION_TIMEOUT": "10", "LOGLEVEL": "loud",
		"RULES_STALL_AFTER": "-1s", "RULES_STALL_AFTER_SERVICE": "puptoo", "RULES_HANDOVERS": "a-b", "RULES_OPENING_WORDS": ",", "RULES_SUCCESS_WORDS": "done,received",
		"STORAGEBROKERREQUESTTIMEOUT": "35s", "KAFKA_AUTO_OFFSET_RESET": "newest", "REQUESTOR_IMPL": "x", "RETENTION": "12h", "MAX_DATABASE_BYTES": "80 GB", "ROLLUP_RETENTION": "0d", "DB_PASSWORD_FILE": "/nowhere/at/all",
		"DB_HOST": "postgres:5432", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092,kafka:port", "JAEGER_URL": "jaeger:16686", "KIBANA_URL": "kibana.example.com", "STORAGEBROKERURL": "broker",
	} {
		_, err := readConfig(from(map[string]string{name: value}))
		if err == nil || !strings.HasPrefix(err.Error(), strings.TrimSuffix(name, "SUCCESS_WORDS")) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func TestKafkaWantsAUserWhereItAsksForOne(t *testing.T) {
	t.Parallel()
	for missing, env := range map[string]map[string]string{
		"KAFKA_USERNAME": {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_PASSWORD": "hunter2"},
		"KAFKA_PASSWORD": {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_USERNAME": "tracker"},
	} {
		if _, err := readConfig(from(env)); err == nil || !strings.HasPrefix(err.Error(), missing+": ") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	c, err := readConfig(from(map[string]string{"KAFKA_USERNAME": "tracker", "KAFKA_PASSWORD": "hunter2", "KAFKA_CA_FILE": "/ca.crt"}))
	if err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(c.warnings(), "\n"); !strings.Contains(said, "KAFKA_USERNAME has no effect") || !strings.Contains(said, "KAFKA_CA_FILE has no effect") {
		t.Errorf("warnings %q", said)
	}
}

func TestNumbersAreKeptAsLongAsEvents(t *testing.T) {
	t.Parallel()
	if _, err := readConfig(from(map[string]string{"RETENTION": "500d"})); err == nil || !strings.HasPrefix(err.Error(), "ROLLUP_RETENTION: ") {
		t.Error(err)
	}
	if c, err := readConfig(from(map[string]string{"RETENTION": "36h", "ROLLUP_RETENTION": "off"})); err != nil || c.retention.events != 36*time.Hour || c.retention.rollups != 0 {
		t.Errorf("%+v, %v", c.retention, err)
	}
	if c, err := readConfig(from(nil)); err != nil || !c.retention.retention().Off() {
		t.Errorf("kept for %+v, %v", c.retention, err)
	}
}

func TestSecretsAreMaskedAndMayStandInAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := from(map[string]string{"DB_PASSWORD_FILE": path, "DB_HOST": "db"})
	c, err := readConfig(env)
	if err != nil || c.database.password != "hunter2" {
		t.Errorf("%q, %v", c.database.password, err)
	}
	var out bytes.Buffer
	if err := printConfig(&out, env); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Error("the password is shown")
	}
	for _, line := range []string{`DB_PASSWORD +\*\*\* +set`, `DB_HOST +db +set`, `DB_PORT +5432 +default +port`} {
		if !regexp.MustCompile(line).Match(out.Bytes()) {
			t.Errorf("no line like %s in\n%s", line, out.String())
		}
	}
}

func TestEverySettingIsExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range new(config).settings() {
		if s.meaning == "" || seen[s.name] || strings.ToUpper(s.name) != s.name {
			t.Errorf("%+v", s)
		}
		seen[s.name] = true
	}
}

func TestClowderFillsWhatTheEnvironmentLacks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cdappconfig.json")
	content := `{"publicPort":8000,"metricsPort":9000,"logging":{"type":"null"},
		"kafka":{"brokers":[{"hostname":"k1","port":9093,"cacert":"-----BEGIN K","securityProtocol":"SASL_SSL","sasl":{"username":"u","password":"p","saslMechanism":"SCRAM-SHA-512"}},{"hostname":"k2"}],
			"topics":[{"name":"env-status","requestedName":"platform.payload-status"}]},
		"database":{"hostname":"db","port":5433,"username":"u","password":"p","name":"n","sslMode":"verify-full","rdsCa":"-----BEGIN D\nx"}}`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig(from(map[string]string{"ACG_CONFIG": path, "DB_HOST": "other", "TOPIC_PAYLOAD_STATUS": "platform.payload-status"}))
	if err != nil {
		t.Fatal(err)
	}
	if c.publicPort != 8000 || c.metricsPort != 9000 || c.kafka.topic != "env-status" ||
		!reflect.DeepEqual(c.kafka.brokers, []string{"k1:9093", "k2:9092"}) ||
		c.database.DSN() != "host='other' port=5433 user='u' dbname='n' sslmode=verify-full password='p'" ||
		c.database.sslRootCert != "-----BEGIN D\nx" || c.kafka.caFile != "-----BEGIN K" || c.kafka.protocol != "SASL_SSL" || c.kafka.mechanism != "SCRAM-SHA-512" {
		t.Errorf("%+v", c)
	}
	if _, err := readConfig(from(map[string]string{"ACG_CONFIG": path + "x"})); err == nil || !strings.HasPrefix(err.Error(), "ACG_CONFIG") {
		t.Error(err)
	}
}

// A broker that asks for a user is asked over TLS, where the file does not say how.
func TestClowderMeansTLSWhereItGivesAUser(t *testing.T) {
	t.Parallel()
	for broker, want := range map[string]string{
		`{"hostname":"k"}`: "PLAINTEXT", `{"hostname":"k","cacert":"-----BEGIN K"}`: "SSL",
		`{"hostname":"k","sasl":{"username":"u","password":"p"}}`:                                     "SASL_SSL",
		`{"hostname":"k","sasl":{"username":"u","password":"p","securityProtocol":"SASL_PLAINTEXT"}}`: "SASL_PLAINTEXT",
	} {
		path := fileOf(t, `{"kafka":{"brokers":[`+broker+`]}}`)
		c, err := readConfig(from(map[string]string{"ACG_CONFIG": path}))
		if err != nil || c.kafka.protocol != want {
			t.Errorf("%s: %v, want %s", broker, err, want)
		}
	}
}

func TestTheReferenceIsThatOfTheTable(t *testing.T) {
	t.Parallel()
	code, page, errs := runCommand(t, nil, "config", "--markdown")
	if code != 0 {
		t.Fatal(errs)
	}
	written, err := os.ReadFile("../../docs/configuration.md")
	if err != nil || string(written) != page {
		t.Errorf("docs/configuration.md is not what the settings are: run `make generate` (%v)", err)
	}
	for _, s := range new(config).settings() {
		if !strings.Contains(page, "| `"+s.name+"`") {
			t.Errorf("%s is missing", s.name)
		}
	}
}
