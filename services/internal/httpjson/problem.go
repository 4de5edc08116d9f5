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
	"jari.example/internal/problem"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Problem is the body of every error response (RFC 9457).
type Problem = problem.Problem

// ProblemType is the content type of a Problem.
const ProblemType = problem.ContentType

// WriteProblem writes err as problem+json. It adds the reason to the access log
// line and, for a 5xx, the cause.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(r.Context(), err, w)
}

func writeProblem(ctx context.Context, err error, w http.ResponseWriter) {
	f := fault.OfRequest(ctx, err)
	p := problem.Of(f)
	telemetry.Note(ctx, slog.String(names.Reason, p.Reason), slog.String(names.ErrorType, string(f.Code)))
	if p.Status >= 500 {
		telemetry.Note(ctx, slog.String(names.Exception, exception(err, f)))
		trace.SpanFromContext(ctx).SetStatus(codes.Error, p.Reason)
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		p.TraceID = sc.TraceID().String()
	}
	h := w.Header()
	if p.Status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", challenge) // RFC 9110 §11.6.1 requires one
	}
	if after := retryAfter(f); after > 0 {
		h.Set("Retry-After", strconv.Itoa(after))
	}
	p.Write(w)
}

// challenge says how a client authenticates (RFC 6750 §3).
const challenge = `Bearer realm="jari"`

// RejectToken says in the response that the access token of the request is the
// reason of its 401 (RFC 6750 §3.1). A request without one is not told so.
func RejectToken(h http.Header) { h.Set("WWW-Authenticate", challenge+`, error="invalid_token"`) }

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
	code, known := problem.CodeOf(res.StatusCode)
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
