package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
	"github.com/payload-tracker/payload-tracker/store"
	"github.com/payload-tracker/payload-tracker/store/storetest"
)

// fixed is a handler over a database of its own, where each clock stands at two days after noon.
func fixed(t *testing.T, options ...func(*rest.Config)) *bundle {
	t.Helper()
	now := func() time.Time { return noon.Add(48 * time.Hour) }
	s := storetest.New(t, func(c *store.Config) { c.Now = now })
	config := rest.Config{Store: s, Now: now}
	for _, option := range options {
		option(&config)
	}
	return &bundle{t: t, store: s, handler: rest.NewHandler(config)}
}

func requestID(n int) payload.RequestID {
	id, err := payload.ParseRequestID(fmt.Sprintf("%032x", n))
	if err != nil {
		panic(err)
	}
	return id
}

// seed stores the known journey and three payloads more, in two batches at one moment.
func (b *bundle) seed() {
	b.t.Helper()
	b.journey()
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	b.feed(
		payload.Event{RequestID: requestID(1), Service: "ingress", Status: "received", Date: at(-time.Hour), OrgID: "700102", Account: "500102", SystemID: "m-2"},
		payload.Event{RequestID: requestID(1), Service: "puptoo", Status: "processing_error", Message: "=cmd()", Date: at(-time.Minute), InventoryID: "i-2"},
		payload.Event{RequestID: requestID(2), Service: "ingress", Source: "aws", Status: "received", Date: at(1500 * time.Millisecond), OrgID: "700101", SystemID: "m-2"},
		payload.Event{RequestID: requestID(3), Service: "ingress", Status: "received", Date: at(time.Hour + 123456*time.Microsecond), OrgID: "700103", Account: "500101"},
	)
}

// exact compares an answer, byte for byte, with the golden file of a name.
func (b *bundle) exact(name, target string) {
	b.t.Helper()
	status, contentType, body := b.get(target)
	got := fmt.Sprintf("GET %s\n%d %s\n%s\n", target, status, contentType, body)
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	if string(want) != got {
		b.t.Errorf("%s (-update writes it anew):\n%s", path, got)
	}
}

func TestListsAreAsEver(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	b.seed()
	for name, target := range map[string]string{
		"payloads":             "/payloads",
		"payloads-second-page": "/payloads?page=1&page_size=3",
		"payloads-of-an-org":   "/payloads?org_id=700101&sort_by=account&sort_dir=asc",
		"payloads-none":        "/payloads?account=nobody",
		"statuses":             "/statuses",
		"statuses-by-service":  "/statuses?sort_by=service&sort_dir=asc&page_size=4",
		"statuses-none":        "/statuses?service=nobody",
	} {
		b.exact(name, "/api/v1"+target)
	}
}

// ids are the ids of the rows a list answers with.
func (b *bundle) ids(target, field string) (ids []string, count int) {
	b.t.Helper()
	status, _, body := b.get(target)
	var answer struct {
		Count int
		Data  []map[string]any
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		b.t.Fatalf("%s: %d %s", target, status, body)
	}
	for _, row := range answer.Data {
		text := fmt.Sprint(row[field])
		ids = append(ids, text[max(len(text)-4, 0):])
	}
	return ids, answer.Count
}

