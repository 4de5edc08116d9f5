package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jari.example/services/gateway"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestCommandsHaveSpansWithoutKeysOrValues(t *testing.T) {
	rec := telemetrytest.Start(t)
	server := miniredis.RunT(t)
	s := open(t, "redis://"+server.Addr(), "t:")
	if err := s.End(t.Context(), "kim"); err != nil {
		t.Fatal(err)
	}
	if n := len(rec.Spans()); n != 0 {
		t.Errorf("%d spans outside a trace", n)
	}
	ctx, root := otel.Tracer("test").Start(t.Context(), "request")
	if err := s.Start(ctx, gateway.Session{ID: "kim", UserID: "kim"}, gateway.Hash{1}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.End(ctx, "kim"); err != nil {
		t.Fatal(err)
	}
	server.SetError("ERR 'kim' is not allowed")
	if err := s.End(ctx, "kim"); err == nil {
		t.Error("an error of Redis was ignored")
	}
	server.SetError("")
	server.Close()
	if err := s.End(ctx, "kim"); err == nil {
		t.Error("a closed server returned no error")
	}
	root.End()

	var seen []string
	for _, span := range rec.Spans() {
		if span.Name() == "request" {
			continue
		}
		seen = append(seen, fmt.Sprint(span.Name(), " ", telemetrytest.Attr(span, names.ErrorType)))
		if span.SpanKind() != trace.SpanKindClient || span.SpanContext().TraceID() != root.SpanContext().TraceID() ||
			telemetrytest.Attr(span, names.PeerService) != "redis" || telemetrytest.Attr(span, names.DBSystem) != "redis" {
			t.Errorf("%s: %v %v", span.Name(), span.SpanKind(), span.Attributes())
		}
		if text := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status()); strings.Contains(text, "kim") ||
			strings.Contains(text, gateway.Hash{1}.String()) {
			t.Errorf("the span has a key or value: %s", text)
		}
	}
	const want = "redis.hello <nil>, redis.pipeline <nil>, redis.del <nil>, redis.del ERR, redis.del connection"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("spans: %s, want %s", got, want)
	}
	if rec.Count(t, names.MetricPoolMax, attribute.String(names.PoolName, "redis")) == 0 {
		t.Error("the pool does not report its size")
	}
}
