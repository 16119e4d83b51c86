// Package fault is the one kind of error that stella shows to a user: a
// sentence, a stable reason for scripts, and advice.
//
// A package that meets a failure whose exit status or reason matters returns
// an *Error; everything else stays an ordinary error and ends as exit 1. The
// reasons and their exit statuses stand in one table, catalog.go, from which
// the manual is generated.
package fault

import (
	"errors"
	"fmt"
)

// Error is a failure with a stable reason. The zero value is not useful; use
// New or Wrap.
type Error struct {
	Reason  Reason
	Message string            // lower case, no full stop, no content of secret files
	Hint    string            // imperative advice, may be empty; never "turn the check off"
	Details map[string]string // facts for machines: path, offset, expected, found
	Err     error             // cause, may be nil; its text follows the message
}

// New returns an *Error with a formatted message.
func New(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an *Error whose cause is err.
func Wrap(r Reason, err error, format string, args ...any) *Error {
	return &Error{Reason: r, Message: fmt.Sprintf(format, args...), Err: err}
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// With adds a fact for machines and returns e.
func (e *Error) With(key, value string) *Error {
	if e.Details == nil {
		e.Details = make(map[string]string)
	}
	e.Details[key] = value
	return e
}

func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Message
	case e.Message == "":
		return e.Err.Error()
	default:
		return e.Message + ": " + e.Err.Error()
	}
}

func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the reason of the outermost *Error in err's chain, and
// Internal when there is none.
func ReasonOf(err error) Reason {
	if fe, ok := errors.AsType[*Error](err); ok {
		return fe.Reason
	}
	return Internal
}

// HintOf returns the first non-empty hint in err's chain.
func HintOf(err error) string {
	for err != nil {
		fe, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if fe.Hint != "" {
			return fe.Hint
		}
		err = fe.Err
	}
	return ""
}
