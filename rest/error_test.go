package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

func TestEveryCodeHasItsStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[payload.Code]int{
		payload.CodeBadUserInput:    http.StatusBadRequest,
		payload.CodeUnauthenticated: http.StatusUnauthorized,
		payload.CodeForbidden:       http.StatusForbidden,
		payload.CodeNotFound:        http.StatusNotFound,
		payload.CodeThrottled:       http.StatusTooManyRequests,
		payload.CodeInternal:        http.StatusInternalServerError,
		payload.CodeUnavailable:     http.StatusServiceUnavailable,
		payload.CodeTimeout:         http.StatusGatewayTimeout,
	} {
		status, message := describe(fmt.Errorf("wrapped: %w", payload.Errorf(code, "why %d", 1)))
		if status != want || message != "why 1" {
			t.Errorf("%s: %d %q, want %d", code, status, message, want)
		}
	}
}

func TestInternalErrorsShowNothing(t *testing.T) {
	t.Parallel()
	if status, message := describe(errors.New("SELECT secret")); status != http.StatusInternalServerError || message != "an internal error occurred" {
		t.Errorf("%d %q", status, message)
	}
	if status, _ := describe(fmt.Errorf("read: %w", context.DeadlineExceeded)); status != http.StatusGatewayTimeout {
		t.Errorf("%d", status)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                          "00:00:00.000000",
		1500 * time.Millisecond:    "00:00:01.500000",
		61*time.Minute + time.Hour: "02:01:00.000000",
		123*time.Hour + 59*time.Second + 999999*time.Microsecond: "123:00:59.999999",
	} {
		if got := clock(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
