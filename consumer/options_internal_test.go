package consumer

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// While a broker is away the client warns at each try: one line a minute of each kind is enough.
func TestTheClientsWarningsAreSaidOnceAMinute(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	l := &kafkaLogger{logger: slog.New(slog.NewTextHandler(&log, nil)), said: map[string]time.Time{}}
	for range 3 {
		l.Log(kgo.LogLevelWarn, "unable to open", "addr", "kafka:9092")
		l.Log(kgo.LogLevelError, "unable to initialize sasl")
	}
	if text := log.String(); strings.Count(text, "unable to open") != 1 || strings.Count(text, "unable to initialize sasl") != 1 || !strings.Contains(text, "kafka.addr=kafka:9092") {
		t.Error(text)
	}
	if now := time.Now(); !l.isNews("unable to open", now.Add(2*time.Minute)) || l.isNews("unable to open", now.Add(150*time.Second)) {
		t.Error("it is not said again later, or too soon")
	}
}
