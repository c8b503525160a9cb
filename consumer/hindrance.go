package consumer

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// hindrance says in a few words why Kafka could not be asked, and which
// settings to look at where it is not away but wants something else. The log
// has the whole of it.
func hindrance(err error) string {
	_, distrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	_, hungUp := errors.AsType[*kgo.ErrFirstReadEOF](err)
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed), errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		return "Kafka refuses the user: KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM must be what it knows"
	case distrusted:
		return "Kafka's certificate is not trusted: KAFKA_CA_FILE must hold who has signed it"
	case plain:
		return "Kafka does not speak TLS here: KAFKA_SECURITY_PROTOCOL and the port must fit"
	case hungUp, strings.Contains(err.Error(), "speaking to a tls endpoint"):
		return "Kafka hangs up at once: it wants TLS or a user, perhaps, which KAFKA_SECURITY_PROTOCOL leaves out"
	}
	return "Kafka does not answer" + brokerSays(err)
}

// brokerSays is what a broker has answered, to be added to a reason; "" for
// errors that are none of a broker.
func brokerSays(err error) string {
	if said, ok := errors.AsType[*kerr.Error](err); ok {
		return ": " + said.Error()
	}
	return ""
}
