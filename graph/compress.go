package graph

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// minCompressed is the size above which an answer is worth compressing.
const minCompressed = 1 << 10

// coding is a way to compress.
type coding struct {
	name     string
	compress func([]byte) []byte
}

// codings that are offered, the better first.
var codings = []*coding{{"zstd", compressZstd}, {"gzip", compressGzip}}

// codingOf is the coding the client likes best; nil for none.
func codingOf(header http.Header) *coding {
	var best *coding
	var most float64
	for _, c := range codings {
		if q := weightOf(header, c.name); q > most {
			best, most = c, q
		}
	}
	return best
}

// weightOf is how much the client likes a coding: 0 when it does not take it.
func weightOf(header http.Header, name string) float64 {
	weight := 0.0
	for part := range strings.SplitSeq(strings.Join(header.Values("Accept-Encoding"), ","), ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		coding = strings.TrimSpace(coding)
		if coding != "*" && !strings.EqualFold(coding, name) {
			continue
		}
		q := 1.0
		if text, given := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q="); given {
			q, _ = strconv.ParseFloat(text, 64) // what is no number is not taken
		}
		if coding != "*" {
			return q
		}
		weight = q
	}
	return weight
}

// zstdEncoder is shared: EncodeAll keeps no state. A small window suffices for
// answers, and is all that each call holds.
var zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return encoder
})

func compressZstd(body []byte) []byte {
	return zstdEncoder().EncodeAll(body, make([]byte, 0, len(body)/4))
}

var gzipWriters = sync.Pool{New: func() any {
	writer, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return writer
}}

func compressGzip(body []byte) []byte {
	writer := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(writer)
	var packed bytes.Buffer
	packed.Grow(len(body) / 4)
	writer.Reset(&packed)
	_, _ = writer.Write(body) // a buffer takes all
	_ = writer.Close()
	return packed.Bytes()
}