func TestPayloadFiltersAndSorts(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	b.seed()
	const k = "1a1d" // the end of the known id
	day := url.QueryEscape("2026-03-04T12:00:00Z")
	for query, want := range map[string]string{
		"":                                  "0003 0002 " + k + " 0001",
		"sort_dir=asc":                      "0001 " + k + " 0002 0003",
		"sort_by=created_at&sort_dir=":      "0003 0002 " + k + " 0001",
		"sort_by=request_id":                k + " 0003 0002 0001",
		"sort_by=account&sort_dir=asc":      "0002 " + k + " 0003 0001",
		"sort_by=org_id":                    "0003 0001 0002 " + k,
		"sort_by=inventory_id&sort_dir=asc": "0002 0003 " + k + " 0001",
		"sort_by=system_id":                 "0002 0001 " + k + " 0003",
		"account=500101":                    "0003 " + k,
		"org_id=700101":                     "0002 " + k,
		"inventory_id=i-2":                  "0001",
		"system_id=m-2":                     "0002 0001",
		"inventory_id=91849BB5454F5AE6907A08F89BE9BCDE":                           k,
		"inventory_id=91849BB5-454F-5AE6-907A-08F89BE9BCDE":                       k,
		"created_at_gt=" + day:                                                    "0003 0002",
		"created_at_gte=" + day:                                                   "0003 0002 " + k,
		"created_at_lt=" + day:                                                    "0001",
		"created_at_lte=" + day:                                                   k + " 0001",
		"created_at_gt=2026-03-04T13:00:00.123455999Z":                            "0003",
		"created_at_gt=2026-03-04T13:00:00.123456Z":                               "",
		"created_at_gte=2026-03-04T14:00:00.123456%2B01:00":                       "0003",
		"created_at_gte=" + day + "&created_at_lt=" + day:                         "",
		"created_at_gt=2026-03-05T00:00:00Z&created_at_lt=2026-03-03T00:00:00Z":   "",
		"created_at_gte=0001-01-01T00:00:00Z&created_at_lte=9999-12-31T23:59:59Z": "0003 0002 " + k + " 0001",
		"page_size=2":                           "0003 0002",
		"page_size=2&page=1":                    k + " 0001",
		"page_size=2&page=7":                    "",
		"page=-3&page_size=1":                   "0003",
		"page=9223372036854775807":              "",
		"account=&nothing=at+all&org_id=700103": "0003",
		"org_id=700101&org_id=700103":           "0002 " + k,
	} {
		ids, _ := b.ids("/api/v1/payloads?"+query, "request_id")
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if ids, count := b.ids("/api/v1/payloads?page_size=0", "request_id"); len(ids) != 0 || count != 4 {
		t.Errorf("page_size=0: %v of %d", ids, count)
	}
	if answer := b.do(http.MethodGet, "/api/v1/payloads"); answer.Header.Get("X-Total-Count-Exact") != "true" || answer.Header.Get("Vary") != "Accept" {
		t.Errorf("headers %v", answer.Header)
	}
}

func TestStatusFiltersAndSorts(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	b.seed()
	total := 9
	for query, want := range map[string]int{
		"service=puptoo": 4, "service=PUPTOO": 4, "source=advisor": 2, "source=aws": 1, "status=received": 5, "status=nothing": 0,
		"status_msg=no+facts": 1, "status_msg=%3Dcmd()": 1, "status_msg=no": 0, "service=puptoo&status=received": 1,
		"date_gt=2026-03-04T12:00:00Z": 6, "date_gte=2026-03-04T12:00:00Z": 7, "date_lt=2026-03-04T12:00:00Z": 2, "date_lte=2026-03-04T12:00:00Z": 3,
		"created_at_gte=2026-03-06T12:00:00Z": total, "created_at_gt=2026-03-06T12:00:00Z": 0,
		"created_at_lte=2026-03-06T12:00:00Z": total, "created_at_lt=2026-03-06T12:00:00Z": 0,
		"date_gte=2026-03-05T00:00:00Z&created_at_gte=2026-03-06T11:45:00Z": 1,
	} {
		if ids, count := b.ids("/api/v1/statuses?page_size=100&"+query, "id"); len(ids) != want || count != want {
			t.Errorf("%s: %d of %d, want %d", query, len(ids), count, want)
		}
	}
	for _, column := range []string{"service", "source", "request_id", "status", "status_msg", "date", "created_at"} {
		up, _ := b.ids("/api/v1/statuses?sort_dir=asc&page_size=100&sort_by="+column, column)
		down, _ := b.ids("/api/v1/statuses?page_size=100&sort_by="+column, column)
		slices.Reverse(down)
		if len(up) != total || !slices.Equal(up, down) {
			t.Errorf("by %s: up %v, down reversed %v", column, up, down)
		}
		for range 2 { // pages neither repeat nor lose rows
			var paged []string
			for page := range 5 {
				rows, _ := b.ids(fmt.Sprintf("/api/v1/statuses?sort_dir=asc&page_size=2&page=%d&sort_by=%s", page, column), "date")
				paged = append(paged, rows...)
			}
			once, _ := b.ids("/api/v1/statuses?sort_dir=asc&page_size=100&sort_by="+column, "date")
			if !slices.Equal(paged, once) {
				t.Errorf("by %s: pages %v, at once %v", column, paged, once)
			}
		}
	}
}

func TestListFaults(t *testing.T) {
	t.Parallel()
	b := fixed(t, func(c *rest.Config) { c.Lists.MaxPageSize = 50 })
	b.seed()
	bad := func(message string) string { return `{"title":"Bad Request","message":"` + message + `","status":400}` }
	const timestamp = "invalid timestamp format provided"
	for target, want := range map[string]string{
		"/payloads?page=abc&sort_by=x":                      `strconv.Atoi: parsing \"abc\": invalid syntax`,
		"/payloads?page_size=1e3&sort_by=x":                 `strconv.Atoi: parsing \"1e3\": invalid syntax`,
		"/payloads?page=99999999999999999999":               `strconv.Atoi: parsing \"99999999999999999999\": value out of range`,
		"/payloads?page_size=-1":                            "page_size must not be negative",
		"/payloads?page_size=51":                            "page_size must be at most 50, the limit set by REST_MAX_PAGE_SIZE",
		"/payloads?sort_by=date&sort_dir=x":                 "sort_by must be one of account, org_id, inventory_id, system_id, created_at",
		"/payloads?sort_dir=DESC&created_at_lt":             "sort_dir must be one of asc, desc",
		"/payloads?sort_dir=up&created_at_lt=x":             "sort_dir must be one of asc, desc",
		"/payloads?created_at_lt=2026-03-04":                timestamp,
		"/payloads?created_at_gte=2026-03-04T12:00:00":      timestamp,
		"/payloads?created_at_gt=2026-03-04T12:00:00+01:00": timestamp, // its plus is a blank
		"/payloads?org_id=%00":                              "orgId: a text is UTF-8 without NUL",
		"/payloads?system_id=%ff":                           "systemId: a text is UTF-8 without NUL",
		"/statuses?sort_by=account":                         "sort_by must be one of service, source, request_id, status, status_msg, date, created_at",
		"/statuses?date_lte=yesterday":                      timestamp,
		"/statuses?created_at_lte=1":                        timestamp,
		"/statuses?page_size=x":                             `strconv.Atoi: parsing \"x\": invalid syntax`,
		"/statuses?status_msg=%00":                          "message: a text is UTF-8 without NUL",
	} {
		status, contentType, body := b.get("/api/v1" + target)
		if body != bad(want) || status != http.StatusBadRequest || contentType != "application/json" {
			t.Errorf("%s: %d %s %s, want %s", target, status, contentType, body, bad(want))
		}
	}
}

// many stores n payloads of one event each, the newest first event last.
func (b *bundle) many(n int) {
	b.t.Helper()
	events := make([]payload.Event, n)
	for i := range events {
		events[i] = payload.Event{RequestID: requestID(i + 1), Service: "ingress", Status: "received", Date: noon.Add(time.Duration(i) * time.Second), OrgID: "700101"}
	}
	b.feed(events...)
}

func TestDeepPagesAreRefusedWithTheWayOn(t *testing.T) {
	t.Parallel()
	b := fixed(t, func(c *rest.Config) { c.Lists.MaxOffset = 200 })
	b.many(10_050)
	for _, list := range []string{"payloads", "statuses"} {
		answer := b.do(http.MethodGet, "/api/v1/"+list+"?page=20")
		if answer.StatusCode != http.StatusOK || answer.Header.Get("X-Total-Count-Exact") != "false" {
			t.Errorf("%s: %d %v", list, answer.StatusCode, answer.Header)
		}
		ids, count := b.ids("/api/v1/"+list+"?page=20&sort_dir=asc", "request_id")
		if want := []string{"00c9", "00ca", "00cb", "00cc", "00cd", "00ce", "00cf", "00d0", "00d1", "00d2"}; !slices.Equal(ids, want) || count < 10_000 {
			t.Errorf("%s, page 20: %v of %d", list, ids, count)
		}
		want := `{"title":"Bad Request","message":"page 21 begins after more than 200 rows, the limit set by REST_MAX_OFFSET: go on with created_at_lt ` +
			`(or _gt) from the last row you have, or take the whole list with the header Accept: text/csv or application/x-ndjson","status":400}`
		if status, _, body := b.get("/api/v1/" + list + "?page=21"); status != http.StatusBadRequest || body != want {
			t.Errorf("%s: %d %s", list, status, body)
		}
		if ids, _ := b.ids("/api/v1/"+list+"?page=21&created_at_lt=2026-01-01T00:00:00Z", "request_id"); len(ids) != 0 {
			t.Errorf("%s: a short list is refused a page past its end, or has rows there: %v", list, ids)
		}
	}
}

func TestSlowSortsNameTheFilters(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, QueryTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	b := &bundle{t: t, store: s, handler: rest.NewHandler(rest.Config{Store: s, Timeout: 100 * time.Millisecond})}
	conn := storetest.Conn(t, dsn)
	lock, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback(t.Context()) }()
	if _, err := lock.Exec(t.Context(), `LOCK TABLE payloads, trails`); err != nil { // nobody reads them now
		t.Fatal(err)
	}
	want := `{"title":"Bad Request","message":"sorting by account took too long: add a filter by account, org_id, inventory_id, system_id, created_at_gte, so that fewer rows match","status":400}`
	if status, _, body := b.get("/api/v1/payloads?sort_by=account"); status != http.StatusBadRequest || body != want {
		t.Errorf("%d %s", status, body)
	}
	if status, _, body := b.get("/api/v1/statuses?sort_by=status_msg"); status != http.StatusBadRequest || !strings.Contains(body, "service, source, status, status_msg, date_gte, created_at_gte") {
		t.Errorf("%d %s", status, body)
	}
	for _, target := range []string{"/api/v1/payloads", "/api/v1/statuses", "/api/v1/payloads/" + known} {
		if status, _, body := b.get(target); status != http.StatusGatewayTimeout || !strings.Contains(body, "the question took too long") {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
}
