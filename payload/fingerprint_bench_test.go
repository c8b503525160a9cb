package payload_test

import (
	"strings"
	"testing"

	"github.com/payload-tracker/payload-tracker/payload"
)

// BenchmarkFingerprint: what a failure costs, whatever its message.
func BenchmarkFingerprint(b *testing.B) {
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, message := range map[string]string{
		"trace":    "unpacking failed\nTraceback (most recent call last):\n" + fill("  File \"/app/x/archive.py\", line 12, in read\n    return f(x)\n") + "EOFError: ends early",
		"words":    fill("word after word "),
		"list":     "unknown rules: [" + fill("'x|R_178', ") + "''] (account 5)",
		"base64":   "illegal base64 data: " + fill("eyJpZGVudGl0eSI6IHsib3JnX2lkIjogMTE3ODksICJ0eX"),
		"lines":    fill("* host 8594a192-7c76-48fd-bd5c-41acb8deb254: row locked by transaction 57442979\n"),
		"braces":   fill("{'a':{"),
		"parens":   fill("xError("),
		"quotes":   fill(" 'a\""),
		"brackets": fill("[ (Error {"),
		"blanks":   fill(" \n"),
		"high":     fill("„é«漢"),
		"pairs":    fill("a=1 bError(c='"),
		"records":  fill(`{"msg":"a b","error":"c d","code":5}, `),
		"rust":     fill(`A { code: 2, message: "a b" `),
		"doubled":  fill("''a ``b "),
		"bare":     fill("(1, 'a b') : "),
		"torn":     fill("a.b, c.d, e1, "),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				payload.FingerprintOf("puptoo", "", message)
			}
		})
	}
	b.Run("cases", func(b *testing.B) {
		cases := failureCases(b, "failures.jsonl")
		b.ReportAllocs()
		for b.Loop() {
			for _, c := range cases {
				payload.FingerprintOf(c.Service, c.Source, c.Message)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(cases)), "ns/message")
	})
}
