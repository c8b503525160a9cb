package payload_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/payload-tracker/payload-tracker/payload"
)

func TestCodecKeepsEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := journeyOf(rapid.SliceOfN(madeEvent(), 0, 30).Draw(t, "events")...)
		checkCodec(t, j)
	})
	checkCodec(t, journeyOf(manyEvents(1, 3000)...))
}

func checkCodec(t rapid.TB, j *payload.Journey) {
	t.Helper()
	read := decoded(t, encoded(t, j))
	if got, want := fmt.Sprintf("%+v", *read), fmt.Sprintf("%+v", *j); got != want {
		t.Fatalf("read %s, want %s", got, want)
	}
	behind, err := j.AppendBinary([]byte("before"))
	if err != nil || string(behind) != "before"+encoded(t, j) {
		t.Fatal("AppendBinary does not append")
	}
}

func TestCodecRefusesDamage(t *testing.T) {
	t.Parallel()
	whole := encoded(t, journeyOf(manyEvents(3, 20)...))
	for n := range len(whole) {
		var j payload.Journey
		if err := j.UnmarshalBinary([]byte(whole[:n])); err == nil || !j.Empty() {
			t.Fatalf("%d of %d bytes were taken for a journey", n, len(whole))
		}
	}
	for name, b := range map[string]string{"more": whole + "\x00", "newer": "\xff" + whole[1:]} {
		if err := new(payload.Journey).UnmarshalBinary([]byte(b)); err == nil {
			t.Errorf("%s was taken for a journey", name)
		}
	}
}

func FuzzUnmarshalJourney(f *testing.F) {
	f.Add([]byte(encoded(f, journeyOf(manyEvents(2, 5)...))))
	f.Fuzz(func(_ *testing.T, b []byte) {
		rules := payload.DefaultRules()
		var j payload.Journey
		if j.UnmarshalBinary(b) != nil {
			return
		}
		j.Merge(&rules, manyEvents(4, 3)...)
		_ = j.Verdict(&rules, day0)
	})
}
