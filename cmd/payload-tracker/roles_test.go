package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/payload/sample"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// household is a database with the three users of SECURITY.md, made as it says.
type household struct {
	*testing.T
	dsn, suffix string
	env         map[string]string // of the owner
}

func newHousehold(t *testing.T) *household {
	t.Helper()
	h := &household{T: t, suffix: "_" + strings.ToLower(rand.Text())}
	t.Cleanup(h.dropRoles) // after the database, in which they own and may
	h.dsn = storetest.Empty(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sql\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("SECURITY.md has no SQL")
	}
	sql := regexp.MustCompile(`payload_tracker_(migrate|ingest|read)`).ReplaceAllString(string(block[1]), "${0}"+h.suffix)
	database := strings.TrimPrefix(h.address().Path, "/")
	sql = strings.Replace(sql, "DATABASE payload_tracker ", "DATABASE "+database+" ", 1)
	if _, err := storetest.Conn(t, h.dsn).Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	h.env = h.as("migrate", "change-me-1")
	h.env["DB_INGEST_ROLE"], h.env["DB_READ_ROLE"] = "payload_tracker_ingest"+h.suffix, "payload_tracker_read"+h.suffix
	return h
}

func (h *household) address() *url.URL {
	h.Helper()
	address, err := url.Parse(h.dsn)
	if err != nil {
		h.Fatal(err)
	}
	return address
}

func (h *household) dropRoles() {
	address := h.address()
	address.Path = "/postgres"
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.Context()), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, address.String())
	if err != nil {
		h.Error(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, role := range []string{"migrate", "ingest", "read"} {
		if _, err := conn.Exec(ctx, "DROP ROLE payload_tracker_"+role+h.suffix); err != nil {
			h.Error(err)
		}
	}
}

// as is the settings of one of the users.
func (h *household) as(role, password string) map[string]string {
	env := settingsOf(h.T, h.dsn)
	env["DB_USER"], env["DB_PASSWORD"] = "payload_tracker_"+role+h.suffix, password
	return env
}

// start runs a command until the test ends, and waits until it is ready.
func (h *household) start(command string, env map[string]string) (out *lockedBuffer) {
	h.Helper()
	env["PUBLICPORT"], env["METRICSPORT"], env["SHUTDOWN_DELAY"] = freePort(h.T), freePort(h.T), "0"
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.Context()))
	out, ended := &lockedBuffer{}, make(chan int, 1)
	go func() { ended <- dispatch(ctx, streams{env: from(env), out: out, err: out}, []string{command}) }()
	h.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			h.Errorf("%s ended with %d: %s", command, code, out)
		}
	})
	consumertest.Wait(h.T, command+" ready", func() error { return wantReason(h.T, env, "", "") })
	return out
}

// conn is a connection as one of the users.
func (h *household) conn(env map[string]string) *pgx.Conn {
	h.Helper()
	address := h.address()
	address.User = url.UserPassword(env["DB_USER"], env["DB_PASSWORD"])
	return storetest.Conn(h.T, address.String())
}

// mayNot: PostgreSQL refuses each statement for want of a right.
func (h *household) mayNot(env map[string]string, statements ...string) {
	h.Helper()
	conn := h.conn(env)
	for _, statement := range statements {
		_, err := conn.Exec(h.Context(), statement)
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42501" {
			h.Errorf("%s may %s: %v", env["DB_USER"], statement, err)
		}
	}
}

// All that is done day by day is done by users that can do no more.
func TestEachUserMayDoItsWorkAndNoMore(t *testing.T) {
	t.Parallel()
	h, kafka := newHousehold(t), consumertest.New(t)
	owner := &product{T: t, env: h.env}
	owner.command("migrate", "up")
	owner.env["RULES_HANDOVERS"] = joinHandovers(sample.Rules().Handovers)
	owner.command("rules", "apply")
	ingest, read := h.as("ingest", "change-me-2"), h.as("read", "change-me-3")
	ingest["KAFKA_BOOTSTRAP_SERVERS"], read["KAFKA_BOOTSTRAP_SERVERS"] = kafka.Addr(), kafka.Addr()
	ingest["OTEL_EXPORTER_OTLP_ENDPOINT"], ingest["JOURNEY_TRACES"] = "http://127.0.0.1:1", "on"
	said := []*lockedBuffer{h.start("consume", ingest), h.start("serve", read)}

	p := &product{T: t, kafka: kafka, env: read, base: "http://127.0.0.1:" + read["PUBLICPORT"]}
	p.work(h)
	(&product{T: t, env: maps.Clone(ingest)}).command("rollups", "rebuild")
	(&product{T: t, env: maps.Clone(ingest)}).command("dead-letters", "list")
	h.env["RETENTION"] = "30d"
	owner.command("retention")
	if left := oneRow[struct{ N int }](t, h.dsn, `SELECT count(*) FROM payload_statuses WHERE date < now() - interval '40 days'`); left.N > 0 {
		t.Errorf("%d old events are left", left.N)
	}
	h.checkRights(ingest, read)
	for _, out := range said {
		for _, complaint := range []string{"permission denied", "must be owner", "42501"} {
			if strings.Contains(out.String(), complaint) {
				t.Errorf("%s:\n%s", complaint, out)
			}
		}
	}
}

