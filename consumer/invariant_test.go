package consumer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The invariants of taking events in: whatever happens, each event is stored
// exactly once, and what is concluded from the events is the same as if
// nothing had happened.
//
// Faults are drawn at random from a seed. INVARIANT_SEED repeats a run: the
// same events, the same faults in the same order, the same victims; only the
// moment at which they meet is the machine's.

func seed(t *testing.T) uint64 {
	t.Helper()
	s := rand.Uint64N(1_000_000)
	if text := os.Getenv("INVARIANT_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("INVARIANT_SEED=%q is no number", text)
		}
	}
	t.Logf("INVARIANT_SEED=%d repeats this run", s)
	return s
}

// twice draws every fault two times, in random order.
func twice(rng *rand.Rand) []fault {
	drawn := slices.Concat(everyFault, everyFault)
	rng.Shuffle(len(drawn), func(i, k int) { drawn[i], drawn[k] = drawn[k], drawn[i] })
	return drawn
}

func TestInvariantsHoldUnderFaults(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, trialConfig{seed: seed(t), ownServer: true, repeats: true})
	tr.suffer(twice(tr.rng)...)
	tr.finish()
	for _, violation := range tr.violations() {
		t.Error(violation)
	}
}

// Where producers do not repeat themselves, the positions alone are enough.
func TestInvariantsHoldWithoutDedupe(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, trialConfig{seed: seed(t), ownServer: true, noDedupe: true})
	tr.suffer(twice(tr.rng)...)
	tr.finish()
	for _, violation := range tr.violations() {
		t.Error(violation)
	}
}

// Without dedupe and without compare-and-set, a batch whose COMMIT was not
// answered is stored again: so these tests can fail, and each of the two
// guards is one.
func TestInvariantsNeedAGuard(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, trialConfig{seed: seed(t), noDedupe: true, noCompareAndSet: true})
	for _, m := range tr.members {
		m.tamper.next.Store(commitUnanswered)
	}
	tr.suffer(fault{"a COMMIT without an answer", func(tr *trial, _ *member, _ *rand.Rand) {
		tr.eventually("a COMMIT was cut", 20*time.Second, func() bool { return tr.cuts() > 0 })
	}})
	tr.finish()
	if tr.replaced() == 0 {
		t.Fatal("no statement compares the positions as the test expects: withoutCompareAndSet takes nothing away")
	}
	tr.wantStoredTwice()
}

// Where producers repeat themselves, positions do not help.
func TestInvariantsNeedDedupeAgainstRepeats(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, trialConfig{seed: seed(t), noDedupe: true})
	tr.suffer(fault{"none", func(*trial, *member, *rand.Rand) {}})
	tr.waitStored() // so that the repeats come in other batches
	tr.config.repeats = true
	tr.suffer(fault{"none", func(*trial, *member, *rand.Rand) {}})
	tr.finish()
	tr.wantStoredTwice()
}

func (tr *trial) wantStoredTwice() {
	tr.t.Helper()
	violations := tr.violations()
	if !slices.ContainsFunc(violations, func(v string) bool { return strings.Contains(v, "is stored 2 times") }) {
		tr.t.Errorf("no event is stored twice; found: %q", violations)
	}
}

// violations is what does not hold, in words; at most a few of each kind.
func (tr *trial) violations() []string {
	tr.t.Helper()
	var found []string
	add := func(kind []string) { found = append(found, kind[:min(len(kind), 5)]...) }
	add(tr.miscounted())
	add(tr.misplaced())
	clean := tr.cleanRun()
	tr.fold(tr.dsn)
	tr.fold(clean)
	for _, what := range []struct{ name, query string }{
		{"journeys", `SELECT p.request_id::text || ' ' || (to_jsonb(p) - 'id' - 'trails')::text FROM payloads p`},
		{"counts of stages", `SELECT (to_jsonb(r) - 'generation')::text FROM stage_rollups r`},
		{"counts of hand-overs", `SELECT (to_jsonb(r) - 'generation')::text FROM handover_rollups r`},
		// Which of several was the last depends on when each was counted.
		{"counts of failures", `SELECT (to_jsonb(r) - 'generation' - 'first_at' - 'last_at' - 'payload_id' - 'message')::text FROM failure_rollups r`},
		{"hosts", `SELECT p.request_id::text || ' ' || (to_jsonb(h) - 'payload_id')::text FROM payload_hosts h JOIN payloads p ON p.id = h.payload_id`},
	} {
		got, want := tr.texts(tr.dsn, what.query), tr.texts(clean, what.query)
		if len(want) == 0 {
			tr.t.Fatalf("a clean run left no %s", what.name)
		}
		var differ []string
		for _, text := range without(got, want) {
			differ = append(differ, what.name+" not as in a clean run: "+text)
		}
		for _, text := range without(want, got) {
			differ = append(differ, what.name+" of a clean run missing: "+text)
		}
		slices.Sort(differ)
		add(differ)
	}
	return found
}

// fold adds up what the batches have left to be counted.
func (tr *trial) fold(dsn string) {
	tr.t.Helper()
	s := tr.open(dsn)
	defer s.Close()
	if err := s.FoldRollups(tr.t.Context()); err != nil {
		tr.t.Fatal(err)
	}
}

// miscounted are the events that are not there exactly once.
func (tr *trial) miscounted() []string {
	tr.t.Helper()
	times := map[string]int{}
	for _, message := range tr.texts(tr.dsn, `SELECT coalesce(message, '') FROM payload_statuses`) {
		times[message]++
	}
	var found []string
	for n := range tr.numbered {
		name := eventName(n)
		if times[name] != 1 {
			found = append(found, fmt.Sprintf("%s is stored %d times", name, times[name]))
		}
		delete(times, name)
	}
	for name := range times {
		found = append(found, "nobody sent "+name)
	}
	return found
}

// misplaced are the partitions whose position is not their end.
func (tr *trial) misplaced() []string {
	tr.t.Helper()
	var found []string
	positions := tr.positions(tr.dsn, group)
	for partition, want := range tr.Ends() {
		if got := positions[partition]; got != want {
			found = append(found, fmt.Sprintf("partition %d stands at %d, want %d", partition, got, want))
		}
	}
	return found
}

// without are the texts that others does not hold, as often as it does.
func without(texts, others []string) []string {
	left := map[string]int{}
	for _, text := range others {
		left[text]++
	}
	var missing []string
	for _, text := range texts {
		if left[text]--; left[text] < 0 {
			missing = append(missing, text)
		}
	}
	return missing
}
