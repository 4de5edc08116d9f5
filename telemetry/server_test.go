package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

const externalTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

func TestContinuesAnInternalTraceAndLinksAnExternalOne(t *testing.T) {
	for name, c := range map[string]struct {
		outside bool
		same    bool
		links   int
	}{"internal": {false, true, 0}, "external": {true, false, 1}} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			h := telemetry.Server(rec.Logger, "GET /v1/x", c.outside, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			req := httptest.NewRequest("GET", "/v1/x", nil)
			req.Header.Set("traceparent", "00-"+externalTrace+"-00f067aa0ba902b7-01")
			h.ServeHTTP(httptest.NewRecorder(), req)
			span := rec.Span(t, "GET /v1/x")
			if same := span.SpanContext().TraceID().String() == externalTrace; same != c.same || len(span.Links()) != c.links {
				t.Errorf("same trace: %v, links: %d", same, len(span.Links()))
			}
		})
	}
}

func TestRespondsToAPanicWith500AndLogsIt(t *testing.T) {
	rec := telemetrytest.Start(t)
	w := httptest.NewRecorder()
	telemetry.Server(rec.Logger, "GET /x", false, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })).
		ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	if w.Code != 500 || len(rec.Lines(t, names.EventPanic)) != 1 || len(rec.Lines(t, names.EventAccess)) != 1 {
		t.Errorf("status %d\n%s", w.Code, rec.Output())
	}
}

func TestDoesNotRecordAPathThatMatchesNoRoute(t *testing.T) {
	rec := telemetrytest.Start(t)
	for _, pattern := range []string{"", "GET /v1/{id}"} {
		telemetry.Server(rec.Logger, pattern, false, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/kim@example.com", nil))
	}
	for i, want := range []string{"(no route)", "/v1/kim@example.com"} {
		if got := rec.Lines(t, names.EventAccess)[i][names.URLPath]; got != want {
			t.Errorf("the line's path is %v, want %s", got, want)
		}
		if got := telemetrytest.Attr(rec.Spans()[i], names.URLPath); got != want {
			t.Errorf("the span's path is %v, want %s", got, want)
		}
	}
}

func TestDoesNotRecordAnUnknownMethod(t *testing.T) {
	const unknownMethod = "KIM-AT-EXAMPLE"
	for pattern, spanName := range map[string]string{"": "HTTP", "/v1/x": "/v1/x"} {
		rec := telemetrytest.Start(t)
		telemetry.Server(rec.Logger, pattern, false, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(unknownMethod, "/v1/x", nil))
		span := rec.Span(t, spanName)
		if got := telemetrytest.Attr(span, names.HTTPMethod); got != "_OTHER" {
			t.Errorf("the span's method is %v", got)
		}
		if got := rec.Lines(t, names.EventAccess)[0][names.HTTPMethod]; got != "_OTHER" {
			t.Errorf("the line's method is %v", got)
		}
		if strings.Contains(rec.Output()+fmt.Sprint(span.Attributes()), unknownMethod) {
			t.Errorf("it is recorded: %v\n%s", span.Attributes(), rec.Output())
		}
	}
}

func TestLogsTheCauseOfAnAbortedResponseAsItsStatus(t *testing.T) {
	for name, c := range map[string]struct {
		panics       any
		disconnected bool
		status       int
	}{
		"a handler aborts":                           {http.ErrAbortHandler, false, 500},
		"a handler panics":                           {"boom", false, 500},
		"a handler panics for a disconnected client": {"boom", true, 500},
		"the upstream ends":                          {telemetry.ErrUpstream, false, 502},
		"the client disconnects":                     {http.ErrAbortHandler, true, 499},
		"the client of a proxy disconnects":          {telemetry.ErrUpstream, true, 499},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			ctx, disconnect := context.WithCancel(t.Context())
			srv := httptest.NewServer(telemetry.Server(rec.Logger, "GET /x", false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = w.Write([]byte("half"))
				_ = http.NewResponseController(w).Flush()
				if c.disconnected {
					disconnect()
					<-r.Context().Done()
				}
				panic(c.panics)
			})))
			req, err := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if res, err := http.DefaultClient.Do(req); err == nil {
				if _, err := io.ReadAll(res.Body); err == nil {
					t.Error("the client received half a response as a complete one")
				}
				res.Body.Close()
			}
			disconnect()
			srv.Close() // waits for the handler
			lines := rec.Lines(t, names.EventAccess)
			if len(lines) != 1 || lines[0][names.HTTPStatus] != float64(c.status) {
				t.Errorf("want one line with status %d:\n%s", c.status, rec.Output())
			}
			span := rec.Span(t, "GET /x")
			if telemetrytest.Attr(span, names.HTTPStatus) != int64(c.status) || (span.Status().Code == codes.Error) != (c.status >= 500) {
				t.Errorf("the span has %v %v", span.Attributes(), span.Status())
			}
		})
	}
}

