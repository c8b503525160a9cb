package payload_test

import (
	"strings"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// said is an event in a few words: "puptoo error why", or with a source
// "compliance/worker success".
func said(second int, words string) payload.Event {
	parts := strings.SplitN(words, " ", 3)
	service, source, _ := strings.Cut(parts[0], "/")
	e := payload.Event{
		Service: service, Source: source, Status: parts[1],
		Date: start.Add(time.Duration(second) * time.Second), TakenIn: start.Add(time.Duration(second) * time.Second),
	}
	if len(parts) == 3 {
		e.Message = parts[2]
	}
	return e
}

func TestVerdictSentences(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	rules.Handovers = []payload.Handover{{From: "ingress", To: "puptoo"}}
	rules.StallAfterService = map[string]time.Duration{"slow": time.Hour}
	for _, c := range []struct {
		name   string
		events []string
		after  time.Duration
		want   string
		state  payload.State
		final  bool
	}{
		{"succeeded", []string{"a received", "a success", "b success"}, time.Minute, "passed 2 services in 2 s and succeeded", payload.StateSucceeded, false},
		{"final", []string{"a success"}, 61 * time.Second, "passed 1 service in 0 ms and succeeded", payload.StateSucceeded, true},
		{"failed", []string{"a success", "b received", "b error no disk"}, 0, "failed in b after 1 service: no disk", payload.StateFailed, false},
		{"failed at once, without a word", []string{"b rejected"}, 0, "failed in b: rejected", payload.StateFailed, false},
		{"failed with a traceback", []string{"b error Traceback (most recent call last):\n  File x\nKeyError: 'rpm'\n"}, 0, "failed in b: KeyError: 'rpm'", payload.StateFailed, false},
		{"in progress", []string{"a success", "b received"}, 0, "in b, 1 service passed", payload.StateInProgress, false},
		{"stalled", []string{"a received"}, 22 * time.Minute, "no news from a for 22 min", payload.StateStalled, false},
		{"not stalled yet", []string{"a received"}, 15*time.Minute - time.Second, "in a", payload.StateInProgress, false},
		{"stalled from then on", []string{"a received"}, 15 * time.Minute, "no news from a for 15 min", payload.StateStalled, false},
		{"another event than success will do", []string{"ingress success", "puptoo error no"}, 0, "failed in puptoo after 1 service: no", payload.StateFailed, false},
		{"nothing handed over yet", []string{"ingress received"}, 0, "in ingress", payload.StateInProgress, false},
		{"stalled later by rule", []string{"slow received"}, 59 * time.Minute, "in slow", payload.StateInProgress, false},
		{"the shortest limit counts", []string{"slow received", "a received"}, 16 * time.Minute, "no news from a and slow for 15 min", payload.StateStalled, false},
		{"a hand-over awaited", []string{"ingress success"}, 22 * time.Minute, "no news from puptoo, expected after ingress, for 22 min", payload.StateStalled, false},
		{"a hand-over seen", []string{"ingress success", "puptoo success"}, 0, "passed 2 services in 1 s and succeeded", payload.StateSucceeded, false},
		{"handed over inside", []string{"c/in received", "c/work success"}, 0, "passed 1 service in 1 s and succeeded", payload.StateSucceeded, false},
		{"asked again inside", []string{"c/work success", "c/in received"}, 0, "in c", payload.StateInProgress, false},
	} {
		var j payload.Journey
		for i, words := range c.events {
			j.Merge(&rules, said(i, words))
		}
		v := j.Verdict(&rules, start.Add(c.after))
		if v.Sentence != c.want || v.State != c.state || v.Final != c.final {
			t.Errorf("%s: %q %s final=%t, want %q %s final=%t", c.name, v.Sentence, v.State, v.Final, c.want, c.state, c.final)
		}
	}
}

func TestVerdictNamesCoveredFailures(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	var j payload.Journey
	j.Merge(&rules, said(0, "inventory processing_error one host"), said(1, "inventory success"), said(2, "puptoo success"))
	v := j.Verdict(&rules, start)
	if v.State != payload.StateSucceeded || len(v.CoveredFailures) != 1 || v.CoveredFailures[0] != "inventory" {
		t.Errorf("verdict %+v", v)
	}
}

func TestVerdictNamesWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	rules.Handovers = []payload.Handover{{From: "ingress", To: "puptoo"}, {From: "ingress", To: "archive"}}
	for words, want := range map[string]string{
		"ingress success, b received, a received": "a, b, puptoo after ingress, archive after ingress",
		"ingress success, puptoo received":        "puptoo, archive after ingress",
		"ingress success, puptoo error no":        "",
		"b success":                               "",
	} {
		var j payload.Journey
		for i, event := range strings.Split(words, ", ") {
			j.Merge(&rules, said(i, event))
		}
		for _, later := range []time.Duration{0, time.Hour} {
			var names []string
			for _, w := range j.Verdict(&rules, start.Add(later)).WaitsFor {
				name := w.Service
				if w.After != "" {
					name += " after " + w.After
				}
				names = append(names, name)
			}
			if got := strings.Join(names, ", "); got != want {
				t.Errorf("%s, %s later: waits for %q, want %q", words, later, got, want)
			}
		}
	}
}

