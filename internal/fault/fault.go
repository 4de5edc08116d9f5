// Package fault is the one error type that crosses a seam: between a store and
// its service, a service and its transport, one process and another. It imports
// only the standard library, so every layer may speak it.
package fault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// Code is the class of a failure. It decides the HTTP status, whether a caller
// may try again, and whether an error budget burns. Codes are part of the API.
type Code string

// The classes. An error that carries none of them is Internal.
const (
	Invalid            Code = "invalid"
	Unauthenticated    Code = "unauthenticated"
	Forbidden          Code = "forbidden"
	NotFound           Code = "not_found"
	MethodNotAllowed   Code = "method_not_allowed"
	Conflict           Code = "conflict"
	PreconditionFailed Code = "precondition_failed"
	UnsupportedMedia   Code = "unsupported_media_type"
	Unprocessable      Code = "unprocessable"
	RateLimited        Code = "rate_limited"
	Internal           Code = "internal"
	Unavailable        Code = "unavailable"
	Timeout            Code = "timeout"
)

// Codes is every class.
var Codes = []Code{
	Invalid, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, Conflict, PreconditionFailed,
	UnsupportedMedia, Unprocessable, RateLimited, Internal, Unavailable, Timeout,
}

// Error is a failure that a caller may act on. Everything but Cause is safe to
// show to whoever asked.
type Error struct {
	Code       Code
	Reason     string         // stable slug such as slot_full; "" means the code itself
	Detail     string         // one sentence for people
	Pointer    string         // RFC 6901 pointer to the offending field of the body
	RetryAfter time.Duration  // when trying again may help; 0 says nothing
	Extra      map[string]any // further members of the problem, such as how many seats are left
	Cause      error          // logged, never sent
}

// New makes an Error of class code with a stable reason and a sentence.
func New(code Code, reason, format string, args ...any) *Error {
	return &Error{Code: code, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// BadField is Invalid, pointing at the body's field that is wrong.
func BadField(pointer, format string, args ...any) *Error {
	return New(Invalid, "invalid_field", format, args...).At(pointer)
}

// Down is Unavailable because a part we depend on does not answer.
func Down(part string, cause error) *Error {
	return New(Unavailable, "unavailable", "The service is unavailable for the moment. Please try again.").
		After(time.Second).Because(fmt.Errorf("%s: %w", part, cause))
}

// Because returns a copy of e that remembers its cause for the log.
func (e *Error) Because(cause error) *Error { c := *e; c.Cause = cause; return &c }

// At returns a copy of e that points at one field of the body.
func (e *Error) At(pointer string) *Error { c := *e; c.Pointer = pointer; return &c }

// After returns a copy of e that asks the caller to wait.
func (e *Error) After(d time.Duration) *Error { c := *e; c.RetryAfter = d; return &c }

// With returns a copy of e that tells one thing more.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Extra = maps.Clone(e.Extra)
	if c.Extra == nil {
		c.Extra = map[string]any{}
	}
	c.Extra[name] = value
	return &c
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s (%s): %s", e.Code, e.Slug(), e.Detail)
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Slug is the reason, or the code where no reason was given.
func (e *Error) Slug() string {
	if e.Reason != "" {
		return e.Reason
	}
	return string(e.Code)
}

// Of returns the Error in err's chain. A deadline that passed is Timeout;
// anything else unknown is Internal, with err as its cause and nothing of it
// shown. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return New(Timeout, "timeout", "The answer took too long. Please try again; with the same Idempotency-Key nothing happens twice.").Because(err)
	}
	return New(Internal, "internal", "Something went wrong on our side.").Because(err)
}

// CodeOf returns the class of err, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return Of(err).Code
}

// ReasonOf returns the stable slug of err, "" for nil.
func ReasonOf(err error) string {
	if err == nil {
		return ""
	}
	return Of(err).Slug()
}
