package graph

import (
	"fmt"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/payload-tracker/payload-tracker/payload"
)

// MarshalString gives an absent text, which is the empty one in Go, as null.
func MarshalString(text string) graphql.Marshaler {
	if text == "" {
		return graphql.Null
	}
	return graphql.MarshalString(text)
}

// UnmarshalString reads a text.
func UnmarshalString(v any) (string, error) {
	if text, ok := v.(string); ok {
		return text, nil
	}
	return "", badScalar("a String is a text")
}

// MarshalReason gives the word for what is wrong with a dead letter.
func MarshalReason(reason payload.Reason) graphql.Marshaler { return MarshalString(string(reason)) }

// UnmarshalReason reads such a word.
func UnmarshalReason(v any) (payload.Reason, error) {
	text, err := UnmarshalString(v)
	return payload.Reason(text), err
}

// MarshalFingerprint gives the name of a kind of failure.
func MarshalFingerprint(f payload.Fingerprint) graphql.Marshaler { return MarshalString(f.String()) }

// UnmarshalFingerprint reads such a name.
func UnmarshalFingerprint(v any) (payload.Fingerprint, error) {
	text, err := UnmarshalString(v)
	if err != nil {
		return 0, err
	}
	return payload.ParseFingerprint(text)
}

// MarshalInt gives a number.
func MarshalInt(n int) graphql.Marshaler { return graphql.MarshalInt(n) }

// UnmarshalInt reads a number of 32 bits, as GraphQL has it.
func UnmarshalInt(v any) (int, error) {
	n, err := graphql.UnmarshalInt32(v)
	if _, text := v.(string); text || err != nil {
		return 0, badScalar("an Int is a whole number of at most 32 bits")
	}
	return int(n), nil
}

// MarshalLong gives a number that may be larger than an Int.
func MarshalLong(n int64) graphql.Marshaler { return graphql.MarshalInt64(n) }

// UnmarshalLong reads a whole number.
func UnmarshalLong(v any) (int64, error) {
	n, err := graphql.UnmarshalInt64(v)
	if _, text := v.(string); text || err != nil {
		return 0, badScalar("a Long is a whole number")
	}
	return n, nil
}

// MarshalRequestID gives 32 hex digits.
func MarshalRequestID(id payload.RequestID) graphql.Marshaler {
	return graphql.MarshalString(id.String())
}

// UnmarshalRequestID reads 32 hex digits, dashes and capitals allowed.
func UnmarshalRequestID(v any) (payload.RequestID, error) {
	text, ok := v.(string)
	if !ok {
		return payload.RequestID{}, badScalar("a RequestID is a text of 32 hex digits")
	}
	id, err := payload.ParseRequestID(text)
	if err != nil {
		return id, badScalar("%s", err)
	}
	return id, nil
}

// MarshalRequestIDText gives the text of a request id.
func MarshalRequestIDText(text string) graphql.Marshaler { return graphql.MarshalString(text) }

// UnmarshalRequestIDText reads a request id where it is kept as a text.
func UnmarshalRequestIDText(v any) (string, error) {
	id, err := UnmarshalRequestID(v)
	if err != nil {
		return "", err
	}
	return id.String(), nil
}

// MarshalDateTime gives RFC 3339 in UTC, to the microsecond.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.MarshalString(t.UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
}

// UnmarshalDateTime reads RFC 3339, whose T and Z may be small letters, and
// cuts it to the microsecond.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, badScalar("a DateTime is a text, as 2026-01-31T15:04:05Z")
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	if err != nil {
		return time.Time{}, badScalar("%.60q is no DateTime: write it as 2026-01-31T15:04:05Z", text)
	}
	return t.UTC().Truncate(time.Microsecond), nil
}

// MarshalDuration gives ISO 8601.
func MarshalDuration(d time.Duration) graphql.Marshaler {
	return graphql.MarshalString(formatDuration(d))
}

// UnmarshalDuration reads ISO 8601 without years and months.
func UnmarshalDuration(v any) (time.Duration, error) {
	text, ok := v.(string)
	if !ok {
		return 0, badScalar("a Duration is a text, as PT15M")
	}
	d, ok := parseDuration(text)
	if !ok {
		return 0, badScalar("%.60q is no Duration: write it as PT15M, PT3.8S or P1DT12H, without years and months, up to 290 years", text)
	}
	return d, nil
}

func badScalar(format string, args ...any) error {
	return payload.Errorf(payload.CodeBadUserInput, "%s", fmt.Sprintf(format, args...))
}
