package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestPropagatesTheTraceAndRecordsThePeer(t *testing.T) {
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
		t.Error("a note is missing on the span or the line")
	}
}

func TestDoesNotRecordTheQueryOfACall(t *testing.T) {
	rec := telemetrytest.Start(t)
	var requestURI string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { requestURI = r.RequestURI }))
	defer srv.Close()
	url := strings.Replace(srv.URL, "://", "://kim:pw@", 1) + "/v1/users?email=kim@example.com#kim"
	res, err := telemetry.Client("user", time.Second).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	span := rec.Span(t, "GET user")
	if got := telemetrytest.Attr(span, names.URLFull); got != srv.URL+"/v1/users" {
		t.Errorf("url.full = %v", got)
	}
	if strings.Contains(fmt.Sprint(span.Attributes(), span.Events(), span.Status()), "kim") {
		t.Errorf("the span has personal data: %v", span.Attributes())
	}
	if requestURI != "/v1/users?email=kim@example.com" {
		t.Errorf("the peer received %q", requestURI)
	}
}

// Transport replaces otelhttp's and must record the same span and metric, except for
// the peer, which is ours, and labels that nothing reads.
func TestRecordsTheSpanAndMetricOfOtelhttpsTransport(t *testing.T) {
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if status == 200 {
			w.Header().Set("Content-Length", "100") // so that less is a failure
		}
		w.WriteHeader(status)
		if status != 204 {
			_, _ = io.WriteString(w, "reply")
		}
	}))
	defer peer.Close()
	refusing := httptest.NewServer(nil)
	refusing.Close()
	unused := []string{"network.protocol.name", "network.protocol.version", "server.address", "server.port", "url.scheme"}
	for name, url := range map[string]string{
		"a success": peer.URL + "/201", "no body": peer.URL + "/204", "a refusal": peer.URL + "/409", "a failure": peer.URL + "/503",
		"half a response": peer.URL + "/200", "no connection": refusing.URL,
	} {
		t.Run(name, func(t *testing.T) {
			record := func(newTransport func() http.RoundTripper) (span map[string]any, labels []string) {
				rec := telemetrytest.Start(t)
				client := http.Client{Transport: newTransport()}
				if res, err := client.Get(url); err == nil { // without a body: otelhttp's metric waits for its end
					_, _ = io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				if len(rec.Spans()) != 1 {
					t.Fatalf("want one span: %v", rec.Spans())
				}
				s := rec.Spans()[0]
				span = map[string]any{"kind": s.SpanKind(), "status": s.Status()}
				for _, a := range s.Attributes() {
					span[string(a.Key)] = a.Value.AsInterface()
				}
				h, ok := rec.Metric(t, names.MetricHTTPClient).Data.(metricdata.Histogram[float64])
				if !ok || len(h.DataPoints) != 1 || h.DataPoints[0].Count != 1 {
					t.Fatalf("want one duration: %v", h)
				}
				for _, a := range h.DataPoints[0].Attributes.ToSlice() {
					if !slices.Contains(unused, string(a.Key)) && a.Key != names.PeerService {
						// otelhttp's error.type has the pointer's star on the span only.
						labels = append(labels, fmt.Sprint(a.Key, strings.TrimPrefix(fmt.Sprint(a.Value.AsInterface()), "*")))
					}
				}
				return span, append(labels, fmt.Sprint(h.DataPoints[0].Bounds))
			}
			want, wantLabels := record(func() http.RoundTripper { return otelhttp.NewTransport(http.DefaultTransport) })
			got, gotLabels := record(func() http.RoundTripper { return telemetry.Transport("peer", http.DefaultTransport) })
			if got[names.PeerService] != "peer" {
				t.Errorf("peer.service is %v", got[names.PeerService])
			}
			delete(got, names.PeerService)
			if !maps.Equal(got, want) {
				t.Errorf("span %v\nwant %v", got, want)
			}
			if !slices.Equal(gotLabels, wantLabels) {
				t.Errorf("labels %v\nwant %v", gotLabels, wantLabels)
			}
		})
	}
}

// net/http writes a body that it does not know to be in memory separately.
func TestACallIsWrittenTogetherWithItsBody(t *testing.T) {
	telemetrytest.Start(t)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer srv.Close()
	var writes atomic.Int64
	base := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return countedWrites{conn, &writes}, err
	}}
	defer base.CloseIdleConnections()
	client := http.Client{Transport: telemetry.Transport("peer", base)}
	res, err := client.Post(srv.URL, "text/plain", strings.NewReader("request"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if writes.Load() != 1 {
		t.Errorf("%d writes", writes.Load())
	}
}

type countedWrites struct {
	net.Conn
	n *atomic.Int64
}

func (c countedWrites) Write(b []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(b)
}
