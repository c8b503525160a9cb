package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// The kinds of settings: each gives the function that parses a text into the field.

func text(field *string) func(string) error {
	return func(value string) error {
		*field = value
		return nil
	}
}

func oneOf(field *string, allowed ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(allowed, value) {
			return fmt.Errorf("must be one of %s", strings.Join(allowed, ", "))
		}
		*field = value
		return nil
	}
}

func number(field *int, low, high int) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return fmt.Errorf("must be a whole number from %d to %d", low, high)
		}
		*field = n
		return nil
	}
}

func boolean(field *bool) func(string) error {
	return func(value string) error {
		yes, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("must be true or false")
		}
		*field = yes
		return nil
	}
}

func duration(field *time.Duration) func(string) error {
	return func(value string) error {
		d, err := parseDuration(value)
		*field = d
		return err
	}
}

func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, errors.New("must be a duration above zero, such as 500ms, 10s or 15m")
	}
	return d, nil
}

func milliseconds(field *time.Duration) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return errors.New("must be a whole number of milliseconds above zero")
		}
		*field = time.Duration(n) * time.Millisecond
		return nil
	}
}

func level(field *slog.Level) func(string) error {
	return func(value string) error {
		if strings.EqualFold(value, "warning") {
			value = "WARN"
		}
		if field.UnmarshalText([]byte(value)) != nil {
			return errors.New("must be one of DEBUG, INFO, WARN, ERROR")
		}
		return nil
	}
}

// list parses texts with commas between; blanks around them are cut.
func list(field *[]string) func(string) error {
	return func(value string) error {
		*field = split(value)
		if len(*field) == 0 {
			return errors.New("must name at least one")
		}
		return nil
	}
}

func split(value string) []string {
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// words parses status words, as events have them after reading.
func words(field *[]string) func(string) error {
	return func(value string) error { return list(field)(strings.ToLower(value)) }
}

func limits(field *map[string]time.Duration) func(string) error {
	return func(value string) error {
		*field = nil
		for _, part := range split(value) {
			service, limit, found := strings.Cut(part, "=")
			d, err := parseDuration(strings.TrimSpace(limit))
			if !found || err != nil || strings.TrimSpace(service) == "" {
				return fmt.Errorf("%q must be service=duration, such as puptoo=30m", part)
			}
			if *field == nil {
				*field = map[string]time.Duration{}
			}
			(*field)[word(service)] = d
		}
		return nil
	}
}

func handovers(field *[]payload.Handover) func(string) error {
	return func(value string) error {
		*field = nil
		for _, part := range split(value) {
			from, to, found := strings.Cut(part, ">")
			if !found || word(from) == "" || word(to) == "" {
				return fmt.Errorf("%q must be service>service, such as ingress>puptoo", part)
			}
			*field = append(*field, payload.Handover{From: word(from), To: word(to)})
		}
		return nil
	}
}

// word is a service as events name it after reading: lower case, no blanks around.
func word(service string) string { return strings.ToLower(strings.TrimSpace(service)) }

func joinLimits(limits map[string]time.Duration) string {
	var parts []string
	for _, service := range slices.Sorted(maps.Keys(limits)) {
		parts = append(parts, service+"="+limits[service].String())
	}
	return strings.Join(parts, ",")
}

func joinHandovers(handovers []payload.Handover) string {
	var parts []string
	for _, h := range handovers {
		parts = append(parts, h.From+">"+h.To)
	}
	return strings.Join(parts, ",")
}
