package rest

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of the existing tracker's API, by its names: dashboards read them.
type metrics struct {
	requests   prometheus.Counter
	responses  *prometheus.CounterVec
	invalidIDs prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payload_tracker_requests", Help: "REST requests taken.",
		}),
		responses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payload_tracker_responses", Help: "REST answers by HTTP status code.",
		}, []string{"code"}),
		invalidIDs: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "payload_tracker_api_invalid_request_IDs", Help: "REST requests for an id that is no UUID.",
		}),
	}
	if registerer != nil {
		registerer.MustRegister(m.requests, m.responses, m.invalidIDs)
	}
	return m
}

// count counts requests and answers.
func (m *metrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.requests.Inc()
		watched := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		status := http.StatusInternalServerError // of an answer that breaks off
		defer func() { m.responses.WithLabelValues(strconv.Itoa(status)).Inc() }()
		next.ServeHTTP(watched, r)
		status = watched.status
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