// Server replaces otelhttp and must record the same span and metric, except for
// personal data and, on the metric, labels that are constant or, like the Host
// header, chosen by the client.
func TestRecordsTheSpanAndMetricOfOtelhttp(t *testing.T) {
	personal := []string{"client.address", "network.peer.address", "network.peer.port", "user_agent.original"}
	unused := []string{"network.protocol.name", "network.protocol.version", "server.address", "server.port", "url.scheme"}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Query().Has("fail") {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "reply")
	})
	const pattern = "POST /v1/x/{id}"
	for name, query := range map[string]string{"success": "", "failure": "?fail"} {
		t.Run(name, func(t *testing.T) {
			record := func(serve func(rec *telemetrytest.Recorder) http.Handler) (span map[string]any, labels []string) {
				rec := telemetrytest.Start(t)
				srv := httptest.NewServer(serve(rec))
				res, err := http.Post(srv.URL+"/v1/x/7"+query, "text/plain", strings.NewReader("request"))
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				srv.Close()
				s := rec.Span(t, pattern)
				span = map[string]any{"kind": s.SpanKind(), "status": s.Status()}
				for _, a := range s.Attributes() {
					if string(a.Key) != "server.port" { // differs for each server
						span[string(a.Key)] = a.Value.AsInterface()
					}
				}
				h, ok := rec.Metric(t, names.MetricHTTPServer).Data.(metricdata.Histogram[float64])
				if !ok || len(h.DataPoints) != 1 || h.DataPoints[0].Count != 1 {
					t.Fatalf("want one duration: %v", h)
				}
				for _, a := range h.DataPoints[0].Attributes.ToSlice() {
					if !slices.Contains(unused, string(a.Key)) {
						labels = append(labels, fmt.Sprint(a.Key, a.Value.AsInterface()))
					}
				}
				return span, append(labels, fmt.Sprint(h.DataPoints[0].Bounds))
			}
			want, wantLabels := record(func(*telemetrytest.Recorder) http.Handler {
				mux := http.NewServeMux()
				mux.Handle(pattern, handler)
				return otelhttp.NewHandler(mux, pattern)
			})
			got, gotLabels := record(func(rec *telemetrytest.Recorder) http.Handler {
				mux := http.NewServeMux()
				mux.Handle(pattern, telemetry.Server(rec.Logger, pattern, false, handler))
				return mux
			})
			for _, attr := range personal {
				if want[attr] == nil {
					t.Errorf("otelhttp does not record %s: update the test", attr)
				}
				delete(want, attr)
			}
			want[names.HTTPRoute] = "/v1/x/{id}" // otelhttp records it only behind the mux
			if !maps.Equal(got, want) {
				t.Errorf("span %v\nwant %v", got, want)
			}
			if !slices.Equal(gotLabels, wantLabels) {
				t.Errorf("labels %v\nwant %v", gotLabels, wantLabels)
			}
		})
	}
}
