package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

// ArchiveConfig says who gives the links under which archives are downloaded.
type ArchiveConfig struct {
	BrokerURL string        // the storage broker's route
	Role      string        // who may have links (default platform-archive-download)
	Timeout   time.Duration // for the broker's answer (default 35 s)

	Mock       bool // links to a route of ours instead, for any id and caller
	PublicPort int  // where that route is
}

func (c ArchiveConfig) withDefaults() ArchiveConfig {
	setDefault(&c.Role, "platform-archive-download")
	setDefault(&c.Timeout, 35*time.Second)
	setDefault(&c.PublicPort, 8080)
	return c
}

// archiveLink answers where the payload's archive can be downloaded.
func (h *handler) archiveLink(w http.ResponseWriter, r *http.Request, _ url.Values) error {
	address, err := h.archive(h, r)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, link{address})
	return nil
}

// archive gives a link for a request.
type archive func(h *handler, r *http.Request) (string, error)

func newArchive(config ArchiveConfig) archive {
	if config.Mock {
		return config.mockLink
	}
	broker := &broker{url: config.BrokerURL, timeout: config.Timeout, transport: http.DefaultTransport}
	return broker.link
}

// mockLink leads to mockArchive, at the host by which we are known to the caller.
func (c ArchiveConfig) mockLink(_ *handler, r *http.Request) (string, error) {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(c.PublicPort)) +
		"/app/payload-tracker/api/v1/archive/" + url.PathEscape(r.PathValue("request_id")), nil
}

func (h *handler) mockArchive(w http.ResponseWriter, r *http.Request, _ url.Values) error {
	writeText(w, "You got an archive for "+r.PathValue("request_id"))
	return nil
}

// broker is the platform's storage broker, which signs links. What it answers is a secret: no error repeats it.
type broker struct {
	url     string
	timeout time.Duration
	// No client: it would follow a redirect, which takes the question and the answer's place elsewhere, and its errors
	// repeat addresses, ours and the redirect's.
	transport http.RoundTripper
}

// mostOfAnswer is what is read of the broker's answer.
const mostOfAnswer = 64 << 10

func (b *broker) link(h *handler, r *http.Request) (string, error) {
	if err := h.mayHaveArchives(r); err != nil {
		return "", err
	}
	id, err := h.requestID(r)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(r.Context(), b.timeout)
	defer cancel()
	address, err := b.ask(ctx, id)
	if err != nil {
		if _, told := errors.AsType[*payload.Error](err); told {
			return "", err
		}
		return "", fmt.Errorf("%w: %w", payload.Errorf(payload.CodeInternal, "the storage broker gave no link; try again in a moment"), err)
	}
	return address, nil
}

func (b *broker) ask(ctx context.Context, id payload.RequestID) (string, error) {
	target, err := url.Parse(b.url)
	if err != nil {
		return "", errors.New("STORAGEBROKERURL is no URL")
	}
	query := target.Query()
	query.Set("request_id", id.String())
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return "", errors.New("STORAGEBROKERURL is no URL")
	}
	request.Header.Set("Accept", mediaJSON)
	if user := target.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
	}
	answer, err := b.transport.RoundTrip(request)
	if err != nil {
		return "", fmt.Errorf("ask the storage broker: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return "", payload.Errorf(payload.CodeNotFound, "Payload not found")
	default:
		return "", fmt.Errorf("the storage broker answered %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostOfAnswer+1))
	if err != nil {
		return "", fmt.Errorf("read the storage broker's answer: %w", err)
	}
	var told link
	if len(body) > mostOfAnswer || json.Unmarshal(body, &told) != nil || !isWeb(told.URL) {
		return "", errors.New("the storage broker's answer holds no link")
	}
	return told.URL, nil
}

func isWeb(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Host != "" && (parsed.Scheme == "https" || parsed.Scheme == "http")
}
