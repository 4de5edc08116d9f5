package telemetry

import (
	"context"
	"log/slog"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Note adds attributes to the access line of the request in ctx and to its
// server span, outside of a request to the current span: ids and reasons, never
// personal data.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		n.add(attrs...)
		return
	}
	mark(trace.SpanFromContext(ctx), attrs)
}

// mark sets all at once: the SDK makes a new list with each call.
func mark(span trace.Span, attrs []slog.Attr) {
	if !span.IsRecording() {
		return
	}
	set := make([]attribute.KeyValue, len(attrs))
	for i, a := range attrs {
		set[i] = spanAttribute(a)
	}
	span.SetAttributes(set...)
}

func spanAttribute(a slog.Attr) attribute.KeyValue {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindInt64:
		return attribute.Int64(a.Key, v.Int64())
	case slog.KindFloat64:
		return attribute.Float64(a.Key, v.Float64())
	case slog.KindBool:
		return attribute.Bool(a.Key, v.Bool())
	default:
		return attribute.String(a.Key, v.String())
	}
}

type notesKey struct{}

// notes gathers what the layers below know about a request for its one line.
type notes struct {
	mu    sync.Mutex
	attrs []slog.Attr
	room  [8]slog.Attr // as many as most requests have
}

func (n *notes) add(attrs ...slog.Attr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attrs = append(n.attrs, attrs...)
}

func (n *notes) all() []slog.Attr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.attrs
}
