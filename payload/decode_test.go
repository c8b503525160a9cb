package payload_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

const plain = `{"service":"insights-advisor-service","source":"insights-client","account":"500136","org_id":"700136",` +
	`"request_id":"cb084ce83e6c5c719dfe19e21bf10c5b","inventory_id":"e1b85457-c460-578e-ab0d-019213e22c63",` +
	`"status":"success","status_msg":"7 reports kept","date":"2026-05-06T07:08:03.900200Z"}`

func with(field, value string) string {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(plain), &m); err != nil {
		panic(err)
	}
	m[field] = json.RawMessage(value)
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestDecodeDates(t *testing.T) {
	t.Parallel()
	for date, want := range map[string]string{
		"1970-01-01T00:00:00Z":            "1970-01-01T00:00:00Z",
		"1970-01-01T00:00:00+00:01":       "",
		"1969-12-31T23:59:59-00:01":       "1970-01-01T00:00:59Z",
		"2199-12-31T23:59:59.999999999Z":  "2199-12-31T23:59:59.999999Z",
		"2200-01-01T00:00:00Z":            "",
		"2199-12-31T23:59:59-00:01":       "",
		"2024-02-29t10:00:00z":            "2024-02-29T10:00:00Z",
		"2023-02-29T10:00:00Z":            "",
		"2026-03-04   10:00:00.1+01:30":   "2026-03-04T08:30:00.1Z",
		"2026-03-04T10:00:60Z":            "",
		"2026-03-04T10:00:00.1234567891Z": "",
		"2026-03-04T10:00:00.Z":           "",
		"2026-03-04T10:00:00+0100":        "",
		"2026-03-04T10:00:00 Z":           "",
		"2026-03-04T10:00Z":               "",
		"2026-3-4T10:00:00Z":              "",
		"0001-01-01T00:00:00Z":            "",
		"2026-03-04T10:00:00+24:00":       "",
	} {
		e, err := payload.Decoder{}.Decode([]byte(with("date", `"`+date+`"`)))
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v, want %q", date, err, want)
		} else if err == nil && e.Date.Format(time.RFC3339Nano) != want {
			t.Errorf("%q is %s, want %s", date, e.Date.Format(time.RFC3339Nano), want)
		}
	}
}

func TestDecodeReasons(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 256) + `"`
	for _, c := range []struct {
		name, message string
		want          payload.Reason
	}{
		{"a NUL in an unknown field", with("extra", `{"a":["\u0000"]}`), payload.ReasonNUL},
		{"a NUL in a key", with(`extra`, `{"a\u0000":1}`), payload.ReasonNUL},
		{"a NUL before a missing field", `{"service":"\u0000"}`, payload.ReasonNUL},
		{"missing before wrong type", `{"service":[],"status":"x","date":"x"}`, payload.ReasonMissingField},
		{"wrong type before too long", with("service", `true`)[:1] + `"status":` + long + `,` + with("service", `true`)[1:], payload.ReasonWrongType},
		{"a long service", with("service", long), payload.ReasonTooLong},
		{"a long request id", with("request_id", long), payload.ReasonTooLong},
		{"a long date", with("date", long), payload.ReasonBadDate},
		{"a request id cut", with("request_id", `"cb084ce8"`), payload.ReasonBadRequestID},
		{"a raw line end in a text", strings.Replace(plain, "7 reports", "7\nreports", 1), payload.ReasonNotJSON},
		{"two documents", plain + plain, payload.ReasonNotJSON},
		{"a comma too many", plain[:len(plain)-1] + ",}", payload.ReasonNotJSON},
	} {
		_, err := payload.Decoder{}.Decode([]byte(c.message))
		var rejection *payload.Rejection
		if !errors.As(err, &rejection) || rejection.Reason != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	_, err := payload.Decoder{MaxBytes: len(plain) - 1}.Decode([]byte(plain))
	var rejection *payload.Rejection
	if !errors.As(err, &rejection) || rejection.Reason != payload.ReasonTooLarge {
		t.Errorf("a large message: %v", err)
	}
}

