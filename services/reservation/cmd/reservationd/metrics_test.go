package main

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve/servetest"
	"jari.example/telemetry/names"
)

// agent takes OTLP as the local agent does, and keeps the last point of each set
// of labels.
type agent struct {
	mu       sync.Mutex
	points   map[string]map[string]float64 // by metric and labels
	resource map[string]string
	bad      []error
}

func (a *agent) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/metrics" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var request collector.ExportMetricsServiceRequest
	z, err := gzip.NewReader(r.Body)
	if err == nil {
		var body []byte
		if body, err = io.ReadAll(z); err == nil {
			err = proto.Unmarshal(body, &request)
		}
	}
	if err != nil {
		a.bad = append(a.bad, err)
		return
	}
	for _, of := range request.ResourceMetrics {
		a.resource = labels(of.Resource.Attributes)
		for _, scope := range of.ScopeMetrics {
			for _, m := range scope.Metrics {
				a.keep(m)
			}
		}
	}
}

func (a *agent) keep(m *metrics.Metric) {
	if a.points[m.Name] == nil {
		a.points[m.Name] = map[string]float64{}
	}
	set := func(of []*common.KeyValue, value float64) {
		key := ""
		for _, l := range of {
			key += l.Key + "=" + l.Value.GetStringValue() + " "
		}
		a.points[m.Name][key] = value
	}
	for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
		set(p.Attributes, float64(p.GetAsInt())+p.GetAsDouble())
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		set(p.Attributes, float64(p.Count))
	}
}

// missing lists what the service should have sent and has not.
func (a *agent) missing() (list []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range names.Metrics {
		if absent[m.Name] == "" && len(a.points[m.Name]) == 0 && !strings.HasPrefix(m.Name, "jari.ship.") { // the agent's own
			list = append(list, m.Name)
		}
	}
	return list
}

func labels(of []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, l := range of {
		all[l.Key] = l.Value.GetStringValue()
	}
	return all
}

// Metrics that a reservation service which is well, and not in a rush, has none
// of.
var absent = map[string]string{
	names.MetricMailSent: "notification's", names.MetricMailRetried: "notification's", names.MetricMailFailed: "notification's",
	names.MetricEmitted: "telemetryemit's", names.MetricBookingBatch: "of a rush", names.MetricBookingShed: "of a rush",
	names.MetricOutboxRefused: "of a fault", names.MetricInvariantViolations: "of a fault",
}

func TestWhatTheServiceMeasuresReachesItsAgent(t *testing.T) {
	if n := len((&agent{}).missing()); n < 30 {
		t.Errorf("an agent that got nothing misses %d metrics: the test shows nothing", n)
	}
	told := &mailbox{}
	notification := httptest.NewServer(told)
	defer notification.Close()
	receiver := &agent{points: map[string]map[string]float64{}}
	otlp := httptest.NewServer(receiver)
	defer otlp.Close()
	d := servetest.Start(t, run, "--database-url", postgrestest.Database(t), "--notification-url", notification.URL,
		"--otlp-endpoint", otlp.URL, "--cloud-region", "us-east-1")
	slot, diner := openRestaurant(t, d.URL, 4), uuid.NewString()
	for range 2 { // the second is a replay
		if status, _, answer := book(t, d.URL, slot, diner, "k", 3); status != 201 {
			t.Fatal(status, answer)
		}
	}
	if status, _, answer := book(t, d.URL, slot, uuid.NewString(), "k", 3); status != 409 {
		t.Fatal(status, answer)
	}
	told.waitFor(t, 1)
	// The daemon would send every ten seconds, and when it ends what is left by
	// then: not what it holds open.
	provider, ok := otel.GetMeterProvider().(interface{ ForceFlush(context.Context) error })
	if !ok {
		t.Fatal("the daemon's meters are not the process's")
	}
	var missing []string
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // spans leave beside the metrics that count them
		if err := provider.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if missing = receiver.missing(); len(missing) == 0 || time.Now().After(deadline) {
			break
		}
	}
	if len(missing) > 0 {
		t.Errorf("these did not arrive: %v", missing)
	}
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}

	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	for name, why := range absent {
		if got := receiver.points[name]; len(got) > 0 {
			t.Errorf("%s arrived, but it is %s: %v", name, why, got)
		}
	}
	for metric, want := range map[string]map[string]float64{
		names.MetricCovers:          {names.Method + "=reservation.Book ": 3},
		names.MetricBookingsRefused: {names.Reason + "=slot_full ": 1},
		names.MetricReservations:    {names.EventKind + "=reservation.confirmed ": 1},
		names.MetricPoolMax: {
			names.PoolName + "=reservation ": 19, names.PoolName + "=reservation.reads ": 4,
		},
	} {
		for labels, n := range want {
			if got, ok := receiver.points[metric][labels]; !ok || got != n || len(receiver.points[metric]) != len(want) {
				t.Errorf("%s: %v, want %v", metric, receiver.points[metric], want)
			}
		}
	}
	if receiver.resource[names.ServiceName] != names.ServiceReservation || receiver.resource[names.CloudRegion] != "us-east-1" || len(receiver.bad) > 0 {
		t.Errorf("resource %v, faults %v", receiver.resource, receiver.bad)
	}
}
