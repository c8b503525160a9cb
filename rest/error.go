package rest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/payload-tracker/payload-tracker/payload"
)

// httpStatus says how each code is answered. A test walks all codes.
var httpStatus = map[payload.Code]int{
	payload.CodeBadUserInput:    http.StatusBadRequest,
	payload.CodeUnauthenticated: http.StatusUnauthorized,
	payload.CodeForbidden:       http.StatusForbidden,
	payload.CodeNotFound:        http.StatusNotFound,
	payload.CodeThrottled:       http.StatusTooManyRequests,
	payload.CodeInternal:        http.StatusInternalServerError,
	payload.CodeUnavailable:     http.StatusServiceUnavailable,
	payload.CodeTimeout:         http.StatusGatewayTimeout,
}

// fault is the body of every answer that is none; the existing front end reads status as a number.
type fault struct {
	Title   string `json:"title"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

// fail answers an error. What is not made for users is logged and shows them nothing.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the caller has hung up: an answer reaches nobody, and its error is none of ours
	}
	status, message := describe(err)
	if status >= http.StatusInternalServerError {
		h.log.ErrorContext(r.Context(), "request failed",
			slog.String("path", r.URL.Path), slog.Int("status", status), slog.Any("error", err))
	}
	writeFault(w, status, message)
}

// Refuse answers a request that nobody looked into, e.g. as it does not say who asks.
func Refuse(w http.ResponseWriter, _ *http.Request, code payload.Code, message string) {
	writeFault(w, httpStatus[code], message)
}

func describe(err error) (status int, message string) {
	var told *payload.Error
	if errors.As(err, &told) {
		if status, known := httpStatus[told.Code]; known {
			return status, told.Message
		}
		return http.StatusBadRequest, told.Message
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusGatewayTimeout, "the answer took too long"
	}
	return http.StatusInternalServerError, "an internal error occurred"
}

func writeFault(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, fault{Title: http.StatusText(status), Message: message, Status: status})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic("rest: " + err.Error()) // our own structs of texts, numbers and times
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller has gone: nobody to tell
}
