package indicator_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/alerting/indicator"
	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/telemetry/names"
)

var ten = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func objectives(t *testing.T) []slo.SLO {
	t.Helper()
	all, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	// A second one, to be filled by the same question.
	other := all[0]
	other.Name = "searching"
	other.Indicator.Total = []slo.Condition{{Field: names.HTTPRoute, Op: slo.Is, Value: "/v1/restaurants"}}
	return append(all, other)
}

func source(t *testing.T, server, index string) *indicator.OpenSearch {
	t.Helper()
	s, err := indicator.NewOpenSearch(server, index, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenSearchCountsTheGatewaysBookings(t *testing.T) {
	lines := indicatortest.New(t)
	for _, status := range []int{201, 201, 409, 400, 422, 401} {
		lines.AddBooking(ten.Add(3*time.Second), status, "t", nil)
	}
	lines.AddBooking(ten.Add(59*time.Second+999*time.Millisecond), 503, "t", nil)
	lines.AddBooking(ten.Add(61*time.Second), 500, "t", nil)
	// None of these is an attempt to book that counts.
	lines.AddBooking(ten, 429, "t", nil)
	lines.AddBooking(ten, 503, "t", map[string]any{names.DocServiceName: names.ServiceReservation})
	lines.AddBooking(ten, 503, "t", map[string]any{names.HTTPMethod: "GET"})
	lines.AddBooking(ten, 503, "t", map[string]any{names.HTTPRoute: "/v1/reservations/{id}"})
	lines.AddBooking(ten, 503, "t", map[string]any{names.EventName: names.EventPanic})
	lines.AddBooking(ten.Add(-time.Millisecond), 503, "t", nil)
	lines.AddBooking(ten.Add(5*time.Minute), 503, "t", nil)
	// This one is somebody else's.
	lines.AddBooking(ten.Add(2*time.Minute), 500, "t", map[string]any{names.HTTPRoute: "/v1/restaurants"})

	var asked atomic.Int32
	server, err := url.Parse(lines.Server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(server)
	counting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	defer counting.Close()

	got, err := source(t, counting.URL, lines.Index).Count(t.Context(), objectives(t), ten, ten.Add(5*time.Minute), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]slo.Bucket{
		"booking-availability": {{At: ten, Count: slo.Count{Good: 6, Bad: 1}}, {At: ten.Add(time.Minute), Count: slo.Count{Bad: 1}}},
		"searching":            {{At: ten.Add(2 * time.Minute), Count: slo.Count{Bad: 1}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times for %d objectives", n, len(want))
	}

	// A line that comes late is there when the time is read again.
	lines.AddBooking(ten.Add(30*time.Second), 500, "t", nil)
	got, err = source(t, lines.Server, lines.Index).Count(t.Context(), objectives(t), ten, ten.Add(time.Minute), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if late := (slo.Bucket{At: ten.Add(30 * time.Second), Count: slo.Count{Bad: 1}}); !reflect.DeepEqual(got["booking-availability"][1], late) {
		t.Errorf("the late line: %v", got)
	}
}

func TestNoTelemetryIsBlindnessAndQuietIsNot(t *testing.T) {
	lines := indicatortest.New(t)
	count := func(index string) error {
		_, err := source(t, lines.Server, index).Count(t.Context(), objectives(t), ten, ten.Add(time.Minute), time.Minute)
		return err
	}
	if err := count(lines.Index); !errors.Is(err, indicator.ErrNoTelemetry) {
		t.Errorf("an empty index: %v", err)
	}
	if err := count(lines.Index + "-missing-*"); !errors.Is(err, indicator.ErrNoTelemetry) {
		t.Errorf("no index at all: %v", err)
	}
	lines.AddBooking(ten, 0, "", map[string]any{names.EventName: names.EventHeartbeat})
	if err := count(lines.Index); err != nil {
		t.Errorf("a heartbeat and nobody booking: %v", err)
	}
	nobody := httptest.NewServer(nil)
	nobody.Close()
	if _, err := source(t, nobody.URL, "x").Count(t.Context(), objectives(t), ten, ten.Add(time.Minute), time.Minute); err == nil {
		t.Error("a server that is down should be an error")
	}
}

func TestEvidenceShowsWhereAndThreeDifferentTraces(t *testing.T) {
	lines := indicatortest.New(t)
	for n, trace := range []string{"a", "b", "b", "c", "", "d"} {
		lines.AddBooking(ten.Add(time.Duration(n)*time.Second), 503, trace, nil)
	}
	lines.AddBooking(ten.Add(10*time.Second), 500, "d", map[string]any{names.CloudRegion: names.Regions["us"]})
	lines.AddBooking(ten.Add(11*time.Second), 201, "good", nil)
	got, err := source(t, lines.Server, lines.Index).Evidence(t.Context(), objectives(t)[0], ten, ten.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := indicator.Evidence{Regions: map[string]int64{"ap-northeast-2": 6, "us-east-1": 1}, Traces: []string{"d", "c", "b"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
