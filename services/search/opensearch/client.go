package opensearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	os "github.com/opensearch-project/opensearch-go/v4"

	"jari.example/internal/fault"
	"jari.example/telemetry"
)

// Dial returns a client for the server at url. It makes no call. The client does
// not retry: a diner gets the error at once, and the indexer retries itself.
func Dial(url string) (*os.Client, error) {
	c, err := os.NewClient(os.Config{
		Addresses:      []string{url},
		RequestTimeout: 5 * time.Second,
		DisableRetry:   true,
		// There is one address, a load balancer's or a single node's, so
		// marking it as dead after a failure would only delay recovery.
		HealthCheckMaxRetries: -1,
	})
	if err != nil {
		return nil, fmt.Errorf("configure OpenSearch client: %w", err)
	}
	return c, nil
}

// responseError is a response with an error status.
type responseError struct {
	code  int
	cause error
}

func (r responseError) Error() string { return fmt.Sprintf("status %d: %v", r.code, r.cause) }
func (r responseError) Unwrap() error { return r.cause }

// call sends req and decodes the response into out. Its error is a responseError
// for a bad request, and fault.Unavailable when the server is down, overloaded or
// has no index yet.
func call[T any](ctx context.Context, c *os.Client, verb, method string, req os.Request, out *T) error {
	ctx, span := telemetry.StartOpenSearch(ctx, verb)
	err := asFault(ctx, send(ctx, c, method, req, out))
	span.End(errorType(err))
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return nil
}

// errorType is the error.type of a failure: the status or the fault's code.
func errorType(err error) string {
	if r, ok := errors.AsType[responseError](err); ok {
		return strconv.Itoa(r.code)
	}
	return string(fault.CodeOf(err))
}

func send[T any](ctx context.Context, c *os.Client, method string, req os.Request, out *T) error {
	resp, err := os.Do(ctx, c, method, req, out)
	if err != nil {
		return err
	}
	if resp.IsError() {
		return responseError{resp.StatusCode, os.ParseError(resp)}
	}
	return nil
}

func asFault(ctx context.Context, err error) error {
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	if r, ok := errors.AsType[responseError](err); ok && r.code < 500 && r.code != http.StatusTooManyRequests && !missingIndex(r) {
		return r
	}
	return fault.Down("opensearch", err)
}

func missingIndex(r responseError) bool {
	e, ok := errors.AsType[*os.StructError](r.cause)
	return ok && e.Err.Type == "index_not_found_exception"
}
