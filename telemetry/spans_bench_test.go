package telemetry

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

// book makes the spans of a booking that waited for its group: as many
// attributes as theirs, and as much that is random.
func book(ctx context.Context, tracer trace.Tracer) {
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

func benchProvider(p sdktrace.SpanProcessor, limit int) trace.Tracer {
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(p), sdktrace.WithSampler(&ceiling{limit: limit}),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String(names.ServiceName, "reservation"),
			attribute.String(names.ServiceInstanceID, rand.Text()), attribute.String(names.ServiceVersion, "0123456789ab"),
			attribute.String(names.CloudRegion, "ap-northeast-2")))).Tracer("jari.example/telemetry")
}

// BenchmarkSpans is what the two spans of a booking cost from their start until
// they are encoded, and what they take while they wait for the agent.
func BenchmarkSpans(b *testing.B) {
	for _, c := range []struct {
		name  string
		limit int
		away  bool
	}{{"all are kept", -1, false}, {"below the ceiling", 1 << 40, false}, {"above the ceiling", 0, false}, {"the agent is away", -1, true}} {
		b.Run(c.name, func(b *testing.B) {
			p := newSpanPipe(func(ctx context.Context, _ []byte) answer {
				if !c.away {
					return answer{}
				}
				<-ctx.Done()
				return answer{err: ctx.Err()}
			}, slog.New(slog.NewTextHandler(io.Discard, nil)), newSpanMetrics(noop.MeterProvider{}))
			p.budget = 1 << 40
			tracer := benchProvider(newUndecided(p), c.limit)
			b.ReportAllocs()
			for b.Loop() {
				book(b.Context(), tracer)
				for behind(p) {
					runtime.Gosched()
				}
			}
			b.StopTimer()
			if c.away {
				p.mu.Lock()
				b.ReportMetric(float64(p.bytes)/float64(p.spans), "B/span")
				p.mu.Unlock()
			}
			p.abort()
			_ = p.Shutdown(context.Background())
		})
	}
}

// behind reports whether the spans end faster than they are encoded.
func behind(p *spanPipe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.fresh) > 1024
}
