package spans

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"runtime"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// recordBooking records the spans of a booking in a group commit, with as many
// attributes and as many random values as the service sets.
func recordBooking(ctx context.Context, tracer trace.Tracer) {
	ctx, server := tracer.Start(ctx, "POST /v1/slots/{slot}/reservations", trace.WithSpanKind(trace.SpanKindServer))
	_, wait := tracer.Start(ctx, names.SpanBookWait, trace.WithLinks(trace.Link{SpanContext: server.SpanContext()}))
	wait.End()
	server.SetAttributes(
		attribute.String(names.HTTPMethod, "POST"), attribute.String("url.scheme", "http"),
		attribute.String(names.URLPath, "/v1/slots/4711/reservations"), attribute.String(names.HTTPRoute, "/v1/slots/{slot}/reservations"),
		attribute.String(names.ServerAddress, "127.0.0.1"), attribute.Int("server.port", 8112),
		attribute.String("network.protocol.version", "1.1"), attribute.Int("http.request.body.size", 64),
		attribute.Int(names.HTTPBodySize, 412), attribute.Int(names.HTTPStatus, 201),
		attribute.String(names.UserID, rand.Text()), attribute.String(names.SessionID, rand.Text()),
		attribute.String(names.Method, "reservation.Book"), attribute.String(names.ReservationID, rand.Text()),
		attribute.String(names.RestaurantID, "mosu"), attribute.Bool(names.Replayed, false))
	server.End()
}

func benchTracer(p sdktrace.SpanProcessor, limit int) trace.Tracer {
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(p), sdktrace.WithSampler(NewRateLimitingSampler(limit)),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String(names.ServiceName, "reservation"),
			attribute.String(names.ServiceInstanceID, rand.Text()), attribute.String(names.ServiceVersion, "0123456789ab"),
			attribute.String(names.CloudRegion, "ap-northeast-2")))).Tracer("jari.example/telemetry")
}

// BenchmarkSpans measures the two spans of a booking from their start until they
// are encoded, and the memory they take while they wait for the agent.
func BenchmarkSpans(b *testing.B) {
	for _, c := range []struct {
		name        string
		limit       int
		unreachable bool
	}{
		{"no limit", -1, false}, {"below the limit", 1 << 40, false}, {"above the limit", 0, false},
		{"the agent is unreachable", -1, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			q := newQueue(func(ctx context.Context, _ []byte) result {
				if !c.unreachable {
					return result{}
				}
				<-ctx.Done()
				return result{err: ctx.Err()}
			}, slog.New(slog.NewTextHandler(io.Discard, nil)), newMetrics(noop.MeterProvider{}))
			q.maxBytes = 1 << 40
			tracer := benchTracer(newTailSampler(q, NewDecider()), c.limit)
			b.ReportAllocs()
			for b.Loop() {
				recordBooking(b.Context(), tracer)
				for encoderIsBehind(q) {
					runtime.Gosched()
				}
			}
			b.StopTimer()
			if c.unreachable {
				q.mu.Lock()
				b.ReportMetric(float64(q.bytes)/float64(q.spans), "B/span")
				q.mu.Unlock()
			}
			q.abort()
			_ = q.Shutdown(context.Background())
		})
	}
}

// encoderIsBehind reports whether spans end faster than they are encoded.
func encoderIsBehind(q *queue) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.unencoded) > 1024
}
