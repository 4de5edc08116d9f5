package telemetry

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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
	var e spanEncoder
	e.zip(spans()) // what one batch leaves behind must not show in the next
	var decoded any
	unzip(t, e.zip(spans()), &decoded)
	encoded, err := json.Marshal(decoded) // with its keys in order
	if err != nil {
		t.Fatal(err)
	}
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

// unzip decodes what the agent is sent.
func unzip(t *testing.T, body []byte, into any) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestWhatTheAgentSaysIsUnderstood(t *testing.T) {
	for sentence, c := range map[string]struct {
		status int
		header string // Retry-After
		body   string
		want   answer
	}{
		"it took them":                         {200, "", `{"partialSuccess":{}}`, answer{}},
		"it took them without a word":          {200, "", "", answer{}},
		"it took them, in words of its own":    {201, "", "created", answer{}},
		"it took all but three":                {200, "", `{"partialSuccess":{"rejectedSpans":"3","errorMessage":"old"}}`, answer{rejected: 3}},
		"and in a number":                      {200, "", `{"partialSuccess":{"rejectedSpans":3}}`, answer{rejected: 3}},
		"it will never take them":              {400, "", "", answer{err: errBad}},
		"they are too many":                    {413, "", "", answer{err: errBad}},
		"it is busy":                           {503, "", "", answer{err: errLater}},
		"it is broken":                         {500, "", "", answer{err: errLater}},
		"it is slow":                           {408, "", "", answer{err: errLater}},
		"it is busy for seven seconds":         {429, "7", "", answer{err: errLater, after: 7 * time.Second}},
		"it is busy for a day":                 {503, "86400", "", answer{err: errLater, after: time.Minute}},
		"it is busy until long ago":            {503, "Mon, 02 Jan 2006 15:04:05 GMT", "", answer{err: errLater}},
		"it is busy until the end of all days": {503, "Fri, 31 Dec 9999 23:59:59 GMT", "", answer{err: errLater, after: time.Minute}},
		"it is busy, and talks nonsense":       {503, "soon", "", answer{err: errLater}},
	} {
		t.Run(sentence, func(t *testing.T) {
			body := []byte("a batch")
			agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got, err := io.ReadAll(r.Body); err != nil || string(got) != string(body) || r.Method != http.MethodPost ||
					r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "application/json" {
					t.Errorf("%s %v %q, %v", r.Method, r.Header, got, err)
				}
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer agent.Close()
			same(t, newExporter(agent.URL).post(t.Context(), body), c.want)
		})
	}
}

// errLater stands for any failure that is not errBad.
var errLater = errors.New("later")

func same(t *testing.T, got, want answer) {
	t.Helper()
	if (got.err == nil) != (want.err == nil) || errors.Is(got.err, errBad) != errors.Is(want.err, errBad) ||
		got.after != want.after || got.rejected != want.rejected {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnAgentThatIsAwayMayComeBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	same(t, newExporter("http://"+l.Addr().String()).post(t.Context(), nil), answer{err: errLater})
	same(t, newExporter("http://nobody.invalid:x").post(t.Context(), nil), answer{err: errBad})
}
