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

const maxResponse = 8 << 20

// Call sends body (nil for none) as JSON to another service and decodes the
// response. It returns the fault that the server returned; Unavailable when the
// server cannot be reached, Timeout when it takes too long. Use telemetry.Client
// for c, so that the call has a span of its own. headers are added to the
// request.
func Call[Resp any](ctx context.Context, c *http.Client, method, url string, body any, headers ...http.Header) (resp Resp, err error) {
	req, err := newRequest(ctx, method, url, body, headers)
	if err != nil {
		return resp, err
	}
	res, err := c.Do(req)
	if err != nil {
		return resp, TransportFault(ctx, err)
	}
	defer res.Body.Close()
	payload, err := io.ReadAll(io.LimitReader(res.Body, maxResponse))
	if err != nil {
		return resp, TransportFault(ctx, err)
	}
	if res.StatusCode >= 300 {
		return resp, fmt.Errorf("%s %s: %w", method, req.URL.Path, decodeProblem(res, payload))
	}
	if len(payload) == 0 {
		return resp, nil
	}
	if err := json.Unmarshal(payload, &resp); err != nil {
		return resp, fmt.Errorf("%s %s: decode the response: %w", method, req.URL.Path, err)
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

// TransportFault turns an error of an http.RoundTripper into a fault: Timeout or
// Unavailable. It returns err unchanged when the caller cancelled ctx, because
// then nothing has failed.
func TransportFault(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return fault.New(fault.Timeout, "timeout", "The response took too long.").Because(err)
	}
	return fault.Down("call", err)
}
