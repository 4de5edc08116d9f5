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

// fakeAgent receives OTLP metrics as the local agent does, and records the last
// point of each attribute set.
type fakeAgent struct {
	mu       sync.Mutex
	points   map[string]map[string]float64 // by metric and attributes
	resource map[string]string
	errs     []error // of requests that cannot be decoded
}

func (a *fakeAgent) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/metrics" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var request collector.ExportMetricsServiceRequest
	z, err := gzip.NewReader(r.Body)
	if err == nil {
		var raw []byte
		if raw, err = io.ReadAll(z); err == nil {
			err = proto.Unmarshal(raw, &request)
		}
	}
	if err != nil {
		a.errs = append(a.errs, err)
		return
	}
	for _, of := range request.ResourceMetrics {
		a.resource = attributes(of.Resource.Attributes)
		for _, scope := range of.ScopeMetrics {
			for _, m := range scope.Metrics {
				a.record(m)
			}
		}
	}
}

func (a *fakeAgent) record(m *metrics.Metric) {
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

// missing lists the metrics that the service should have sent and has not.
func (a *fakeAgent) missing() (list []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range names.Metrics {
		if absent[m.Name] == "" && len(a.points[m.Name]) == 0 && !strings.HasPrefix(m.Name, "jari.ship.") { // sent by the agent itself
			list = append(list, m.Name)
		}
	}
	return list
}

func attributes(of []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, l := range of {
		all[l.Key] = l.Value.GetStringValue()
	}
	return all
}

// absent are the metrics that a healthy reservation service without load does not
// send, and why.
var absent = map[string]string{
	names.MetricMailSent: "notification's", names.MetricMailRetried: "notification's", names.MetricMailFailed: "notification's",
	names.MetricSigningKeyAge: "gateway's", names.MetricCertificateExpiry: "gateway's",
	names.MetricAlertingBlind: "alertingd's", names.MetricIncidentsOpen: "alertingd's",
	names.MetricEmitted:      "telemetryemit's",
	names.MetricBookingBatch: "of many bookings at once", names.MetricBookingShed: "of many bookings at once",
	names.MetricOutboxRefused: "of a fault", names.MetricInvariantViolations: "of a fault",
}

func TestSendsItsMetricsToTheAgent(t *testing.T) {
	if n := len((&fakeAgent{}).missing()); n < 30 {
		t.Errorf("control: an agent that received nothing misses only %d metrics", n)
	}
	notifications := &fakeNotification{}
	notification := httptest.NewServer(notifications)
	defer notification.Close()
	receiver := &fakeAgent{points: map[string]map[string]float64{}}
	otlp := httptest.NewServer(receiver)
	defer otlp.Close()
	d := servetest.Start(t, run, "--database-url", postgrestest.Database(t), "--notification-url", notification.URL,
		"--otlp-endpoint", otlp.URL, "--cloud-region", "us-east-1")
	slot, diner := createSlots(t, d.URL, 4), uuid.NewString()
	for range 2 { // the second is a replay
		if status, _, body := book(t, d.URL, slot, diner, "k", 3); status != 201 {
			t.Fatal(status, body)
		}
	}
	if status, _, body := book(t, d.URL, slot, uuid.NewString(), "k", 3); status != 409 {
		t.Fatal(status, body)
	}
	notifications.waitFor(t, 1)
	// The daemon sends every ten seconds, and once more at its end, when gauges of
	// open connections have no value any more.
	provider, ok := otel.GetMeterProvider().(interface{ ForceFlush(context.Context) error })
	if !ok {
		t.Fatal("the global meter provider cannot be flushed")
	}
	var missing []string
	// The spans whose export some metrics count are sent by another goroutine.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err := provider.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if missing = receiver.missing(); len(missing) == 0 || time.Now().After(deadline) {
			break
		}
	}
	if len(missing) > 0 {
		t.Errorf("metrics that did not arrive: %v", missing)
	}
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}

	receiver.check(t)
}

// check compares what the agent has received with one booking of 3 covers, its
// replay and a refusal.
func (a *fakeAgent) check(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, why := range absent {
		if got := a.points[name]; len(got) > 0 {
			t.Errorf("%s arrived, although it is %s: %v", name, why, got)
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
			if got, ok := a.points[metric][labels]; !ok || got != n || len(a.points[metric]) != len(want) {
				t.Errorf("%s: %v, want %v", metric, a.points[metric], want)
			}
		}
	}
	resource := a.resource
	if resource[names.ServiceName] != names.ServiceReservation || resource[names.CloudRegion] != "us-east-1" {
		t.Errorf("got the resource %v", resource)
	}
	if len(a.errs) > 0 {
		t.Errorf("malformed requests: %v", a.errs)
	}
}
