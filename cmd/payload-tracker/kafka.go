package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// security gives the client options of the KAFKA_ settings for TLS and SASL; none for a plain connection.
func (c kafkaConfig) security() ([]kgo.Opt, error) {
	var options []kgo.Opt
	if strings.HasSuffix(c.protocol, "SSL") {
		config, err := c.tls()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(config))
	}
	if !strings.HasPrefix(c.protocol, "SASL") {
		return options, nil
	}
	switch c.mechanism {
	case "SCRAM-SHA-256":
		return append(options, kgo.SASL(scram.Auth{User: c.user, Pass: c.password}.AsSha256Mechanism())), nil
	case "SCRAM-SHA-512":
		return append(options, kgo.SASL(scram.Auth{User: c.user, Pass: c.password}.AsSha512Mechanism())), nil
	}
	return append(options, kgo.SASL(plain.Auth{User: c.user, Pass: c.password}.AsMechanism())), nil
}

func (c kafkaConfig) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.caFile == "" {
		return config, nil
	}
	content, err := os.ReadFile(c.caFile)
	if err != nil {
		return nil, fmt.Errorf("KAFKA_CA_FILE: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("KAFKA_CA_FILE=%q: holds no certificate in PEM form", c.caFile)
	}
	return config, nil
}
