package rest_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestWhoGetsAStream(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	b.seed()
	const json, csv, ndjson = "application/json", "text/csv; charset=utf-8", "application/x-ndjson; charset=utf-8"
	for accept, want := range map[string]string{
		"": json, "*/*": json, "application/json, text/plain, */*": json, "text/html": json, "nonsense;;": json,
		"text/csv": csv, "text/csv, */*": csv, "application/x-ndjson": ndjson, "TEXT/CSV;charset=utf-8": csv,
		"application/json, text/csv": json, "application/json;q=0.5, text/csv;q=0.8": csv, "text/csv;q=0": json, "text/csv;q=x": json,
	} {
		for _, list := range []string{"payloads", "statuses"} {
			if status, _, answer := b.ask("/api/v1/"+list, "Accept: "+accept); status != http.StatusOK || answer.Header.Get("Content-Type") != want || answer.Header.Get("Vary") != "Accept" {
				t.Errorf("Accept %q, %s: %d %v", accept, list, status, answer.Header)
			}
		}
	}
	if status, body, answer := b.ask("/api/v1/payloads?sort_dir=x", "Accept: text/csv"); status != http.StatusBadRequest || answer.Header.Get("Content-Type") != json {
		t.Errorf("a fault: %d %s", status, body)
	}
}

func TestStreamsHoldTheWholeList(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	b.seed()
	for _, list := range []string{"/api/v1/payloads?org_id=700101&page=7&page_size=1&sort_by=system_id", "/api/v1/statuses?sort_dir=asc&page_size=0", "/api/v1/statuses?service=nobody"} {
		_, page, _ := b.ask(strings.NewReplacer("page=7", "page=0", "page_size=1", "page_size=100", "page_size=0", "page_size=100").Replace(list))
		var want struct{ Data []map[string]any }
		if err := json.Unmarshal([]byte(page), &want); err != nil {
			t.Fatal(err)
		}
		_, text, answer := b.ask(list, "Accept: application/x-ndjson")
		var got []map[string]any
		for line := range strings.Lines(text) {
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			got = append(got, row)
		}
		if fmt.Sprint(got) != fmt.Sprint(want.Data) || answer.Trailer.Get("X-Export-Cut") != "false" || answer.Trailer.Get("X-Export-Rows") != fmt.Sprint(len(got)) {
			t.Errorf("%s:\n%v\nwant\n%v, trailer %v", list, got, want.Data, answer.Trailer)
		}
		_, text, _ = b.ask(list, "Accept: text/csv")
		table, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(table) != len(got)+1 {
			t.Fatalf("%s: %d rows, %v", list, len(table), err)
		}
		for i, row := range got {
			for j, column := range table[0] {
				value := ""
				if row[column] != nil {
					value = fmt.Sprint(row[column])
				}
				if cell := table[i+1][j]; cell != value && cell != "'"+value {
					t.Errorf("%s, row %d, %s: %q, want %q", list, i, column, cell, value)
				}
			}
		}
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	messages := map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "a=b": "a=b", "'q": "'q", "two\nlines, \"quoted\"": "two\nlines, \"quoted\"",
	}
	var events []payload.Event
	for message := range messages {
		events = append(events, payload.Event{Service: "s", Status: "received", Message: message, Date: noon})
	}
	b.ingest(events...)
	_, text, _ := b.ask("/api/v1/statuses", "Accept: text/csv")
	table, err := csv.NewReader(strings.NewReader(strings.ReplaceAll(text, "\r", "<CR>"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]bool{}
	for _, row := range table[1:] {
		cells[strings.ReplaceAll(row[5], "<CR>", "\r")] = true
	}
	for message, cell := range messages {
		if !cells[cell] {
			t.Errorf("%q is not written as %q: %v", message, cell, cells)
		}
	}
}

func TestStreamsSayWhenTheyWereCut(t *testing.T) {
	t.Parallel()
	b := fixed(t, func(c *rest.Config) { c.Lists.ExportRows = 3 })
	b.seed()
	const why = "cut after 3 rows, the limit set by REST_EXPORT_ROWS: narrow the filter"
	_, text, answer := b.ask("/api/v1/payloads", "Accept: text/csv")
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) != 5 || lines[4] != `"`+why+`",,,,,,` ||
		answer.Trailer.Get("X-Export-Cut") != "true" || answer.Trailer.Get("X-Export-Rows") != "3" {
		t.Errorf("%s %v", text, answer.Trailer)
	}
	_, text, answer = b.ask("/api/v1/payloads", "Accept: application/x-ndjson")
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) != 4 || lines[3] != `{"cut":true,"rows":3,"message":"`+why+`"}` || answer.Trailer.Get("X-Export-Cut") != "true" {
		t.Errorf("%s %v", text, answer.Trailer)
	}
	// As many rows as the limit are not cut.
	_, text, answer = b.ask("/api/v1/payloads?created_at_gte=2026-03-04T12:00:00Z", "Accept: application/x-ndjson")
	if strings.Count(text, "\n") != 3 || answer.Trailer.Get("X-Export-Cut") != "false" {
		t.Errorf("%s %v", text, answer.Trailer)
	}
}

