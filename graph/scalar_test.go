package graph

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/store"
)

func TestDurationsAreISO8601(t *testing.T) {
	t.Parallel()
	for text, d := range map[string]time.Duration{
		"PT0S": 0, "PT3.8S": 3800 * time.Millisecond, "PT15M": 15 * time.Minute, "PT1M": time.Minute, "PT36H": 36 * time.Hour,
		"PT1H0.000001S": time.Hour + time.Microsecond, "-PT2S": -2 * time.Second,
	} {
		if got := formatDuration(d); got != text {
			t.Errorf("%v is %s, want %s", d, got, text)
		}
	}
	for text, want := range map[string]time.Duration{
		"P1DT12H": 36 * time.Hour, "P2W": 14 * 24 * time.Hour, "PT1,5S": 1500 * time.Millisecond, "PT0.000000001S": 1, "P0D": 0,
	} {
		if got, ok := parseDuration(text); !ok || got != want {
			t.Errorf("%s is %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1DT", "1h", "P1Y", "P1M", "-PT1S", "PT1.S", "PT99999999999H", "P106752D", "PT1S ", "PT-1S"} {
		if got, ok := parseDuration(text); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestADurationComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "d")).Truncate(time.Microsecond)
		if got, ok := parseDuration(formatDuration(d)); !ok || got != d {
			t.Errorf("%v comes back as %v from %s", d, got, formatDuration(d))
		}
	})
}

func TestDateTimesAreRFC3339(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-03-04T12:00:00Z": noon, "2026-03-04t12:00:00z": noon, "2026-03-04t14:00:00+02:00": noon,
		"2026-03-04T12:00:00.1234567z": noon.Add(123456 * time.Microsecond),
	} {
		if got, err := UnmarshalDateTime(text); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s is %v %v, want %v", text, got, err, want)
		}
	}
	for _, wrong := range []any{"2026-03-04", "2026-03-04T12:00:00", "2026-03-04 12:00:00Z", "2026-02-30T12:00:00Z", "", 7, nil} {
		if got, err := UnmarshalDateTime(wrong); err == nil {
			t.Errorf("%v was read as %v", wrong, got)
		}
	}
}

// A total outgrows the Int that clients read it as: a year's statuses do.
func TestATotalIsAnInt(t *testing.T) {
	t.Parallel()
	for value, want := range map[int]int{7: 7, math.MaxInt32: math.MaxInt32, 15_000_000_000: math.MaxInt32} {
		if got := shownTotal(store.Total{Value: value}); got.Value != want || got.Exact {
			t.Errorf("%d is shown as %+v", value, got)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("UGF5bG9hZDow")
	f.Fuzz(func(t *testing.T, id string) {
		if key, ok := parseID(id); ok && !key.status && payloadID(key.requestID) == "" {
			t.Error("no id")
		}
	})
}
