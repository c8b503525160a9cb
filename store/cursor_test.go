package store

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

func TestCursorComesBackWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []cursor{
		{},
		{now: time.Date(2026, 3, 4, 12, 0, 0, 123000, time.UTC), date: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), id: 7},
		{date: time.Date(2199, 12, 31, 23, 59, 59, 999_999_000, time.UTC), id: 1<<63 - 1, hash: -1 << 63},
		{texts: [3]string{"ingress", "", "größer"}},
	} {
		got, err := decodeCursor("a list", c.encode("a list"))
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if !got.now.Equal(c.now) || micros(got.date) != micros(c.date) || got.id != c.id || got.hash != c.hash || got.texts != c.texts {
			t.Errorf("came back as %+v, want %+v", got, c)
		}
	}
}

func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	one := listName("payloads", PayloadFilter{OrgID: &Text{Eq: new("1")}}, PayloadOrder{})
	other := listName("payloads", PayloadFilter{OrgID: &Text{Eq: new("2")}}, PayloadOrder{})
	_, err := decodeCursor(other, cursor{id: 1}.encode(one))
	if e, ok := errors.AsType[*payload.Error](err); !ok || e.Code != payload.CodeBadUserInput {
		t.Errorf("error %v, want BAD_USER_INPUT", err)
	}
}

func FuzzCursor(f *testing.F) {
	good := cursor{now: time.Unix(1e9, 0), date: time.Unix(1e9, 0), id: 1, hash: 2, texts: [3]string{"a", "b", "c"}}.encode("list")
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add("")
	f.Add("AQ")
	f.Add(base64.RawURLEncoding.EncodeToString(append([]byte{2}, good...)))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := decodeCursor("list", text)
		if err != nil {
			if e, ok := errors.AsType[*payload.Error](err); !ok || e.Code != payload.CodeBadUserInput {
				t.Fatalf("%q: %v, want BAD_USER_INPUT", text, err)
			}
			return
		}
		if again := c.encode("list"); again != text {
			t.Errorf("%q was read, and is written %q", text, again)
		}
	})
}

func TestAnyChangedByteGarblesACursor(t *testing.T) {
	t.Parallel()
	good := cursor{now: time.Unix(1e9, 0), date: time.Unix(1e9, 1000), id: 12345, texts: [3]string{"ingress"}}.encode("list")
	for i := range good {
		for _, other := range []byte("Ab_-09*") {
			if other == good[i] {
				continue
			}
			if _, err := decodeCursor("list", good[:i]+string(other)+good[i+1:]); err == nil {
				t.Errorf("byte %d changed to %q passes", i, other)
			}
		}
	}
}
