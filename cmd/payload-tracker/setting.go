package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/rest"
)

// The kinds of settings: each gives the function that parses a text into the field.

func text(field *string) func(string) error {
	return func(value string) error {
		*field = value
		return nil
	}
}

// hosts parses the names of servers, or the folder of a server's socket.
func hosts(field *string) func(string) error {
	return func(value string) error {
		for host := range strings.SplitSeq(value, ",") {
			if strings.Contains(host, "://") || strings.Contains(host, "@") || strings.Count(host, ":") == 1 {
				return errors.New("must be a host alone: its port, user and database have settings of their own")
			}
		}
		*field = value
		return nil
	}
}

// hostPorts parses a list of hosts, each with a port or without.
func hostPorts(field *[]string) func(string) error {
	return func(value string) error {
		for _, part := range split(value) {
			err := hostPort(new(string))(part)
			if strings.Contains(part, "://") || strings.Contains(part, "@") || err != nil {
				return errors.New("must be host:port, with commas between")
			}
		}
		return list(field)(value)
	}
}

// hostPort parses a host, with a port or without; "" is none.
func hostPort(field *string) func(string) error {
	return func(value string) error {
		if _, port, err := net.SplitHostPort(value); err == nil {
			if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
				return errors.New("must be a host, or host:port")
			}
		}
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

func onOff(field *bool) func(string) error {
	return func(value string) error {
		*field = value == "on"
		return oneOf(new(string), "on", "off")(value)
	}
}

func originList(field *origins) func(string) error {
	return func(value string) (err error) {
		*field, err = newOrigins(split(value))
		return err
	}
}

func duration(field *time.Duration) func(string) error {
	return func(value string) error {
		d, err := parseDuration(value)
		*field = d
		return err
	}
}

// durationOrNone also takes 0.
func durationOrNone(field *time.Duration) func(string) error {
	return func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return errors.New("must be a duration such as 500ms, 10s or 15m, or 0")
		}
		*field = d
		return nil
	}
}

func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, errors.New("must be a duration above zero, such as 500ms, 10s or 15m")
	}
	return d, nil
}

// age parses a duration of a day at least, such as 90d; off is none.
func age(field *time.Duration) func(string) error {
	const most = 100 * 366 // days: beyond them a duration cannot be told
	return func(value string) error {
		*field = 0
		if value == "off" {
			return nil
		}
		number, isDays := strings.CutSuffix(value, "d")
		days, err := strconv.Atoi(number)
		if isDays && err == nil && days > 0 && days <= most {
			*field = time.Duration(days) * 24 * time.Hour
			return nil
		}
		if d, err := parseDuration(value); err == nil && d >= 24*time.Hour {
			*field = d
			return nil
		}
		return errors.New("must be off, or a duration of a day at least, such as 90d or 36h")
	}
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

// taken are the first parts of the paths that have another meaning.
var taken = []string{"graphql", "playground", "health", "livez", "readyz", "assets"}

// prefixes parses paths of one part or more; none is allowed.
func prefixes(field *[]string) func(string) error {
	one := regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)
	return func(value string) error {
		*field = nil
		for _, prefix := range split(value) {
			first, _, _ := strings.Cut(strings.TrimPrefix(prefix, "/"), "/")
			if !one.MatchString(prefix) || slices.Contains(taken, first) {
				return fmt.Errorf("%q must be a path such as /v1, without a slash at its end, and not below one of /%s", prefix, strings.Join(taken, ", /"))
			}
			if !slices.Contains(rest.Bases, prefix) && !slices.Contains(*field, prefix) {
				*field = append(*field, prefix)
			}
		}
		return nil
	}
}

// networks parses addresses and networks; none is allowed.
func networks(field *[]netip.Prefix) func(string) error {
	return func(value string) error {
		*field = nil
		for _, part := range split(value) {
			network, err := netip.ParsePrefix(part)
			if address, notOne := netip.ParseAddr(part); notOne == nil {
				network, err = address.Prefix(address.BitLen())
			}
			if err != nil {
				return fmt.Errorf("%q must be an address or a network, such as 10.0.0.7 or 10.0.0.0/8", part)
			}
			*field = append(*field, network.Masked())
		}
		return nil
	}
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