func TestReasonIsTheLineThatSaysMost(t *testing.T) {
	t.Parallel()
	const title = "Traceback (most recent call last):\n"
	frames := strings.Repeat("  File \"/srv/app.py\", line 1, in run\n    step()\n", 40)
	for name, c := range map[string][2]string{
		"blank":                     {" \n\t", "failed in s: error"},
		"lines":                     {"\r\n  no disk \r\nmore", "failed in s: no disk"},
		"long traceback":            {title + frames + "KeyError: 'rpm'\n", "failed in s: KeyError: 'rpm'"},
		"details behind":            {title + frames + "psycopg.IntegrityError: twice\nDETAIL:  Key (id)=(1)", "failed in s: psycopg.IntegrityError: twice"},
		"chain":                     {title + frames + "KeyError: 'a'\n\nDuring handling of it, another:\n\n" + title + frames + "OSError: b", "failed in s: OSError: b"},
		"sentence before":           {"unpacking failed\n" + title + frames + "EOFError: end", "failed in s: unpacking failed"},
		"sentence in the same line": {"not written: " + title + frames + "EOFError: end", "failed in s: not written: EOFError: end"},
		"traceback cut short":       {title + "  File \"/srv/app.py\", li", "failed in s: File \"/srv/app.py\", li"},
		"colours":                   {"\x1b[1;31mValueError\x1b[0m: no\tdate", "failed in s: ValueError: no date"},
		"long":                      {strings.Repeat("é", 300), "failed in s: " + strings.Repeat("é", 199) + "…"},
	} {
		rules := payload.DefaultRules()
		j := journeyOf(payload.Event{Service: "s", Status: "error", Message: c[0], Date: start, TakenIn: start})
		if got := decoded(t, encoded(t, j)).Verdict(&rules, start).Sentence; got != c[1] {
			t.Errorf("%s: %q, want %q", name, got, c[1])
		}
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0 ms": -time.Hour, "120 ms": 120 * time.Millisecond, "3.8 s": 3899 * time.Millisecond, "4 s": 4 * time.Second,
		"22 s": 22 * time.Second, "22 min": 22*time.Minute + 59*time.Second, "5 h": 5 * time.Hour, "12 days": 300 * time.Hour,
	} {
		if got := payload.FormatDuration(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestRulesValidate(t *testing.T) {
	t.Parallel()
	rules := payload.DefaultRules()
	if err := rules.Validate(); err != nil {
		t.Error(err)
	}
	rules.Success = append(rules.Success, "error")
	if err := rules.Validate(); err == nil {
		t.Error("a word of two classes passed")
	}
}
