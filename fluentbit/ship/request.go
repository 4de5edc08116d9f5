package ship

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// request is what do performs.
type request struct {
	method, path string
	contentType  string
	gzipped      bool
	body         []byte
}

// awayError is a request that OpenSearch did not answer, or only to say that it
// cannot now. Any other answer is one, whatever it says.
type awayError struct{ err error }

func (e *awayError) Error() string { return e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

// do performs one request and reads the answer, both within the timeout.
func (s *Shipper) do(ctx context.Context, r request) (status int, answer []byte, err error) {
	if status, answer, err = s.perform(ctx, r); err != nil {
		return 0, nil, &awayError{err}
	}
	if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		return 0, nil, &awayError{fmt.Errorf("status %d: %s", status, excerpt(answer))}
	}
	return status, answer, nil
}

func (s *Shipper) perform(ctx context.Context, r request) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, err
	}
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", r.contentType)
	} else {
		req.Body = nil
	}
	if r.gzipped {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := s.client.Stream(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	}
	return resp.StatusCode, answer, nil
}

// excerpt is the beginning of an answer, for an error message.
func excerpt(b []byte) string {
	if len(b) > 300 {
		b = b[:300]
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(b)), "")
}
