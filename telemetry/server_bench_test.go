package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// BenchmarkServer measures what telemetry costs a request, without its export.
func BenchmarkServer(b *testing.B) {
	for _, c := range []struct {
		name   string
		config telemetry.Config
	}{
		{"off", telemetry.Config{Off: true}},
		{"logs", telemetry.Config{}},
		{"all", telemetry.Config{Processors: []sdktrace.SpanProcessor{discard{}}, Readers: []sdkmetric.Reader{sdkmetric.NewManualReader()}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.config.Service, c.config.Output, c.config.Heartbeat = "bench", io.Discard, -1
			t, stop, err := telemetry.Start(b.Context(), c.config)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = stop(context.Background()) }()
			h := telemetry.Server(t.Logger, "POST /v1/reservations", false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				telemetry.Note(r.Context(), slog.String(names.UserID, "0195f0c2-7a3e-7000-8000-000000000001"),
					slog.String(names.SessionID, "0195f0c2-7a3e-7000-8000-000000000002"))
				telemetry.Note(r.Context(), slog.String(names.Method, "reservation.Book"))
				w.WriteHeader(http.StatusCreated)
				_, _ = w.Write([]byte(`{"id":"0195f0c2-7a3e-7000-8000-000000000003"}`))
			}))
			r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8112/v1/reservations", nil)
			r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
			w := &discardWriter{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

// discard is a processor that receives recorded spans and drops them.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

// discardWriter is a response writer without a client.
type discardWriter struct{ header http.Header }

func (d *discardWriter) Header() http.Header         { return d.header }
func (d *discardWriter) Write(b []byte) (int, error) { return len(b), nil }
func (d *discardWriter) WriteHeader(int)             {}
