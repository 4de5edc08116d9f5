package spans

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// exporter posts encoded batches to the agent's OTLP/HTTP receiver.
type exporter struct {
	url    string
	client *http.Client
}

func newExporter(url string) *exporter {
	// A separate transport: exports must not be traced, nor wait for the
	// process's other connections.
	return &exporter{url: url, client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: http.DefaultTransport.(*http.Transport).Clone(),
	}}
}

// errPermanent marks a batch that the agent will never accept.
var errPermanent = errors.New("the agent rejects the batch")

// result is the result of one export.
type result struct {
	err        error         // nil: accepted; errPermanent: do not retry; any other: retry
	retryAfter time.Duration // how long the agent asks us to wait before the next attempt
	rejected   int64         // spans of an accepted batch that the agent rejected
}

// export makes one attempt to send body, a gzipped OTLP/JSON request.
func (e *exporter) export(ctx context.Context, body []byte) result {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return result{err: fmt.Errorf("%w: %w", errPermanent, err)}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	response, err := e.client.Do(request)
	if err != nil {
		return result{err: err}
	}
	defer response.Body.Close()
	// Read the body to its end, so that the connection is reused.
	reply, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if response.StatusCode < 300 {
		return result{rejected: rejectedSpans(reply)}
	}
	err = fmt.Errorf("the agent responded with %s", response.Status)
	switch code := response.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return result{err: err, retryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	return result{err: fmt.Errorf("%w: %w", errPermanent, err)}
}

// rejectedSpans reads OTLP's partial success, in which an int64 is a string. A
// body that is not one means that all spans were accepted.
func rejectedSpans(body []byte) int64 {
	var reply struct {
		PartialSuccess struct {
			RejectedSpans json.Number `json:"rejectedSpans"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(body, &reply) != nil {
		return 0
	}
	n, _ := reply.PartialSuccess.RejectedSpans.Int64()
	return max(n, 0)
}

// maxRetryAfter limits what an agent may ask for: a mistake there must not stop
// exports for a day.
const maxRetryAfter = time.Minute

// retryAfter reads both forms of the header: seconds, and a date.
func retryAfter(header string, now time.Time) time.Duration {
	var after time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		after = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		after = date.Sub(now)
	}
	return min(max(after, 0), maxRetryAfter)
}