// large is a server over a database with n statuses of a few hundred bytes, written behind the store's back.
func large(t *testing.T, n int, options ...func(*rest.Config)) (*httptest.Server, string) {
	t.Helper()
	dsn := storetest.DSN(t)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	config := rest.Config{Store: s, Timeout: time.Minute}
	for _, option := range options {
		option(&config)
	}
	b := &bundle{t: t, store: s}
	b.ingest(payload.Event{Service: "puptoo", Status: "received", Date: noon, OrgID: "700101"})
	conn := storetest.Conn(t, dsn)
	if _, err := conn.Exec(t.Context(), `INSERT INTO payload_statuses SELECT s.payload_id, s.date + n * interval '10 milliseconds', n, s.created_at, s.trail_id, repeat('x', 200)
		FROM payload_statuses s, generate_series(1, $1::int) n`, n); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(rest.NewHandler(config))
	t.Cleanup(server.Close)
	return server, dsn
}

func stream(ctx context.Context, t *testing.T, server *httptest.Server, media string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/statuses", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", media)
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

//nolint:paralleltest // it reads the heap of the whole process
func TestALongListInLittleMemory(t *testing.T) {
	const rows = 250_000 // 75 MB of answer
	server, _ := large(t, rows-1)
	for _, media := range []string{"text/csv", "application/x-ndjson"} {
		answer := stream(t.Context(), t, server, media)
		lines, most := 0, uint64(0)
		scanner := bufio.NewScanner(answer.Body)
		for scanner.Scan() {
			if lines++; lines%25_000 == 0 {
				var memory runtime.MemStats
				runtime.ReadMemStats(&memory)
				most = max(most, memory.HeapAlloc)
			}
		}
		if scanner.Err() != nil || lines < rows || answer.Trailer.Get("X-Export-Rows") != fmt.Sprint(rows) {
			t.Errorf("%s: %d lines, %v, trailer %v", media, lines, scanner.Err(), answer.Trailer)
		}
		if most > 32<<20 {
			t.Errorf("%s: %d MiB of heap", media, most>>20)
		}
		answer.Body.Close()
	}
}

func TestAClientThatGoesAwayEndsTheQuery(t *testing.T) {
	t.Parallel()
	server, dsn := large(t, 100_000)
	conn := storetest.Conn(t, dsn)
	running := func() (n int) {
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answer := stream(ctx, t, server, "text/csv")
	defer answer.Body.Close()
	if _, err := io.ReadFull(answer.Body, make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	if running() == 0 {
		t.Fatal("the query has ended before its reader went: the test shows nothing")
	}
	cancel()
	for range 250 {
		if running() == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the query still runs")
}

func TestStreamsAtOnceAreBounded(t *testing.T) {
	t.Parallel()
	server, _ := large(t, 100_000, func(c *rest.Config) { c.Lists.Exports = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := stream(ctx, t, server, "text/csv")
	defer first.Body.Close()
	second := stream(t.Context(), t, server, "text/csv")
	defer second.Body.Close()
	body, _ := io.ReadAll(second.Body)
	want := `{"title":"Too Many Requests","message":"1 exports are under way, the limit set by REST_EXPORTS: try again when one has ended","status":429}`
	if second.StatusCode != http.StatusTooManyRequests || string(body) != want || second.Header.Get("Retry-After") != "10" {
		t.Errorf("%d %s", second.StatusCode, body)
	}
	page := stream(t.Context(), t, server, "application/json")
	defer page.Body.Close()
	if page.StatusCode != http.StatusOK {
		t.Errorf("a page beside it: %d", page.StatusCode)
	}
}

func TestABrokenStreamIsNotTakenForTheWhole(t *testing.T) {
	t.Parallel()
	server, dsn := large(t, 100_000)
	answer := stream(t.Context(), t, server, "text/csv")
	defer answer.Body.Close()
	if _, err := io.ReadFull(answer.Body, make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	conn := storetest.Conn(t, dsn)
	if _, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err == nil {
		t.Error("the reader was told that it has all")
	}
}
