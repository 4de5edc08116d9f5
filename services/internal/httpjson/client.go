package httpjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"jari.example/internal/fault"
)

const maxAnswer = 8 << 20

// Call sends body (nil for none) as JSON to a sibling and decodes its answer.
// It returns the fault the server raised; a server that cannot be reached is
// Unavailable, one that takes too long Timeout. Use telemetry.Client for c, so
// that the call has a span of its own. headers are added to the request.
func Call[Resp any](ctx context.Context, c *http.Client, method, url string, body any, headers ...http.Header) (resp Resp, err error) {
	req, err := newRequest(ctx, method, url, body, headers)
	if err != nil {
		return resp, err
	}
	res, err := c.Do(req)
	if err != nil {
		return resp, Unreached(ctx, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return resp, Unreached(ctx, err)
	}
	if res.StatusCode >= 300 {
		return resp, fmt.Errorf("%s %s: %w", method, req.URL.Path, decodeProblem(res, answer))
	}
	if len(answer) == 0 {
		return resp, nil
	}
	if err := json.Unmarshal(answer, &resp); err != nil {
		return resp, fmt.Errorf("%s %s: decode the answer: %w", method, req.URL.Path, err)
	}
	return resp, nil
}

func newRequest(ctx context.Context, method, url string, body any, headers []http.Header) (*http.Request, error) {
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		payload = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		for name, values := range h {
			req.Header[name] = values
		}
	}
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(req.Header))
	return req, nil
}

// Unreached is the fault behind an error of an http.RoundTripper: Timeout or
// Unavailable. The caller's own going away stays what it is: nobody's failure.
func Unreached(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return fault.New(fault.Timeout, "timeout", "The answer took too long.").Because(err)
	}
	return fault.Down("call", err)
}
