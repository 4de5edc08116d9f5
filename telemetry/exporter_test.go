package telemetry

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// agent answers with the given statuses, then 200, and decodes what it took.
func agent(t *testing.T, statuses ...int) (url string, calls *atomic.Int32, got chan map[string]any) {
	calls, got = new(atomic.Int32), make(chan map[string]any, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		if n <= len(statuses) {
			w.WriteHeader(statuses[n-1])
			return
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		var body map[string]any
		if err := json.NewDecoder(z).Decode(&body); err != nil {
			t.Error(err)
		}
		got <- body
	}))
	t.Cleanup(srv.Close)
	return srv.URL, calls, got
}

func spans() []sdktrace.ReadOnlySpan {
	at := time.Unix(1, 5)
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{0xcd, 7: 2}})
	return tracetest.SpanStubs{{
		Name: "POST /v1/x", SpanKind: trace.SpanKindServer, StartTime: at, EndTime: at.Add(time.Second),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{1}}),
		Parent:      parent, Links: []sdktrace.Link{{SpanContext: parent}},
		Attributes: []attribute.KeyValue{attribute.String("s", "v"), attribute.Int("i", 7), attribute.Bool("b", true), attribute.StringSlice("l", []string{"a"}),
			attribute.Float64("f", 0.5), attribute.Int64Slice("n", []int64{1, 2}), attribute.String("q", "자리 \"x\"\n")},
		Events:               []sdktrace.Event{{Name: "e", Time: at, Attributes: []attribute.KeyValue{attribute.Bool("b", false)}}},
		InstrumentationScope: instrumentation.Scope{Name: "lib", Version: "1"},
		Status:               sdktrace.Status{Code: codes.Error, Description: "no"},
		Resource:             resource.NewSchemaless(attribute.String("service.name", "x")),
	}}.Snapshots()
}

func TestSpansLeaveAsOTLPJSONWithHexIds(t *testing.T) {
	url, _, got := agent(t)
	if err := newExporter(url).ExportSpans(t.Context(), spans()); err != nil {
		t.Fatal(err)
	}
	encoded, _ := json.Marshal(<-got)
	const want = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]},` +
		`"scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[{"attributes":[{"key":"s","value":{"stringValue":"v"}},{"key":"i","value":{"intValue":"7"}},` +
		`{"key":"b","value":{"boolValue":true}},{"key":"l","value":{"arrayValue":{"values":[{"stringValue":"a"}]}}},` +
		`{"key":"f","value":{"doubleValue":0.5}},{"key":"n","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},` +
		`{"key":"q","value":{"stringValue":"자리 \"x\"\n"}}],"endTimeUnixNano":"2000000005",` +
		`"events":[{"attributes":[{"key":"b","value":{"boolValue":false}}],"name":"e","timeUnixNano":"1000000005"}],` +
		`"flags":0,"kind":2,"links":[{"spanId":"cd00000000000002","traceId":"ab000000000000000000000000000001"}],` +
		`"name":"POST /v1/x","parentSpanId":"cd00000000000002","spanId":"0100000000000000","startTimeUnixNano":"1000000005",` +
		`"status":{"code":2,"message":"no"},"traceId":"ab000000000000000000000000000001"}]}]}]}`
	if string(encoded) != want {
		t.Errorf("got  %s\nwant %s", encoded, want)
	}
}

func TestABatchIsSentAgainWhileTheAgentIsAway(t *testing.T) {
	url, calls, got := agent(t, 503, 429, 500)
	e := newExporter(url)
	var waited []time.Duration
	e.wait = func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }
	if err := e.ExportSpans(t.Context(), spans()); err != nil {
		t.Fatal(err)
	}
	<-got
	if calls.Load() != 4 || len(waited) != 3 || waited[2] <= waited[0] {
		t.Errorf("%d calls, waited %v", calls.Load(), waited)
	}
}

func TestARefusedConnectionIsTriedAgainUntilTheContextEnds(t *testing.T) {
	e := newExporter("http://127.0.0.1:1/v1/traces")
	tries := 0
	e.wait = func(context.Context, time.Duration) error {
		if tries++; tries == 3 {
			return context.DeadlineExceeded
		}
		return nil
	}
	if err := e.ExportSpans(t.Context(), spans()); err == nil || tries != 3 {
		t.Errorf("err = %v after %d tries", err, tries)
	}
}

func TestABatchTheAgentCallsBadIsDropped(t *testing.T) {
	url, calls, _ := agent(t, 400)
	e := newExporter(url)
	e.wait = func(context.Context, time.Duration) error { return errors.New("must not wait") }
	if err := e.ExportSpans(t.Context(), spans()); err == nil || calls.Load() != 1 {
		t.Errorf("err = %v after %d calls", err, calls.Load())
	}
}
