package indicator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestASearchHasASpanWithItsErrorType(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, tick := otel.Tracer("test").Start(t.Context(), "tick")
	for _, c := range []struct {
		status int
		body   string
		want   any
	}{
		{200, `{"hits": {"total": {"value": 0}}}`, nil}, // no telemetry, but the search succeeded
		{200, `{"timed_out": true}`, "timeout"},
		{200, `{"_shards": {"total": 2, "failed": 1}}`, "partial"},
		{503, `{"error": {"type": "x", "reason": "kim"}, "status": 503}`, "503"},
		{0, "", "connection"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		_, _, _ = source(t, server.URL).Count(ctx, keyed(bookings("lines")), minutes(0, 1), time.Minute)
		server.Close()
		span := rec.Spans()[len(rec.Spans())-1]
		if got := telemetrytest.Attr(span, names.ErrorType); got != c.want || span.SpanKind() != trace.SpanKindClient ||
			span.Parent().SpanID() != tick.SpanContext().SpanID() || telemetrytest.Attr(span, names.PeerService) != "opensearch" {
			t.Errorf("%d %s: %v, want %v: %v", c.status, c.body, got, c.want, span.Attributes())
		}
		if text := fmt.Sprint(span.Attributes(), span.Status(), span.Events()); strings.Contains(text, "kim") {
			t.Errorf("the span contains the response: %s", text)
		}
	}
	tick.End()
}
