package payload

import (
	"fmt"
	"strconv"
	"strings"
)

// Fingerprint names a kind of failure: failures of one service and source
// whose messages differ in detail only have the same. Its upper four bits are
// the version of the method, so that groups made by another are never mixed
// with these; it fits into a positive int64.
type Fingerprint uint64

// fingerprintVersion changes with everything that may give a message another
// fingerprint: stored ones then need a rebuild.
const fingerprintVersion = 1

const fingerprintHash = 60 // bits of the hash

// FingerprintOf is the fingerprint of a failure with that message.
func FingerprintOf(service, source, message string) Fingerprint {
	var room [maxKey + maxToken]byte
	r := reader{key: room[:0]}
	r.read(message)
	h := fnv(fnvOffset, service)
	h = fnv(h*fnvPrime, source) // a step between them keeps "ab","c" apart from "a","bc"
	h = fnv(h*fnvPrime, r.key)
	// The last steps of FNV hardly reach the upper bits.
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return fingerprintVersion<<fingerprintHash | Fingerprint(h>>(64-fingerprintHash))
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func fnv[T string | []byte](h uint64, text T) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * fnvPrime
	}
	return h
}

// Normalise is the message as the title of its group: the sentence that says
// why, with what varies replaced: "connection to <host> refused after <n> s".
// It is "" when the message says nothing.
func Normalise(message string) string {
	r := reader{titled: true}
	r.read(message)
	return shorten(strings.TrimSpace(string(r.title)), maxReason)
}

// String is the version and the hash: "v1:0123456789abcde".
func (f Fingerprint) String() string {
	return fmt.Sprintf("v%d:%015x", f>>fingerprintHash, uint64(f&(1<<fingerprintHash-1)))
}

// ParseFingerprint reads what String wrote, of any version.
func ParseFingerprint(text string) (Fingerprint, error) {
	version, hash, _ := strings.Cut(strings.TrimPrefix(text, "v"), ":")
	v, err1 := strconv.ParseUint(version, 10, 64-fingerprintHash-1)
	h, err2 := strconv.ParseUint(hash, 16, fingerprintHash)
	f := Fingerprint(v<<fingerprintHash | h)
	if err1 != nil || err2 != nil || f.String() != text {
		return 0, Errorf(CodeBadUserInput, "%q is no fingerprint; one looks like %s", text, Fingerprint(fingerprintVersion<<fingerprintHash|0x0123456789abcde))
	}
	return f, nil
}
