package payload

// Reason says why a message cannot be an event: the dead letter's error.code.
type Reason string

// The reasons, in the order they are judged: the first that holds is given.
const (
	ReasonTooLarge     Reason = "too_large"
	ReasonInvalidUTF8  Reason = "invalid_utf8"
	ReasonNotJSON      Reason = "not_json"
	ReasonNotObject    Reason = "not_object"
	ReasonNUL          Reason = "nul"
	ReasonMissingField Reason = "missing_field"
	ReasonWrongType    Reason = "wrong_type"
	ReasonTooLong      Reason = "too_long"
	ReasonBadRequestID Reason = "bad_request_id"
	ReasonBadDate      Reason = "bad_date"
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{
		ReasonTooLarge, ReasonInvalidUTF8, ReasonNotJSON, ReasonNotObject, ReasonNUL, ReasonMissingField,
		ReasonWrongType, ReasonTooLong, ReasonBadRequestID, ReasonBadDate,
	}
}

// Rejection is the error of a message that cannot be an event.
type Rejection struct {
	Reason Reason
	Detail string // what is wrong, for the sender's developers

	// Service and RequestID are what the message says, as far as it can be
	// read: for grouping dead letters. At most 255 bytes, a NUL in them U+FFFD.
	Service, RequestID string
}

func (r *Rejection) Error() string { return string(r.Reason) + ": " + r.Detail }
