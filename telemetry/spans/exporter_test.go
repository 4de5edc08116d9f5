package spans

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

func exampleSpans() []sdktrace.ReadOnlySpan {
	at := time.Unix(1, 5)
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{0xcd, 7: 2}})
	return tracetest.SpanStubs{{
		Name: "POST /v1/x", SpanKind: trace.SpanKindServer, StartTime: at, EndTime: at.Add(time.Second),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{1}}),
		Parent:      parent, Links: []sdktrace.Link{{SpanContext: parent}},
		Attributes: []attribute.KeyValue{attribute.String("s", "v"), attribute.Int("i", 7), attribute.Bool("b", true),
			attribute.StringSlice("l", []string{"a"}),
			attribute.Float64("f", 0.5), attribute.Int64Slice("n", []int64{1, 2}), attribute.String("q", "자리 \"x\"\n")},
		Events:               []sdktrace.Event{{Name: "e", Time: at, Attributes: []attribute.KeyValue{attribute.Bool("b", false)}}},
		InstrumentationScope: instrumentation.Scope{Name: "lib", Version: "1"},
		Status:               sdktrace.Status{Code: codes.Error, Description: "no"},
		Resource:             resource.NewSchemaless(attribute.String("service.name", "x")),
	}}.Snapshots()
}

func TestEncodesOTLPJSONWithHexIDs(t *testing.T) {
	var e encoder
	e.encode(exampleSpans()) // the reused buffers must not leak into the next batch
	var decoded any
	unzip(t, e.encode(exampleSpans()), &decoded)
	encoded, err := json.Marshal(decoded) // sorts the keys
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]},` +
		`"scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[{"attributes":[{"key":"s","value":{"stringValue":"v"}},` +
		`{"key":"i","value":{"intValue":"7"}},` +
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

// unzip decodes the body of a request to the agent.
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

func TestReadsTheAgentsResponse(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header string // Retry-After
		body   string
		want   result
	}{
		"accepted":                              {200, "", `{"partialSuccess":{}}`, result{}},
		"accepted, with an empty body":          {200, "", "", result{}},
		"accepted, with a body that is no JSON": {201, "", "created", result{}},
		"accepted but for three spans":          {200, "", `{"partialSuccess":{"rejectedSpans":"3","errorMessage":"old"}}`, result{rejected: 3}},
		"the same, with a JSON number":          {200, "", `{"partialSuccess":{"rejectedSpans":3}}`, result{rejected: 3}},
		"bad request":                           {400, "", "", result{err: errPermanent}},
		"too large":                             {413, "", "", result{err: errPermanent}},
		"unavailable":                           {503, "", "", result{err: errTemporary}},
		"internal error":                        {500, "", "", result{err: errTemporary}},
		"timeout":                               {408, "", "", result{err: errTemporary}},
		"retry after seven seconds":             {429, "7", "", result{err: errTemporary, retryAfter: 7 * time.Second}},
		"retry after a day":                     {503, "86400", "", result{err: errTemporary, retryAfter: time.Minute}},
		"retry after a date in the past":        {503, "Mon, 02 Jan 2006 15:04:05 GMT", "", result{err: errTemporary}},
		"retry after a date far in the future":  {503, "Fri, 31 Dec 9999 23:59:59 GMT", "", result{err: errTemporary, retryAfter: time.Minute}},
		"an invalid Retry-After":                {503, "soon", "", result{err: errTemporary}},
	} {
		t.Run(name, func(t *testing.T) {
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
			checkResult(t, newExporter(agent.URL).export(t.Context(), body), c.want)
		})
	}
}

// errTemporary is any failure that is not errPermanent.
var errTemporary = errors.New("temporary")

func checkResult(t *testing.T, got, want result) {
	t.Helper()
	if (got.err == nil) != (want.err == nil) || errors.Is(got.err, errPermanent) != errors.Is(want.err, errPermanent) ||
		got.retryAfter != want.retryAfter || got.rejected != want.rejected {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRetriesAnUnreachableAgentButNotAnInvalidURL(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	checkResult(t, newExporter("http://"+l.Addr().String()).export(t.Context(), nil), result{err: errTemporary})
	checkResult(t, newExporter("http://host.invalid:x").export(t.Context(), nil), result{err: errPermanent})
}
