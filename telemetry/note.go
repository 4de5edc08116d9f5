package telemetry

import (
	"context"
	"log/slog"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Note adds attributes to the access log line of the request in ctx and to its
// server span; outside of a request, to the current span. They are ids and
// reasons, never personal data.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		n.add(attrs...)
		return
	}
	setAttributes(trace.SpanFromContext(ctx), attrs)
}

// setAttributes sets all attributes in one call, because the SDK allocates a new
// slice for each.
func setAttributes(span trace.Span, attrs []slog.Attr) {
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

// notes collects the attributes that inner layers add to a request.
type notes struct {
	mu    sync.Mutex
	attrs []slog.Attr
	array [8]slog.Attr // the first array of attrs; most requests have no more
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