// What one user has made is handed over to three, as SECURITY.md says.
func TestOneUserBecomesThree(t *testing.T) {
	t.Parallel()
	h := newHousehold(t)
	former := "payload_tracker" + h.suffix
	database := strings.TrimPrefix(h.address().Path, "/")
	admin := storetest.Conn(t, h.dsn)
	exec := func(sql string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE ROLE " + former + " LOGIN PASSWORD 'change-me-0'")
	exec("ALTER DATABASE " + database + " OWNER TO " + former)
	one := &product{T: t, env: settingsOf(t, h.dsn)}
	one.env["DB_USER"], one.env["DB_PASSWORD"] = former, "change-me-0"
	one.command("migrate", "up")

	page, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	hand := regexp.MustCompile("REASSIGN OWNED BY (payload_tracker) TO (payload_tracker_migrate);").FindString(string(page))
	exec(regexp.MustCompile(`payload_tracker(_migrate)?`).ReplaceAllString(hand, "${0}"+h.suffix))
	exec("DROP ROLE " + former)
	owner := &product{T: t, env: h.env}
	owner.command("migrate", "down", "--dev")
	owner.command("migrate", "up")
	owner.env["RETENTION"] = "30d"
	owner.command("retention")
	h.mayNot(h.as("read", "change-me-3"), "DELETE FROM payloads")
}

// work has events of all kinds come in, and asks everything.
func (p *product) work(h *household) {
	p.Helper()
	var records []*kgo.Record
	var last payload.RequestID
	generator := sample.New(5, sample.Config{Failed: 0.5, Retried: 0.2, Repeated: 0.2})
	for n := range 20 {
		journey := generator.Journey(time.Now().Add(-time.Duration(n) * time.Minute))
		last = journey.RequestID
		for _, message := range journey.Events {
			records = append(records, &kgo.Record{Key: message.Key, Value: message.Value})
		}
	}
	for _, date := range []string{"2150-05-06T07:08:09Z", time.Now().AddDate(0, 0, -60).UTC().Format(time.RFC3339)} { // days without a partition
		records = append(records, &kgo.Record{Value: fmt.Appendf(nil, `{"service":"ingress","request_id":%q,"status":"received","date":%q}`, last, date)})
	}
	p.kafka.ProduceRecords(append(records, &kgo.Record{Value: []byte("no event")})...)
	awaitPositions(p.T, p.kafka, h.dsn)
	consumertest.Wait(p.T, "numbers", func() error {
		if waiting := oneRow[struct{ N int }](p.T, h.dsn, `SELECT count(*) FROM rollup_deltas`); waiting.N > 0 {
			return fmt.Errorf("%d batches are not counted yet", waiting.N)
		}
		return nil
	})
	for field, asked := range rootFields {
		body, err := json.Marshal(map[string]string{"query": asked.question})
		if err != nil {
			p.Fatal(err)
		}
		request, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.base+"/graphql", bytes.NewReader(body))
		if err != nil {
			p.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if code, text := send(p.T, request); code != http.StatusOK || strings.Contains(text, "UNAVAILABLE") || strings.Contains(text, "INTERNAL") {
			p.Errorf("%s: %d %s", field, code, text)
		}
	}
	for _, path := range []string{"/payloads", "/payloads/" + last.String(), "/statuses", "/stats?stat=SuccessRate"} {
		if text := p.get(p.base + "/api/v1" + path); strings.Contains(text, `"status":500`) || strings.Contains(text, `"status":503`) {
			p.Errorf("%s: %s", path, text)
		}
	}
	consumertest.Wait(p.T, "metrics", func() error {
		text := p.get("http://127.0.0.1:" + p.env["METRICSPORT"] + "/metrics")
		for _, line := range []string{"payload_tracker_listening 1", "payload_tracker_database_bytes", "payload_tracker_payloads_stalled"} {
			if !strings.Contains(text, "\n"+line) {
				return fmt.Errorf("no %s", line)
			}
		}
		return nil
	})
}

func (h *household) checkRights(ingest, read map[string]string) {
	h.Helper()
	rows, err := storetest.Conn(h.T, h.dsn).Query(h.Context(), `SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`)
	if err != nil {
		h.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		h.Fatalf("%q, %v", tables, err)
	}
	slices.Sort(tables)
	for _, table := range tables {
		h.mayNot(read, "INSERT INTO "+table+" DEFAULT VALUES", "DELETE FROM "+table)
		for _, env := range []map[string]string{ingest, read} {
			h.mayNot(env, "DROP TABLE "+table, "TRUNCATE "+table, "ALTER TABLE "+table+" ADD COLUMN x integer")
		}
	}
	h.mayNot(read, `UPDATE payloads SET org_id = ''`, `SELECT nextval('payloads_id_seq')`, `SELECT make_partition('payload_statuses_1', '2160-01-01', '2160-01-02')`, `CREATE TABLE x ()`)
	h.mayNot(ingest, `DELETE FROM payloads`, `DELETE FROM payload_statuses`, `UPDATE payload_statuses SET message = ''`, `UPDATE rules SET version = 9`,
		`UPDATE retention SET horizon = now()`, `CREATE TABLE x ()`, `DROP FUNCTION make_partition`, "SET ROLE payload_tracker_migrate"+h.suffix)
	for _, nonsense := range []string{
		`'payloads', '2160-01-01', '2160-01-02'`, `'payload_statuses_1; x', '2160-01-01', '2160-01-02'`,
		`'payload_statuses_1', '2160-01-01', '2170-01-02'`, `'payload_statuses_1', '2160-01-01 12:00', '2160-01-02 12:00'`, `'payload_statuses_1', NULL, NULL`,
	} {
		if _, err := h.conn(ingest).Exec(h.Context(), `SELECT make_partition(`+nonsense+`)`); err == nil {
			h.Errorf("a partition %s is made", nonsense)
		}
	}
}
