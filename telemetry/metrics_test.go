package telemetry

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"jari.example/telemetry/names"
)

func TestLabelsDoNotGrowWithWhatClientsSend(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	tel, stop, err := Start(t.Context(), Config{Service: "x", Output: io.Discard, Heartbeat: -1, Readers: []sdkmetric.Reader{reader}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop(context.Background()) }()
	sendRequests(t, tel.Logger)
	got := points(t, reader)
	want := map[string]int{names.MetricHTTPServer: 2, names.MetricHTTPClient: 1}
	for name, found := range got {
		if strings.HasPrefix(name, "http.") && len(found) != want[name] {
			t.Errorf("%s has %d points: %v", name, len(found), found)
		}
	}
	for name := range want {
		if got[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	routed := slices.ContainsFunc(got[names.MetricHTTPServer], func(set attribute.Set) bool {
		route, _ := set.Value(names.HTTPRoute)
		status, _ := set.Value(names.HTTPStatus)
		return route.AsString() == "/v1/{id}" && status.AsInt64() == 200
	})
	if peer, _ := got[names.MetricHTTPClient][0].Value(names.PeerService); peer.AsString() != "peer" || !routed {
		t.Errorf("labels: %v %v", got[names.MetricHTTPServer], got[names.MetricHTTPClient])
	}
}

// sendRequests sends the requests of three clients that choose different values
// for all they can choose.
func sendRequests(t *testing.T, logger *slog.Logger) {
	peer := httptest.NewServer(http.NotFoundHandler())
	defer peer.Close()
	handler := func(pattern string) http.Handler {
		return Server(logger, pattern, true, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			res, err := (&http.Client{Transport: Transport("peer", nil)}).Get(peer.URL + r.URL.Path)
			if err == nil {
				res.Body.Close()
			}
		}))
	}
	for _, client := range []string{"kim", "lee", "park"} {
		for _, pattern := range []string{"GET /v1/{id}", ""} {
			r := httptest.NewRequest(strings.ToUpper(client), "http://"+client+".example/v1/"+client, nil)
			r.Host = client + ".example"
			r.Header.Set("User-Agent", client)
			r.Header.Set("X-Forwarded-For", client)
			handler(pattern).ServeHTTP(httptest.NewRecorder(), r)
		}
	}
}

func points(t *testing.T, reader *sdkmetric.ManualReader) map[string][]attribute.Set {
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	found := map[string][]attribute.Set{}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			if h, ok := m.Data.(metricdata.Histogram[float64]); ok {
				for _, p := range h.DataPoints {
					found[m.Name] = append(found[m.Name], p.Attributes)
					if len(p.Exemplars) > 0 {
						t.Errorf("%s has exemplars: %v", m.Name, p.Exemplars)
					}
				}
			}
		}
	}
	return found
}

// metricAgent is an agent that records the value of the counter "orders" in each
// request, and the number of spans that were dropped.
type metricAgent struct {
	mu          sync.Mutex
	failures    int // its first responses are so many 500s
	orders      []int64
	traceStatus int   // of responses to spans
	dropped     int64 // spans
}

func (a *metricAgent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.URL.Path != "/v1/metrics" {
		w.WriteHeader(cmp.Or(a.traceStatus, http.StatusOK))
		return
	}
	if a.failures > 0 {
		a.failures--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	body, _ := io.ReadAll(z)
	var request collector.ExportMetricsServiceRequest
	if proto.Unmarshal(body, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, rm := range request.ResourceMetrics {
		for _, scope := range rm.ScopeMetrics {
			for _, m := range scope.Metrics {
				switch m.Name {
				case "orders":
					a.orders = append(a.orders, m.GetSum().DataPoints[0].GetAsInt())
				case names.MetricSpansExported:
					a.dropped = m.GetSum().DataPoints[0].GetAsInt()
				}
			}
		}
	}
}

func (a *metricAgent) last() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.orders) == 0 {
		return 0
	}
	return a.orders[len(a.orders)-1]
}

func TestALostCollectionLosesNoCount(t *testing.T) {
	agent := &metricAgent{failures: 1}
	server := httptest.NewServer(agent)
	defer server.Close()
	tel, stop, err := Start(t.Context(), Config{Service: "x", Output: io.Discard, Heartbeat: -1, Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	orders, _ := tel.Meters.Meter("test").Int64Counter("orders")
	orders.Add(t.Context(), 3)
	if err := tel.Meters.ForceFlush(t.Context()); err == nil || agent.last() != 0 {
		t.Errorf("the first collection: %v, %d, want an error", err, agent.last())
	}
	orders.Add(t.Context(), 4)
	if err := tel.Meters.ForceFlush(t.Context()); err != nil || agent.last() != 7 {
		t.Errorf("the second collection: %v, %d, want 7", err, agent.last())
	}
	orders.Add(t.Context(), 5)
	if err := stop(context.Background()); err != nil || agent.last() != 12 {
		t.Errorf("the collection at the stop: %v, %d, want 12", err, agent.last())
	}
}

func TestTheLastCollectionCountsTheSpansDroppedAtShutdown(t *testing.T) {
	agent := &metricAgent{traceStatus: http.StatusServiceUnavailable}
	server := httptest.NewServer(agent)
	defer server.Close()
	tel, stop, err := Start(t.Context(), Config{Service: "x", Output: io.Discard, Heartbeat: -1, Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, span := tel.Traces.Tracer("test").Start(t.Context(), "span")
	span.End()
	err = stop(context.Background())
	agent.mu.Lock()
	defer agent.mu.Unlock()
	if !errors.Is(err, context.DeadlineExceeded) || agent.dropped != 1 {
		t.Errorf("%v, and %d of 1 are counted as dropped", err, agent.dropped)
	}
}

// unreachable is an exporter that fails until a time.
type unreachable struct {
	sdkmetric.Exporter
	until    time.Time
	err      error
	attempts int
}

func (e *unreachable) Export(context.Context, *metricdata.ResourceMetrics) error {
	if e.attempts++; time.Now().Before(e.until) {
		return e.err
	}
	return nil
}

func TestRetriesWhileTheAgentIsUnreachable(t *testing.T) {
	refused := &url.Error{Op: "Post", URL: "http://agent", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	for name, c := range map[string]struct {
		err      error
		after    time.Duration // when the agent becomes reachable
		attempts int
		fails    bool
	}{
		"reachable":                 {refused, 0, 1, false},
		"reachable after a second":  {refused, time.Second, 5, false},
		"reachable too late":        {refused, time.Minute, 13, true},
		"reachable, but it refuses": {errors.New("failed to send metrics: 400"), time.Second, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				e := &unreachable{until: time.Now().Add(c.after), err: c.err}
				err := retryingExporter{e}.Export(ctx, nil)
				if (err != nil) != c.fails || e.attempts != c.attempts {
					t.Errorf("%v after %d attempts, want %d", err, e.attempts, c.attempts)
				}
			})
		})
	}
}
