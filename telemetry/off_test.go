package telemetry_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
)

func TestOffEmitsNothing(t *testing.T) {
	for name, off := range map[string]bool{"off": true, "on": false} { // on is the negative control
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			spans := tracetest.NewSpanRecorder()
			tel, stop, err := telemetry.Start(t.Context(), telemetry.Config{
				Service: "x", Output: &out, Heartbeat: -1, Off: off, Processors: []sdktrace.SpanProcessor{spans},
			})
			if err != nil {
				t.Fatal(err)
			}
			traced := false
			next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, span := otel.Tracer("x").Start(r.Context(), "inner")
				traced = span.IsRecording() || trace.SpanContextFromContext(r.Context()).IsValid()
				span.End()
			})
			telemetry.Server(tel.Logger, "GET /", false, next).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			tel.Logger.Error("loud")
			if err := stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if emitted := out.Len() > 0 || traced || len(spans.Ended()) > 0; emitted == off {
				t.Errorf("%d bytes, traced %v, %d spans", out.Len(), traced, len(spans.Ended()))
			}
		})
	}
}
