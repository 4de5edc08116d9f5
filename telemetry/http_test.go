package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

const outsideTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

func TestATraceparentIsContinuedInsideAndLinkedAtTheEdge(t *testing.T) {
	for sentence, c := range map[string]struct {
		outside bool
		same    bool
		links   int
	}{"inside": {false, true, 0}, "at the edge": {true, false, 1}} {
		t.Run(sentence, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			h := telemetry.Server(rec.Logger, "GET /v1/x", c.outside, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			req := httptest.NewRequest("GET", "/v1/x", nil)
			req.Header.Set("traceparent", "00-"+outsideTrace+"-00f067aa0ba902b7-01")
			h.ServeHTTP(httptest.NewRecorder(), req)
			span := rec.Span(t, "GET /v1/x")
			if same := span.SpanContext().TraceID().String() == outsideTrace; same != c.same || len(span.Links()) != c.links {
				t.Errorf("same trace: %v, links: %d", same, len(span.Links()))
			}
		})
	}
}

func TestACallCarriesItsTraceAndNamesItsPeer(t *testing.T) {
	rec := telemetrytest.Start(t)
	srv := httptest.NewServer(telemetry.Server(rec.Logger, "GET /b", false, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		telemetry.Note(r.Context(), slog.String(names.RestaurantID, "mosu"))
	})))
	defer srv.Close()
	res, err := telemetry.Client("search", time.Second).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	client, server := rec.Span(t, "GET search"), rec.Span(t, "GET /b")
	if client.SpanKind() != trace.SpanKindClient || telemetrytest.Attr(client, names.PeerService) != "search" {
		t.Errorf("client span: %v %v", client.SpanKind(), client.Attributes())
	}
	if server.Parent().SpanID() != client.SpanContext().SpanID() {
		t.Error("the server's span is not the client's child")
	}
	if telemetrytest.Attr(server, names.RestaurantID) != "mosu" || rec.Lines(t, names.EventAccess)[0][names.RestaurantID] != "mosu" {
		t.Error("a note did not reach both span and line")
	}
}

func TestAPanicBecomesA500AndTwoLines(t *testing.T) {
	rec := telemetrytest.Start(t)
	w := httptest.NewRecorder()
	telemetry.Server(rec.Logger, "GET /x", false, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })).
		ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	if w.Code != 500 || len(rec.Lines(t, names.EventPanic)) != 1 || len(rec.Lines(t, names.EventAccess)) != 1 {
		t.Errorf("status %d\n%s", w.Code, rec.Output())
	}
}

func TestAQueryReachesNoClientSpan(t *testing.T) {
	rec := telemetrytest.Start(t)
	var asked string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.RequestURI }))
	defer srv.Close()
	res, err := telemetry.Client("user", time.Second).Get(strings.Replace(srv.URL, "://", "://kim:pw@", 1) + "/v1/users?email=kim@example.com#kim")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	span := rec.Span(t, "GET user")
	if got := telemetrytest.Attr(span, names.URLFull); got != srv.URL+"/v1/users" {
		t.Errorf("url.full = %v", got)
	}
	if strings.Contains(fmt.Sprint(span.Attributes(), span.Events(), span.Status()), "kim") {
		t.Errorf("the span names somebody: %v", span.Attributes())
	}
	if asked != "/v1/users?email=kim@example.com" {
		t.Errorf("the peer was asked for %q", asked)
	}
}

func TestAPathThatNoRouteKnowsIsNotRepeated(t *testing.T) {
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

func TestAMethodThatHTTPDoesNotKnowIsNotRepeated(t *testing.T) {
	const madeUp = "KIM-AT-EXAMPLE"
	for pattern, name := range map[string]string{"": "HTTP", "/v1/x": "/v1/x"} {
		rec := telemetrytest.Start(t)
		telemetry.Server(rec.Logger, pattern, false, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(madeUp, "/v1/x", nil))
		span := rec.Span(t, name)
		if got := telemetrytest.Attr(span, names.HTTPMethod); got != "_OTHER" {
			t.Errorf("the span's method is %v", got)
		}
		if got := rec.Lines(t, names.EventAccess)[0][names.HTTPMethod]; got != "_OTHER" {
			t.Errorf("the line's method is %v", got)
		}
		if strings.Contains(rec.Output()+fmt.Sprint(span.Attributes()), madeUp) {
			t.Errorf("it is repeated: %v\n%s", span.Attributes(), rec.Output())
		}
	}
}

func TestAnAnswerThatIsCutOffIsOursUnlessTheClientWent(t *testing.T) {
	for sentence, c := range map[string]struct {
		end    any
		gone   bool
		status int
	}{
		"a handler gives up":          {http.ErrAbortHandler, false, 500},
		"a handler panics":            {"boom", false, 500},
		"it panics to an empty house": {"boom", true, 500},
		"an upstream ends":            {telemetry.ErrUpstream, false, 502},
		"the client goes":             {http.ErrAbortHandler, true, 499},
		"the client of a proxy goes":  {telemetry.ErrUpstream, true, 499},
	} {
		t.Run(sentence, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			ctx, leave := context.WithCancel(t.Context())
			srv := httptest.NewServer(telemetry.Server(rec.Logger, "GET /x", false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = w.Write([]byte("half"))
				_ = http.NewResponseController(w).Flush()
				if c.gone {
					leave()
					<-r.Context().Done()
				}
				panic(c.end)
			})))
			req, err := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if res, err := http.DefaultClient.Do(req); err == nil {
				if _, err := io.ReadAll(res.Body); err == nil {
					t.Error("half an answer came as a whole one")
				}
				res.Body.Close()
			}
			leave()
			srv.Close() // waits for the handler
			lines := rec.Lines(t, names.EventAccess)
			if len(lines) != 1 || lines[0][names.HTTPStatus] != float64(c.status) {
				t.Errorf("want one line with %d:\n%s", c.status, rec.Output())
			}
			span := rec.Span(t, "GET /x")
			if telemetrytest.Attr(span, names.HTTPStatus) != int64(c.status) || (span.Status().Code == codes.Error) != (c.status >= 500) {
				t.Errorf("the span says %v %v", span.Attributes(), span.Status())
			}
		})
	}
}

