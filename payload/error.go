package payload

import "fmt"

// Code says what kind of error a user sees; GraphQL and REST each have one
// table from it.
type Code string

// The codes. Whatever has none is an internal error.
const (
	CodeBadUserInput    Code = "BAD_USER_INPUT"
	CodeUnauthenticated Code = "UNAUTHENTICATED"
	CodeForbidden       Code = "FORBIDDEN"
	CodeNotFound        Code = "NOT_FOUND"
	CodeThrottled       Code = "THROTTLED"
	CodeTimeout         Code = "TIMEOUT"
	CodeUnavailable     Code = "UNAVAILABLE"
	CodeInternal        Code = "INTERNAL_SERVER_ERROR"
)

// Error is an error whose message may be shown to users: it says what is
// wrong and what to do.
type Error struct {
	Code    Code
	Message string
}

// Errorf makes an Error; the format is fmt.Sprintf's.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Message }
