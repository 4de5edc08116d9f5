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

func TestWhatStrangersSendMultipliesNoMetric(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	tel, stop, err := Start(t.Context(), Config{Service: "x", Output: io.Discard, Heartbeat: -1, Readers: []sdkmetric.Reader{reader}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop(context.Background()) }()
	visit(t, tel.Logger)
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

// visit is what three strangers ask for, each as nobody else would.
func visit(t *testing.T, logger *slog.Logger) {
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
	for _, stranger := range []string{"kim", "lee", "park"} {
		for _, pattern := range []string{"GET /v1/{id}", ""} {
			r := httptest.NewRequest(strings.ToUpper(stranger), "http://"+stranger+".example/v1/"+stranger, nil)
			r.Host = stranger + ".example"
			r.Header.Set("User-Agent", stranger)
			r.Header.Set("X-Forwarded-For", stranger)
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

// took is an agent that remembers what "orders" had reached, each time it took
// metrics, and in the end the spans that were lost.
type took struct {
	mu     sync.Mutex
	refuse int // requests, with 500
	orders []int64
	traces int   // the status it gives them
	lost   int64 // spans
}

func (a *took) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.URL.Path != "/v1/metrics" {
		w.WriteHeader(cmp.Or(a.traces, http.StatusOK))
		return
	}
	if a.refuse > 0 {
		a.refuse--
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
					a.lost = m.GetSum().DataPoints[0].GetAsInt()
				}
			}
		}
	}
}

func (a *took) last() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.orders) == 0 {
		return 0
	}
	return a.orders[len(a.orders)-1]
}

func TestACollectionThatIsLostTakesNoCountWithIt(t *testing.T) {
	agent := &took{refuse: 1}
	server := httptest.NewServer(agent)
	defer server.Close()
	tel, stop, err := Start(t.Context(), Config{Service: "x", Output: io.Discard, Heartbeat: -1, Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	orders, _ := tel.Meters.Meter("test").Int64Counter("orders")
	orders.Add(t.Context(), 3)
	if err := tel.Meters.ForceFlush(t.Context()); err == nil || agent.last() != 0 {
		t.Errorf("the first is refused: %v, %d", err, agent.last())
	}
	orders.Add(t.Context(), 4)
	if err := tel.Meters.ForceFlush(t.Context()); err != nil || agent.last() != 7 {
		t.Errorf("the second counts what the first would have: %v, %d", err, agent.last())
	}
	orders.Add(t.Context(), 5)
	if err := stop(context.Background()); err != nil || agent.last() != 12 {
		t.Errorf("the end counts the rest: %v, %d", err, agent.last())
	}
}

func TestTheLastCollectionCountsTheSpansThatTheEndLost(t *testing.T) {
	agent := &took{traces: http.StatusServiceUnavailable}
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
	if !errors.Is(err, context.DeadlineExceeded) || agent.lost != 1 {
		t.Errorf("%v, and %d of 1 are counted as lost", err, agent.lost)
	}
}

// away is an exporter whose agent refuses connections until it is there.
type away struct {
	sdkmetric.Exporter
	until time.Time
	err   error
	tries int
}

func (e *away) Export(context.Context, *metricdata.ResourceMetrics) error {
	if e.tries++; time.Now().Before(e.until) {
		return e.err
	}
	return nil
}

func TestACollectionWaitsForAnAgentThatCannotBeReached(t *testing.T) {
	refused := &url.Error{Op: "Post", URL: "http://agent", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	for sentence, c := range map[string]struct {
		err   error
		back  time.Duration
		tries int
		fails bool
	}{
		"it is there":              {refused, 0, 1, false},
		"it comes within a second": {refused, time.Second, 5, false},
		"it comes too late":        {refused, time.Minute, 13, true},
		"it is there and says no":  {errors.New("failed to send metrics: 400"), time.Second, 1, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				e := &away{until: time.Now().Add(c.back), err: c.err}
				err := patientExporter{e}.Export(ctx, nil)
				if (err != nil) != c.fails || e.tries != c.tries {
					t.Errorf("%v after %d tries, want %d", err, e.tries, c.tries)
				}
			})
		})
	}
}
