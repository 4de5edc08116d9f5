package httpjson

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Problem is the body of every error response (RFC 9457).
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

// ProblemType is the content type of a Problem.
const ProblemType = "application/problem+json"

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

// statusClientClosed is the status in the access log of a request whose client
// closed the connection before the response. It is nginx's; RFC 9110 has none.
const statusClientClosed = 499

// WriteProblem writes err as problem+json. It adds the reason to the access log
// line and, for a 5xx, the cause.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(r.Context(), err, w)
}

func writeProblem(ctx context.Context, err error, w http.ResponseWriter) {
	f := fault.OfRequest(ctx, err)
	status, known := statusOf[f.Code]
	if !known {
		status = http.StatusInternalServerError
	}
	telemetry.Note(ctx, slog.String(names.Reason, f.Slug()), slog.String(names.ErrorType, string(f.Code)))
	if status >= 500 {
		telemetry.Note(ctx, slog.String(names.Exception, exception(err, f)))
		trace.SpanFromContext(ctx).SetStatus(codes.Error, f.Slug())
	}
	p := Problem{
		Type: "about:blank", Title: title(status), Status: status,
		Detail: f.Detail, Reason: f.Slug(), Pointer: f.Pointer, Extra: f.Extra,
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		p.TraceID = sc.TraceID().String()
	}
	h := w.Header()
	h.Set("Content-Type", ProblemType)
	if after := retryAfter(f); after > 0 {
		h.Set("Retry-After", strconv.Itoa(after))
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}

func title(status int) string {
	if status == statusClientClosed {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// exception is the text for operators: the cause if there is one, which clients
// never see.
func exception(err error, f *fault.Error) string {
	if f.Cause != nil {
		return f.Cause.Error()
	}
	return err.Error()
}

// retryAfter is in whole seconds, at least 1 for the codes that always have it.
func retryAfter(f *fault.Error) int {
	seconds := int(math.Ceil(f.RetryAfter.Seconds()))
	if seconds == 0 && (f.Code == fault.RateLimited || f.Code == fault.Unavailable) {
		seconds = 1
	}
	return seconds
}

func write(w http.ResponseWriter, status int, body any) error {
	if body == nil {
		w.WriteHeader(status)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(body)
}

// decodeProblem returns the fault that a server returned. A response that is not
// one of our problems becomes a fault with the code of its status.
func decodeProblem(res *http.Response, body []byte) *fault.Error {
	code, known := codeOf[res.StatusCode]
	if !known {
		if code = fault.Internal; res.StatusCode == http.StatusBadGateway {
			code = fault.Unavailable
		}
	}
	f := &fault.Error{Code: code, Detail: http.StatusText(res.StatusCode)}
	var p Problem
	if json.Unmarshal(body, &p) == nil && p.Reason != "" {
		f.Reason, f.Detail, f.Pointer = p.Reason, p.Detail, p.Pointer
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		f.RetryAfter = time.Duration(seconds) * time.Second
	}
	return f
}
