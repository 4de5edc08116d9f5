// Package telemetrytest records in memory what a process under test emits.
package telemetrytest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Recorder is a running telemetry whose lines, spans and metrics are recorded in
// memory. It installs OpenTelemetry's globals, so tests that use one must not run
// in parallel.
type Recorder struct {
	Telemetry *telemetry.Telemetry
	Logger    *slog.Logger

	out   *lines
	spans *tracetest.SpanRecorder
	meter *sdkmetric.ManualReader
}

// Start records until the test ends.
func Start(t testing.TB) *Recorder {
	t.Helper()
	r := &Recorder{out: &lines{}, spans: tracetest.NewSpanRecorder(), meter: sdkmetric.NewManualReader()}
	tel, stop, err := telemetry.Start(t.Context(), telemetry.Config{
		Service: "test", Region: "ap-northeast-2", Output: r.out, Heartbeat: -1, Level: slog.LevelDebug, TraceCeiling: -1,
		Processors: []sdktrace.SpanProcessor{r.spans}, Readers: []sdkmetric.Reader{r.meter},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(context.Background()) })
	r.Telemetry, r.Logger = tel, tel.Logger
	return r
}

// Lines returns the decoded lines with this event.name, all of them for "".
func (r *Recorder) Lines(t testing.TB, event string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for raw := range bytes.Lines([]byte(r.Output())) {
		var line map[string]any
		if err := json.Unmarshal(raw, &line); err != nil {
			t.Fatalf("a line is not JSON: %v\n%s", err, raw)
		}
		if event == "" || line[names.EventName] == event {
			found = append(found, line)
		}
	}
	return found
}

// Output returns all lines as they were written.
func (r *Recorder) Output() string { return r.out.String() }

// Spans returns the ended spans, in the order they ended.
func (r *Recorder) Spans() []sdktrace.ReadOnlySpan { return r.spans.Ended() }

// Span returns the first ended span of that name, or fails the test.
func (r *Recorder) Span(t testing.TB, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	var seen []string
	for _, s := range r.Spans() {
		if s.Name() == name {
			return s
		}
		seen = append(seen, s.Name())
	}
	t.Fatalf("no span %q among %q", name, seen)
	return nil
}

// Attr returns the value of a span's attribute, or nil.
func Attr(s sdktrace.ReadOnlySpan, name string) any {
	for _, a := range s.Attributes() {
		if string(a.Key) == name {
			return a.Value.AsInterface()
		}
	}
	return nil
}

// Metric returns the metric of that name, or fails the test.
func (r *Recorder) Metric(t testing.TB, name string) metricdata.Metrics {
	t.Helper()
	m, ok := r.metric(t, name)
	if !ok {
		t.Fatalf("no metric %q", name)
	}
	return m
}

func (r *Recorder) metric(t testing.TB, name string) (metricdata.Metrics, bool) {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := r.meter.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == name {
				return m, true
			}
		}
	}
	return metricdata.Metrics{}, false
}

// Value returns the sum of the points of a counter or gauge with these
// attributes. ok is false if there are none.
func (r *Recorder) Value(t testing.TB, name string, with ...attribute.KeyValue) (v float64, ok bool) {
	t.Helper()
	m, ok := r.metric(t, name)
	if !ok {
		return 0, false
	}
	switch d := m.Data.(type) {
	case metricdata.Sum[int64]:
		return total(d.DataPoints, with)
	case metricdata.Sum[float64]:
		return total(d.DataPoints, with)
	case metricdata.Gauge[int64]:
		return total(d.DataPoints, with)
	case metricdata.Gauge[float64]:
		return total(d.DataPoints, with)
	}
	t.Fatalf("metric %q is a %T", name, m.Data)
	return 0, false
}

func total[N int64 | float64](points []metricdata.DataPoint[N], with []attribute.KeyValue) (sum float64, ok bool) {
	for _, p := range points {
		if has(p.Attributes, with) {
			sum, ok = sum+float64(p.Value), true
		}
	}
	return sum, ok
}

func has(set attribute.Set, with []attribute.KeyValue) bool {
	for _, want := range with {
		if got, ok := set.Value(want.Key); !ok || got != want.Value {
			return false
		}
	}
	return true
}

// Count returns the sum of the points of an integer counter with these attributes.
func (r *Recorder) Count(t testing.TB, name string, with ...attribute.KeyValue) (n int64) {
	t.Helper()
	sum, ok := r.Metric(t, name).Data.(metricdata.Sum[int64])
	if !ok {
		t.Fatalf("metric %q is not a counter", name)
	}
	all, _ := total(sum.DataPoints, with)
	return int64(all)
}

type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
