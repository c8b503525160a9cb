package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
)

// client is one of the existing callers, over a real connection.
type client struct {
	t    *testing.T
	base string
	http *http.Client
}

func (b *bundle) client(base string) *client {
	b.t.Helper()
	server := httptest.NewServer(b.handler)
	b.t.Cleanup(server.Close)
	return &client{b.t, server.URL + base, server.Client()}
}

// get asks as axios does, and reads JSON.
func (c *client) get(target string, into any) (status int, body string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.base+target, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json, text/plain, */*")
	r.Header.Set("x-rh-identity", header(`["`+role+`"]`))
	answer, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		c.t.Fatalf("%s: %v: %s", target, err, content)
	}
	return answer.StatusCode, string(content)
}

type listAnswer struct {
	Count   int
	Elapsed float64
	Data    []map[string]any
}

// TestTheExistingFrontEnd replays its calls: a list, its filters, every column, the next page, a payload until it
// rests, and the links of its page.
func TestTheExistingFrontEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.handler = rest.NewHandler(rest.Config{Store: b.store, Archive: rest.ArchiveConfig{BrokerURL: broker(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"url":"https://s3.example.com/x"}`)
	})}})
	b.journey()
	b.many(25)
	c := b.client("/app/payload-tracker/api/v1")

	// A list opens with three requests; two are cancelled.
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/payloads?page=0&page_size=10&sort_by=created_at&sort_dir=desc", nil)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if answer, err := c.http.Do(r); err == nil {
			answer.Body.Close()
		}
	}
	for _, list := range []struct {
		path    string
		columns []string
	}{
		{"/payloads", []string{"request_id", "account", "org_id", "inventory_id", "system_id", "created_at"}},
		{"/statuses", []string{"request_id", "service", "source", "status", "status_msg", "date", "created_at"}},
	} {
		recent := ""
		if list.path == "/statuses" {
			recent = "&created_at_gte=" + url.QueryEscape(time.Now().Add(-15*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		for _, column := range list.columns {
			for _, dir := range []string{"desc", "asc"} {
				var total int
				seen := map[string]bool{}
				for page := 0; ; page++ { // it pages by count
					var answer listAnswer
					status, body := c.get(fmt.Sprintf("%s?page=%d&page_size=10&sort_by=%s&sort_dir=%s%s", list.path, page, column, dir, recent), &answer)
					if status != http.StatusOK || answer.Count == 0 {
						t.Fatalf("%s by %s, page %d: %d %s", list.path, column, page, status, body)
					}
					for _, row := range answer.Data {
						seen[fmt.Sprint(row)] = true
					}
					if total = answer.Count; (page+1)*10 >= total {
						break
					}
				}
				if len(seen) != total {
					t.Errorf("%s by %s %s: pages hold %d rows of %d", list.path, column, dir, len(seen), total)
				}
			}
		}
	}
	var one listAnswer
	if c.get("/payloads?page=0&page_size=10&sort_by=created_at&sort_dir=desc&account=500101", &one); one.Count != 1 || one.Data[0]["request_id"] != known {
		t.Errorf("filtered by account: %+v", one)
	}
	c.follow(b)
	c.links()
}

// follow opens the payload that was found, with the columns of the list it comes from, and polls until ten answers are
// equal byte for byte; news comes meanwhile.
func (c *client) follow(b *bundle) {
	c.t.Helper()
	for _, column := range []string{"created_at", "request_id", "account", "org_id", "inventory_id", "system_id", "service", "source", "status", "status_msg", "date"} {
		last, equal, polls := "", 0, 0
		for ; equal < 10 && polls < 40; polls++ {
			if polls == 3 {
				b.ingest(payload.Event{Service: "inventory", Status: "success", Message: "while sorted by " + column, Date: noon.Add(time.Minute)})
			}
			var answer struct {
				Data     []map[string]any
				Duration map[string]string
			}
			status, body := c.get("/payloads/"+known+"?sort_by="+column+"&sort_dir=desc", &answer)
			if status != http.StatusOK || answer.Duration["total_time"] == "" {
				c.t.Fatalf("by %s: %d %s", column, status, body)
			}
			if body == last {
				equal++
			} else {
				last, equal = body, 1
			}
		}
		if equal < 10 || polls < 13 || !strings.Contains(last, "while sorted by "+column) {
			c.t.Errorf("by %s: %d equal answers after %d polls: %s", column, equal, polls, last)
		}
	}
	var fault struct{ Status any }
	if c.get("/payloads/00000000000000000000000000009999?sort_by=date", &fault); fault.Status != 404.0 {
		c.t.Errorf("an unknown payload: status %v, want the number 404", fault.Status)
	}
}

func (c *client) links() {
	c.t.Helper()
	var may struct{ Allowed bool }
	if c.get("/roles/archiveLink", &may); !may.Allowed {
		c.t.Error("the role is refused")
	}
	for _, target := range []string{"/archiveLink", "/kibanaLink", "/kibanaLink?service=puptoo"} {
		var link struct{ URL string }
		if status, body := c.get("/payloads/"+known+target, &link); status != http.StatusOK || link.URL == "" {
			c.t.Errorf("%s: %d %s", target, status, body)
		}
	}
}

// TestIngressTracks replays the upload service's call: the newest status comes first and says whose payload it is; an
// answer without data is its own 404.
func TestIngressTracks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.journey()
	c := b.client("/api/v1")
	track := func(id string) (code int, newest map[string]any) {
		var answer struct{ Data []map[string]any }
		c.get("/payloads/"+id, &answer)
		if len(answer.Data) == 0 {
			return http.StatusNotFound, nil
		}
		return http.StatusOK, answer.Data[0]
	}
	if code, newest := track(known); code != http.StatusOK || newest["status"] != "error" || newest["org_id"] != "700101" || newest["date"] != "2026-03-05T14:03:00.123456Z" {
		t.Errorf("%d %v", code, newest)
	}
	if code, _ := track(requestID(77).String()); code != http.StatusNotFound {
		t.Errorf("unknown: %d", code)
	}
}
