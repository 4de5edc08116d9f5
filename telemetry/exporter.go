package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip" // at half the price of the standard library's
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter sends spans as OTLP/HTTP JSON. Not protobuf: the agent keeps JSON
// bodies through its own restart and loses the others.
type exporter struct {
	url    string
	client *http.Client
	wait   func(ctx context.Context, d time.Duration) error

	plain []byte // reused by each batch
	gzip  *gzip.Writer
}

const (
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
)

func newExporter(url string) *exporter {
	// A transport of its own: export must not be traced, nor wait for the
	// process's other connections.
	return &exporter{url: url, wait: sleep, client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: http.DefaultTransport.(*http.Transport).Clone(),
	}}
}

// ExportSpans implements sdktrace.SpanExporter. While the agent refuses or is
// overloaded it repeats the batch with growing pauses until ctx ends; meanwhile
// spans gather in the batch processor's bounded queue. A batch the agent calls
// bad is dropped.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := e.zip(spans)
	if err != nil {
		return fmt.Errorf("encode %d spans: %w", len(spans), err)
	}
	for backoff := firstBackoff; ; backoff = min(2*backoff, maxBackoff) {
		again, after, err := e.post(ctx, body)
		if err == nil {
			return nil
		}
		if !again {
			return fmt.Errorf("export %d spans: %w", len(spans), err)
		}
		if e.wait(ctx, max(backoff, after)) != nil {
			return fmt.Errorf("export %d spans, given up: %w", len(spans), err)
		}
	}
}

// Shutdown implements sdktrace.SpanExporter.
func (e *exporter) Shutdown(context.Context) error { e.client.CloseIdleConnections(); return nil }

func (e *exporter) post(ctx context.Context, body []byte) (again bool, after time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return false, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	response, err := e.client.Do(request)
	if err != nil {
		return ctx.Err() == nil, 0, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection is used again
	if response.StatusCode < 300 {
		return false, 0, nil
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		after = time.Duration(seconds) * time.Second
	}
	again = response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests
	return again, after, fmt.Errorf("agent answered %s", response.Status)
}

// zip encodes spans. The SDK exports one batch at a time, so the buffer and the
// compressor, a megabyte of tables, serve one after the other.
func (e *exporter) zip(spans []sdktrace.ReadOnlySpan) ([]byte, error) {
	e.plain = appendSpans(e.plain[:0], spans)
	var b bytes.Buffer
	if e.gzip == nil {
		e.gzip, _ = gzip.NewWriterLevel(&b, gzip.BestSpeed)
	}
	e.gzip.Reset(&b)
	_, err := e.gzip.Write(e.plain)
	err = errors.Join(err, e.gzip.Close())
	return b.Bytes(), err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
