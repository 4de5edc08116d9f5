// Package fault is the error type that crosses boundaries: between a store and
// its service, a service and its transport, one process and another. It imports
// only the standard library, so every layer may use it.
package fault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// Code is the class of a failure. It decides the HTTP status, whether a caller
// may retry, and whether the failure counts against an error budget. Codes are
// part of the API.
type Code string

// The codes. An error without one is Internal.
const (
	Invalid            Code = "invalid"
	Unauthenticated    Code = "unauthenticated"
	Forbidden          Code = "forbidden"
	NotFound           Code = "not_found"
	MethodNotAllowed   Code = "method_not_allowed"
	Conflict           Code = "conflict"
	PreconditionFailed Code = "precondition_failed"
	TooLarge           Code = "content_too_large"
	UnsupportedMedia   Code = "unsupported_media_type"
	Unprocessable      Code = "unprocessable"
	RateLimited        Code = "rate_limited"
	RequestTimeout     Code = "request_timeout" // the client did not send its request in time
	ClientClosed       Code = "client_closed"   // the client ended its request before the response
	Internal           Code = "internal"
	Unavailable        Code = "unavailable"
	Timeout            Code = "timeout" // we did not respond in time
)

// Codes lists every code.
var Codes = []Code{
	Invalid, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, Conflict, PreconditionFailed, TooLarge,
	UnsupportedMedia, Unprocessable, RateLimited, RequestTimeout, ClientClosed, Internal, Unavailable, Timeout,
}

// Error is a failure that a caller may act on. Every field but Cause may be
// shown to the client.
type Error struct {
	Code       Code
	Reason     string         // stable slug such as slot_full; "" means the code itself
	Detail     string         // one sentence for people
	Pointer    string         // RFC 6901 pointer to the offending field of the body
	RetryAfter time.Duration  // when a retry may succeed; 0 when unknown
	Extra      map[string]any // further members of the problem, such as how many covers are left
	Cause      error          // logged, never sent
}

// New returns an Error with a code, a stable reason and a sentence for people.
func New(code Code, reason, format string, args ...any) *Error {
	return &Error{Code: code, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// BadField returns an Invalid error that points at a field of the body.
func BadField(pointer, format string, args ...any) *Error {
	return New(Invalid, "invalid_field", format, args...).At(pointer)
}

// Down returns an Unavailable error: a dependency, such as "postgresql", cannot
// be reached or cannot serve.
func Down(dependency string, cause error) *Error {
	return New(Unavailable, "unavailable", "The service is temporarily unavailable. Please try again.").
		After(time.Second).Because(fmt.Errorf("%s: %w", dependency, cause))
}

// Because returns a copy of e with a cause, for the log.
func (e *Error) Because(cause error) *Error { c := *e; c.Cause = cause; return &c }

// At returns a copy of e that points at a field of the body.
func (e *Error) At(pointer string) *Error { c := *e; c.Pointer = pointer; return &c }

// After returns a copy of e with RetryAfter d.
func (e *Error) After(d time.Duration) *Error { c := *e; c.RetryAfter = d; return &c }

// With returns a copy of e with one more member of Extra.
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

// TimeoutDetail is the Detail of a Timeout whose request may have taken effect.
const TimeoutDetail = "The request took too long. Please try again: with the same Idempotency-Key nothing happens twice."

// Of returns the Error in err's chain. A context.DeadlineExceeded becomes
// Timeout; any other error becomes Internal with err as its cause, so that its
// text is logged and not shown. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return New(Timeout, "timeout", TimeoutDetail).Because(err)
	}
	return New(Internal, "internal", "Something went wrong on our side.").Because(err)
}

// OfRequest is [Of] for an error that ends the request whose context is ctx. It is
// ClientClosed if the client's disconnect caused err: then nothing of ours has
// failed.
func OfRequest(ctx context.Context, err error) *Error {
	if errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled) {
		return New(ClientClosed, "client_closed", "The connection was closed before the response.").Because(err)
	}
	return Of(err)
}

// CodeOf returns the code of err, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return Of(err).Code
}

// ReasonOf returns the slug of err, "" for nil.
func ReasonOf(err error) string {
	if err == nil {
		return ""
	}
	return Of(err).Slug()
}
