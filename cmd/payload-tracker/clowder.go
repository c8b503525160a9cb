package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// clowderFile is what Clowder writes to the file that ACG_CONFIG names, as far as it concerns us.
type clowderFile struct {
	PublicPort  *int `json:"publicPort"`
	MetricsPort *int `json:"metricsPort"`
	Kafka       *struct {
		Brokers []struct {
			Hostname string `json:"hostname"`
			Port     *int   `json:"port"`
			CACert   string `json:"cacert"`
			Protocol string `json:"securityProtocol"`
			SASL     *struct {
				Username         string `json:"username"`
				Password         string `json:"password"`
				SecurityProtocol string `json:"securityProtocol"`
				Mechanism        string `json:"saslMechanism"`
			} `json:"sasl"`
		} `json:"brokers"`
		Topics []struct {
			Name          string `json:"name"`
			RequestedName string `json:"requestedName"`
		} `json:"topics"`
	} `json:"kafka"`
	Database *struct {
		Hostname string `json:"hostname"`
		Port     int    `json:"port"`
		Username string `json:"username"`
		Password string `json:"password"`
		Name     string `json:"name"`
		SSLMode  string `json:"sslMode"`
		RDSCA    string `json:"rdsCa"`
	} `json:"database"`
}

// withClowder answers from env, and for what it lacks from the file of ACG_CONFIG, when there is one.
func withClowder(env lookup) (lookup, error) {
	path, _ := env("ACG_CONFIG")
	if path == "" {
		return env, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ACG_CONFIG: %w", err)
	}
	var file clowderFile
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("ACG_CONFIG=%q: %w", path, err)
	}
	values := file.settings(env)
	return func(name string) (string, bool) {
		topic := name == "TOPIC_PAYLOAD_STATUS" && values[name] != "" // the file translates what the environment asks for
		if value, found := env(name); found && value != "" && !topic {
			return value, true
		}
		value, found := values[name]
		return value, found
	}, nil
}

// settings are the file's values under the names of our settings.
func (f *clowderFile) settings(env lookup) map[string]string {
	values := map[string]string{}
	setPort := func(name string, port *int) {
		if port != nil && *port != 0 {
			values[name] = strconv.Itoa(*port)
		}
	}
	setPort("PUBLICPORT", f.PublicPort)
	setPort("METRICSPORT", f.MetricsPort)
	if d := f.Database; d != nil {
		values["DB_HOST"], values["DB_USER"], values["DB_PASSWORD"] = d.Hostname, d.Username, d.Password
		values["DB_NAME"], values["DB_SSLMODE"], values["DB_SSLROOTCERT"] = d.Name, d.SSLMode, d.RDSCA
		setPort("DB_PORT", &d.Port)
	}
	if k := f.Kafka; k != nil {
		var brokers []string
		for _, b := range k.Brokers {
			port := 9092
			if b.Port != nil {
				port = *b.Port
			}
			values["KAFKA_CA_FILE"] = cmp.Or(values["KAFKA_CA_FILE"], b.CACert)
			protocol := b.Protocol
			if protocol == "" && b.CACert != "" {
				protocol = "SSL"
			}
			if b.SASL != nil {
				protocol = cmp.Or(b.SASL.SecurityProtocol, b.Protocol, "SASL_SSL")
				values["KAFKA_SASL_MECHANISM"] = b.SASL.Mechanism
				values["KAFKA_USERNAME"], values["KAFKA_PASSWORD"] = b.SASL.Username, b.SASL.Password
			}
			values["KAFKA_SECURITY_PROTOCOL"] = cmp.Or(values["KAFKA_SECURITY_PROTOCOL"], protocol)
			brokers = append(brokers, net.JoinHostPort(b.Hostname, strconv.Itoa(port)))
		}
		values["KAFKA_BOOTSTRAP_SERVERS"] = strings.Join(brokers, ",")
		wanted, _ := env("TOPIC_PAYLOAD_STATUS")
		for _, topic := range k.Topics {
			// Clowder may give a topic another name than the one asked for.
			if topic.RequestedName == wanted || wanted == "" && topic.RequestedName == "platform.payload-status" {
				values["TOPIC_PAYLOAD_STATUS"] = topic.Name
			}
		}
	}
	return values
}