func TestDecodeGivesUpOddOptionalFields(t *testing.T) {
	t.Parallel()
	message := with("org_id", `{"id":1}`)
	message = strings.Replace(message, `"500136"`, `"`+strings.Repeat("é", 128)+`"`, 1)
	e, err := payload.Decoder{}.Decode([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	if e.OrgID != "" || e.Account != "" || e.Oddities != payload.OddOrgID|payload.OddAccount {
		t.Errorf("org %q, account %q, oddities %v", e.OrgID, e.Account, e.Oddities.Fields())
	}
}

func TestDecodeTakesWhatTheBoundsAllow(t *testing.T) {
	t.Parallel()
	message := with("service", `"`+strings.Repeat("S", 255)+`"`)
	message = strings.Replace(message, `"500136"`, `"`+strings.Repeat("5", 255)+`"`, 1)
	e, err := payload.Decoder{MaxBytes: len(message)}.Decode([]byte(message))
	if err != nil || e.Service != strings.Repeat("s", 255) || len(e.Account) != 255 || e.Oddities != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	for name, value := range map[string]string{"nothing": "null", "minus one": "-1", "zero": `" 00000000-0000-0000-0000-000000000000 "`} {
		e, err = payload.Decoder{}.Decode([]byte(with("inventory_id", value)))
		if err != nil || e.InventoryID != "" || e.Oddities != 0 {
			t.Errorf("%s: %q, oddities %v, %v", name, e.InventoryID, e.Oddities.Fields(), err)
		}
	}
}

// TestDecodeAgreesOnWhatIsJSON walks the edges that a fuzzer seldom finds.
func TestDecodeAgreesOnWhatIsJSON(t *testing.T) {
	t.Parallel()
	values := []string{"01", "-", "1.", ".5", "1e", "1e+", "-0", "tru", "nulll", "NaN", `"\x"`, `"\u12g4"`, `"\`, `'a'`, "[1,]", "[,]", "{,}", `{"a"}`, `{"a":}`, "[1 2]", "", "\v1", "\u00a01"}
	for c := range byte(0x80) {
		values = append(values, `"a`+string(rune(c))+`b"`, `"\`+string(rune(c))+`"`, "1"+string(rune(c)), string(rune(c)))
	}
	for _, depth := range []int{9_998, 9_999, 10_000, 10_001} {
		values = append(values, strings.Repeat("[", depth)+strings.Repeat("]", depth), strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth))
	}
	for _, value := range values {
		for _, message := range []string{`{"a":` + value + `}`, `[` + value + `]`, value} {
			message = strings.TrimSpace(message)
			_, err := payload.Decoder{}.Decode([]byte(message))
			var rejection *payload.Rejection
			refused := errors.As(err, &rejection) && rejection.Reason == payload.ReasonNotJSON
			if refused == json.Valid([]byte(message)) {
				t.Errorf("%.40q: refused %t, %v", message, refused, err)
			}
		}
	}
}

func TestDecodeNamesTheSenderOfJunk(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]string{
		"broken":           `{"service":" Puptoo","request_id":"third-party","status":"succ`,
		"broken inside":    `{"service":"puptoo","request_id":"third-party","status_msg":[1]]}\`,
		"broken in a list": `{"service":"puptoo","request_id":"third-party","status_msg":["a` + "\x01" + `\`,
		"with a NUL":       `{"service":"puptoo","request_id":"third-party","status":"\u0000"}`,
		"wrong id":         with("request_id", `"third-party"`)[:1] + `"x":1,` + strings.Replace(with("request_id", `"third-party"`), "insights-advisor-service", "puptoo", 1)[1:],
	} {
		_, err := payload.Decoder{}.Decode([]byte(message))
		var rejection *payload.Rejection
		if !errors.As(err, &rejection) || rejection.Service != "puptoo" || rejection.RequestID != "third-party" {
			t.Errorf("%s: %+v", name, rejection)
		}
	}
	_, err := payload.Decoder{}.Decode([]byte(with("service", `"a\u0000b"`)))
	var rejection *payload.Rejection
	if !errors.As(err, &rejection) || rejection.Service != "a\uFFFDb" {
		t.Errorf("a NUL in the service: %+v", rejection)
	}
}

// FuzzDecode holds what is accepted, and every text, against encoding/json.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(plain))
	for _, c := range eventCases(f) {
		for _, message := range c.Messages {
			f.Add(bytesOf(f, message))
		}
	}
	for _, v := range []string{`{"a":[1,2.5e-3,true,null]}`, `"a\u00e9\ud83d\udca5\udce9\\"`, `-0.1E+2`, `[[],{}]`, `null`} {
		f.Add([]byte(with("status_msg", v)))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		e, err := payload.Decoder{}.Decode(message)
		var rejection *payload.Rejection
		if err != nil && !errors.As(err, &rejection) {
			t.Fatalf("the error is no rejection: %v", err)
		}
		body := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(message), []byte("\xef\xbb\xbf")))
		if rejection != nil && (rejection.Reason == payload.ReasonInvalidUTF8 || rejection.Reason == payload.ReasonTooLarge) {
			return
		}
		if valid := json.Valid(body); valid != (rejection == nil || rejection.Reason != payload.ReasonNotJSON) {
			t.Fatalf("valid JSON: %t, but %v", valid, err)
		}
		if err != nil {
			return
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Fatal(err)
		}
		if want := referenceMessage(t, fields["status_msg"]); e.Message != want {
			t.Errorf("message %q, want %q", e.Message, want)
		}
		for key, got := range map[string]string{
			"service": e.Service, "status": e.Status, "source": e.Source,
			"org_id": e.OrgID, "account": e.Account, "inventory_id": e.InventoryID, "system_id": e.SystemID,
		} {
			want := strings.TrimSpace(referenceText(t, fields[key]))
			if key == "service" || key == "status" || key == "source" {
				want = strings.ToLower(want)
			} else if want == "-1" || want == strings.Repeat("0", 32) || want == "00000000-0000-0000-0000-000000000000" {
				want = ""
			}
			if len(want) > 255 {
				want = ""
			}
			if got != want {
				t.Errorf("%s %q, want %q", key, got, want)
			}
		}
		id, err := payload.ParseRequestID(referenceText(t, fields["request_id"]))
		if err != nil || id != e.RequestID {
			t.Errorf("request id %s, want %s, %v", e.RequestID, id, err)
		}
		if want := referenceDate(t, strings.TrimSpace(referenceText(t, fields["date"]))); !e.Date.Equal(want) {
			t.Errorf("date %s, want %s", e.Date, want)
		}
	})
}

// referenceDate reads a date that Decode has taken with the standard library.
func referenceDate(t *testing.T, text string) time.Time {
	t.Helper()
	day, rest := text[:10], strings.TrimLeft(text[10:], "Tt ")
	text = strings.ToUpper(day + "T" + rest)
	if !strings.ContainsAny(rest, "Zz+-") {
		text += "Z"
	}
	date, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return date.UTC().Truncate(time.Microsecond)
}

func referenceMessage(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	if len(raw) > 0 && strings.ContainsRune(`{[tf`, rune(raw[0])) {
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	return referenceText(t, raw)
}

// referenceText is a text or a number's text, "" for what is neither.
func referenceText(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	if len(raw) == 0 || strings.ContainsRune(`{[tfn`, rune(raw[0])) {
		return ""
	}
	if raw[0] != '"' {
		return string(raw)
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

func BenchmarkDecode(b *testing.B) {
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	message := []byte(plain)
	for b.Loop() {
		if _, err := (payload.Decoder{}).Decode(message); err != nil {
			b.Fatal(err)
		}
	}
}
