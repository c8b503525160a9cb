package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/payload-tracker/payload-tracker/consumer/consumertest"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// change does something to a database behind the process's back.
func change(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	conn := storetest.Conn(t, dsn)
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStartIsRefusedOnASchemaThatDoesNotFit(t *testing.T) {
	t.Parallel()
	const stepOfTomorrow = `INSERT INTO bun_migrations (name, group_id) VALUES ('999', 9)`
	for what, c := range map[string]struct {
		statements []string
		says       string
	}{
		"too old": {[]string{`DELETE FROM bun_migrations WHERE name = '040'`}, "too old for this version, 040_ingest_state is missing: run payload-tracker migrate up"},
		"too new": {[]string{stepOfTomorrow, `UPDATE schema_floor SET step = '999'`}, "needs one that knows step 999: run a newer payload-tracker"},
	} {
		dsn := storetest.DSN(t)
		change(t, dsn, c.statements...)
		for _, command := range []string{"run", "serve", "consume"} {
			env := settingsOf(t, dsn)
			env["PUBLICPORT"], env["METRICSPORT"] = freePort(t), freePort(t)
			code, _, errs := runCommand(t, env, command)
			if code != 1 || !strings.HasPrefix(errs, "payload-tracker "+command+": the database's schema is "+what) || !strings.HasSuffix(errs, c.says+"\n") || strings.Count(errs, "\n") != 1 {
				t.Errorf("%s on a schema %s: %d %s", command, what, code, errs)
			}
		}
	}
}

// During a roll-out the former version meets the schema of the next one, which leaves it room.
func TestASchemaWithMoreStepsFitsWhenItSaysSo(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	change(t, dsn, `INSERT INTO bun_migrations (name, group_id) VALUES ('999', 9)`)
	s := storetest.New(t, func(c *store.Config) { c.DSN = dsn })
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// A process that came before the schema waits for it.
func TestAProcessWaitsForItsSchema(t *testing.T) {
	t.Parallel()
	serve := func(dsn string) (env map[string]string, out *lockedBuffer, ended chan int, end func()) {
		env = settingsOf(t, dsn)
		env["PUBLICPORT"], env["METRICSPORT"], env["SHUTDOWN_DELAY"] = freePort(t), freePort(t), "0"
		ctx, cancel := context.WithCancel(t.Context())
		out, ended = &lockedBuffer{}, make(chan int, 1)
		go func() { ended <- dispatch(ctx, streams{env: from(env), out: out, err: out}, []string{"serve"}) }()
		consumertest.Wait(t, "no schema", func() error { return wantReason(t, env, "schema", "no schema yet") })
		return env, out, ended, cancel
	}
	env, out, ended, end := serve(storetest.Empty(t))
	(&product{T: t, env: env}).command("migrate", "up")
	consumertest.Wait(t, "ready", func() error { return wantReason(t, env, "", "") })
	end()
	if code := <-ended; code != 0 {
		t.Errorf("ended with %d: %s", code, out)
	}

	dsn := storetest.Empty(t)
	_, out, ended, end = serve(dsn)
	defer end()
	change(t, dsn, `CREATE TABLE bun_migrations (name text)`, `INSERT INTO bun_migrations VALUES ('001')`)
	if code := <-ended; code != 1 || !strings.Contains(out.String(), "the database's schema is too old") {
		t.Errorf("ended with %d: %s", code, out)
	}
}

// wantReason: /readyz gives a reason for a part, or says that all is well.
func wantReason(t *testing.T, env map[string]string, part, reason string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+env["METRICSPORT"]+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		Ready   bool
		Reasons map[string]string
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return err
	}
	if said.Ready != (part == "") || !strings.Contains(said.Reasons[part], reason) {
		return fmt.Errorf("%d %+v", answer.StatusCode, said)
	}
	return nil
}

// A schema that lacks steps because it is being brought up to date refuses nobody.
func TestASchemaUnderWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	const migrateLock = 7_226_001 // store/lock.go
	dsn := storetest.DSN(t)
	change(t, dsn, `DELETE FROM bun_migrations WHERE name = '040'`)
	config, err := readConfig(from(settingsOf(t, dsn)))
	if err != nil {
		t.Fatal(err)
	}
	a, err := buildApp(t.Context(), config, &lockedBuffer{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	migrating := storetest.Conn(t, dsn)
	if _, err := migrating.Exec(t.Context(), `SELECT pg_advisory_lock($1::bigint)`, int64(migrateLock)); err != nil {
		t.Fatal(err)
	}
	if fits, err := a.judgeSchema(t.Context()); fits || err != nil {
		t.Errorf("under way: %v, %v", fits, err)
	}
	if _, err := migrating.Exec(t.Context(), `SELECT pg_advisory_unlock($1::bigint)`, int64(migrateLock)); err != nil {
		t.Fatal(err)
	}
	if fits, err := a.judgeSchema(t.Context()); fits || err == nil {
		t.Errorf("left as it is: %v, %v", fits, err)
	}
}

func TestReadyzSaysWhatIsAmiss(t *testing.T) {
	t.Parallel()
	env := databaseEnv(t)
	env["METRICSPORT"], env["DB_PORT"] = freePort(t), freePort(t)
	env["KAFKA_BOOTSTRAP_SERVERS"] = "127.0.0.1:" + freePort(t)
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := &lockedBuffer{}, make(chan int, 1)
	go func() { ended <- dispatch(ctx, streams{env: from(env), out: out, err: out}, []string{"consume"}) }()
	for part, reason := range map[string]string{"database": "does not answer: nobody listens there", "assignment": "it has not joined its group yet"} {
		consumertest.Wait(t, part, func() error { return wantReason(t, env, part, reason) })
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("ended with %d: %s", code, out)
	}
}
