// Package problem writes errors as problem+json (RFC 9457). It is the only place
// that knows which HTTP status a fault has.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"

	"jari.example/internal/fault"
)

// Problem is the body of every error response.
type Problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail"`
	Reason  string `json:"reason"`
	TraceID string `json:"trace_id,omitempty"`
	Pointer string `json:"pointer,omitempty"`

	Extra map[string]any `json:"-"` // further members, RFC 9457 §3.2
}

// ContentType is the content type of a Problem.
const ContentType = "application/problem+json"

// statusClientClosed is the status in the access log of a request whose client
// closed the connection before the response. It is nginx's; RFC 9110 has none.
const statusClientClosed = 499

// statusOf is the only map from code to status; codeOf is its inverse.
var statusOf = map[fault.Code]int{
	fault.Invalid:            http.StatusBadRequest,
	fault.Unauthenticated:    http.StatusUnauthorized,
	fault.Forbidden:          http.StatusForbidden,
	fault.NotFound:           http.StatusNotFound,
	fault.MethodNotAllowed:   http.StatusMethodNotAllowed,
	fault.Conflict:           http.StatusConflict,
	fault.PreconditionFailed: http.StatusPreconditionFailed,
	fault.TooLarge:           http.StatusRequestEntityTooLarge,
	fault.UnsupportedMedia:   http.StatusUnsupportedMediaType,
	fault.Unprocessable:      http.StatusUnprocessableEntity,
	fault.RateLimited:        http.StatusTooManyRequests,
	fault.RequestTimeout:     http.StatusRequestTimeout,
	fault.ClientClosed:       statusClientClosed,
	fault.Internal:           http.StatusInternalServerError,
	fault.Unavailable:        http.StatusServiceUnavailable,
	fault.Timeout:            http.StatusGatewayTimeout,
}

var codeOf = func() map[int]fault.Code {
	m := make(map[int]fault.Code, len(statusOf))
	for code, status := range statusOf {
		m[status] = code
	}
	return m
}()

// CodeOf returns the fault code that has the status.
func CodeOf(status int) (code fault.Code, known bool) {
	code, known = codeOf[status]
	return code, known
}

// New returns a problem with a status, a stable reason and a sentence for people.
func New(status int, reason, detail string) Problem {
	title := http.StatusText(status)
	if status == statusClientClosed {
		title = "Client Closed Request"
	}
	return Problem{Type: "about:blank", Title: title, Status: status, Reason: reason, Detail: detail}
}

// Of returns the problem of a fault. A fault with an unknown code is our failure.
func Of(f *fault.Error) Problem {
	status, known := statusOf[f.Code]
	if !known {
		status = http.StatusInternalServerError
	}
	p := New(status, f.Slug(), f.Detail)
	p.Pointer, p.Extra = f.Pointer, f.Extra
	return p
}

// MarshalJSON writes the members of Extra beside the others.
func (p Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	body, err := json.Marshal(plain(p))
	if err != nil || len(p.Extra) == 0 {
		return body, err
	}
	extra, err := json.Marshal(p.Extra)
	if err != nil {
		return nil, err
	}
	return append(append(body[:len(body)-1], ','), extra[1:]...), nil
}

// Write writes p as the response, with the headers that are already set. No cache
// may store it: RFC 9111 §4.2.2 would let it store a 404 or a 405.
func (p Problem) Write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	switch p.Status {
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, statusClientClosed:
		// Or net/http would wait for the rest of the body before it responds.
		h.Set("Connection", "close")
	}
	w.WriteHeader(p.Status)
	// Not json.Encoder, which would check and copy what MarshalJSON returns.
	body, _ := p.MarshalJSON()         // fails only for a value of Extra that is no JSON
	_, _ = w.Write(append(body, '\n')) // fails only when the client has disconnected
}

// Raw returns p as a whole HTTP/1.1 response, after which the connection is
// closed, for errors that occur before there is a request.
func (p Problem) Raw() []byte {
	body, _ := json.Marshal(p) // of strings and an int, since Extra is empty
	head := "HTTP/1.1 " + strconv.Itoa(p.Status) + " " + p.Title + "\r\nContent-Type: " + ContentType +
		"\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n"
	return append([]byte(head), body...)
}