func TestAStatementIsNamedAndItsValuesStayOut(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, root := otel.Tracer("test").Start(t.Context(), "root")
	tracer := telemetry.PgxTracer{}
	run := func(ctx context.Context, sql string, err error) {
		ctx = tracer.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: sql, Args: []any{"kim@example.com"}})
		tracer.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{CommandTag: pgconn.NewCommandTag("INSERT 0 1"), Err: err})
	}
	run(ctx, "-- name: user.insert\ninsert into users values ($1)", errors.New("encode kim@example.com"))
	run(ctx, "begin", nil)
	run(t.Context(), "-- name: outbox.poll\nselect 1", nil)
	root.End()
	span := rec.Span(t, "user.insert")
	for name, want := range map[string]any{
		names.DBSystem: "postgresql", names.DBOperation: "INSERT", names.DBQuerySummary: "user.insert",
		names.PeerService: "postgresql", names.DBRows: int64(1), names.ErrorType: "connection",
	} {
		if got := telemetrytest.Attr(span, name); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if span.Status().Description != "connection" || len(span.Events()) != 0 {
		t.Errorf("the error's words reached the span: %v %v", span.Status(), span.Events())
	}
	if n := len(rec.Spans()); n != 3 {
		t.Errorf("%d spans: a statement outside any trace must have none", n)
	}
}

// The library whose place Server takes says what a span and a metric must hold.
// It differs in what leads to a person and, on the metric, in what is always the
// same or, as the Host header, for anybody to make up.
func TestTheServersSpanAndMetricAreTheLibrarys(t *testing.T) {
	personal := []string{"client.address", "network.peer.address", "network.peer.port", "user_agent.original"}
	unread := []string{"network.protocol.name", "network.protocol.version", "server.address", "server.port", "url.scheme"}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Query().Has("fail") {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "answer")
	})
	const pattern = "POST /v1/x/{id}"
	for sentence, query := range map[string]string{"it goes well": "", "it fails": "?fail"} {
		t.Run(sentence, func(t *testing.T) {
			seen := func(serve func(rec *telemetrytest.Recorder) http.Handler) (span map[string]any, labels []string) {
				rec := telemetrytest.Start(t)
				srv := httptest.NewServer(serve(rec))
				res, err := http.Post(srv.URL+"/v1/x/7"+query, "text/plain", strings.NewReader("question"))
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				srv.Close()
				s := rec.Span(t, pattern)
				span = map[string]any{"kind": s.SpanKind(), "status": s.Status()}
				for _, a := range s.Attributes() {
					if string(a.Key) != "server.port" { // another with each server
						span[string(a.Key)] = a.Value.AsInterface()
					}
				}
				h, ok := rec.Metric(t, names.MetricHTTPServer).Data.(metricdata.Histogram[float64])
				if !ok || len(h.DataPoints) != 1 || h.DataPoints[0].Count != 1 {
					t.Fatalf("not one duration: %v", h)
				}
				for _, a := range h.DataPoints[0].Attributes.ToSlice() {
					if !slices.Contains(unread, string(a.Key)) {
						labels = append(labels, fmt.Sprint(a.Key, a.Value.AsInterface()))
					}
				}
				return span, append(labels, fmt.Sprint(h.DataPoints[0].Bounds))
			}
			want, wantLabels := seen(func(*telemetrytest.Recorder) http.Handler {
				mux := http.NewServeMux()
				mux.Handle(pattern, answer)
				return otelhttp.NewHandler(mux, pattern)
			})
			got, gotLabels := seen(func(rec *telemetrytest.Recorder) http.Handler {
				mux := http.NewServeMux()
				mux.Handle(pattern, telemetry.Server(rec.Logger, pattern, false, answer))
				return mux
			})
			for _, name := range personal {
				if want[name] == nil {
					t.Errorf("the library says no %s: the test looks in the wrong place", name)
				}
				delete(want, name)
			}
			want[names.HTTPRoute] = "/v1/x/{id}" // known to it before the mux alone
			if !maps.Equal(got, want) {
				t.Errorf("span %v\nwant %v", got, want)
			}
			if !slices.Equal(gotLabels, wantLabels) {
				t.Errorf("labels %v\nwant %v", gotLabels, wantLabels)
			}
		})
	}
}
