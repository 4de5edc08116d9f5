package ship

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// httpRequest is a request to OpenSearch.
type httpRequest struct {
	method, path string
	contentType  string
	gzipped      bool
	body         requestBody
}

// unavailableError is a request to which OpenSearch did not respond, or responded
// with 429 or 5xx. Any other status is a response, whatever it says.
type unavailableError struct {
	err error
	// noResponse says that OpenSearch itself did not respond, so that the request may have
	// been carried out. 502 and 504 are of a proxy before it.
	noResponse bool
}

func (e *unavailableError) Error() string { return e.err.Error() }
func (e *unavailableError) Unwrap() error { return e.err }

// do performs one request and reads the response, both within the timeout.
func (s *Shipper) do(ctx context.Context, r httpRequest) (status int, response []byte, err error) {
	if status, response, err = s.perform(ctx, r); err != nil {
		return 0, nil, &unavailableError{err, true}
	}
	if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		proxied := status == http.StatusBadGateway || status == http.StatusGatewayTimeout
		return 0, nil, &unavailableError{fmt.Errorf("status %d: %s", status, excerpt(response)), proxied}
	}
	return status, response, nil
}

func (s *Shipper) perform(ctx context.Context, r httpRequest) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.path, nil)
	if err != nil {
		return 0, nil, err
	}
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", r.contentType)
		req.ContentLength = r.body.size()
		req.Body = r.body.reader()
		// Without it, a connection that the server has just closed is an error.
		req.GetBody = func() (io.ReadCloser, error) { return r.body.reader(), nil }
	}
	if r.gzipped {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := s.client.Stream(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	response, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("read the response: %w", err)
	}
	return resp.StatusCode, response, nil
}

// excerpt is the beginning of a response, for an error message.
func excerpt(b []byte) string {
	if len(b) > 300 {
		b = b[:300]
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(b)), "")
}
