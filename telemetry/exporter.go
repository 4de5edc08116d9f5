package telemetry

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
	// A transport of its own: export must not be traced, nor wait for the
	// process's other connections.
	return &exporter{url: url, client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: http.DefaultTransport.(*http.Transport).Clone(),
	}}
}

// errBad says that the agent will never take this batch.
var errBad = errors.New("the agent will not take it")

// answer is what became of one attempt.
type answer struct {
	err      error         // nil: taken; errBad: never will be; any other: may be, later
	after    time.Duration // how long the agent asks to be left alone
	rejected int64         // of a batch that was taken: spans that were not
}

// post makes one attempt.
func (e *exporter) post(ctx context.Context, body []byte) answer {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return answer{err: fmt.Errorf("%w: %w", errBad, err)}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	response, err := e.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	// Read to its end, so that the connection is used again.
	said, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if response.StatusCode < 300 {
		return answer{rejected: rejectedBy(said)}
	}
	err = fmt.Errorf("agent answered %s", response.Status)
	switch code := response.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return answer{err: err, after: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	return answer{err: fmt.Errorf("%w: %w", errBad, err)}
}

// rejectedBy reads OTLP's partial success, in which an int64 is a string.
func rejectedBy(said []byte) int64 {
	var reply struct {
		PartialSuccess struct {
			RejectedSpans json.Number `json:"rejectedSpans"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(said, &reply) != nil {
		return 0 // an agent that answers in other words took all
	}
	n, _ := reply.PartialSuccess.RejectedSpans.Int64()
	return max(n, 0)
}

// longestAfter bounds what an agent may ask for: a slip there must not silence
// us for a day.
const longestAfter = time.Minute

// retryAfter reads both forms of the header: seconds, and a date.
func retryAfter(header string, now time.Time) time.Duration {
	var after time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		after = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		after = date.Sub(now)
	}
	return min(max(after, 0), longestAfter)
}
