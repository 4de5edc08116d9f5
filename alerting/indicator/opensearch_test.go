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
	// A second objective, for the same query.
	other := all[0]
	other.Name = "search"
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

func TestCountsTheBookingsOfTheGateway(t *testing.T) {
	accessLog := indicatortest.New(t)
	for _, status := range []int{201, 201, 409, 400, 422, 401} {
		accessLog.AddBooking(ten.Add(3*time.Second), status, "t", nil)
	}
	accessLog.AddBooking(ten.Add(59*time.Second+999*time.Millisecond), 503, "t", nil)
	accessLog.AddBooking(ten.Add(61*time.Second), 500, "t", nil)
	// None of these counts as a booking attempt.
	accessLog.AddBooking(ten, 429, "t", nil)
	accessLog.AddBooking(ten, 503, "t", map[string]any{names.DocServiceName: names.ServiceReservation})
	accessLog.AddBooking(ten, 503, "t", map[string]any{names.HTTPMethod: "GET"})
	accessLog.AddBooking(ten, 503, "t", map[string]any{names.HTTPRoute: "/v1/reservations/{id}"})
	accessLog.AddBooking(ten, 503, "t", map[string]any{names.EventName: names.EventPanic})
	accessLog.AddBooking(ten.Add(-time.Millisecond), 503, "t", nil)
	accessLog.AddBooking(ten.Add(5*time.Minute), 503, "t", nil)
	// This one counts for the other objective.
	accessLog.AddBooking(ten.Add(2*time.Minute), 500, "t", map[string]any{names.HTTPRoute: "/v1/restaurants"})

	var queries atomic.Int32
	server, err := url.Parse(accessLog.Server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(server)
	counting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	defer counting.Close()

	got, err := source(t, counting.URL, accessLog.Index).Count(t.Context(), objectives(t), ten, ten.Add(5*time.Minute), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]slo.Bucket{
		"booking-availability": {{At: ten, Count: slo.Count{Good: 6, Bad: 1}}, {At: ten.Add(time.Minute), Count: slo.Count{Bad: 1}}},
		"search":               {{At: ten.Add(2 * time.Minute), Count: slo.Count{Bad: 1}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if n := queries.Load(); n != 1 {
		t.Errorf("%d queries for %d objectives, want one", n, len(want))
	}

	// A line that arrives late is counted when its period is counted again.
	accessLog.AddBooking(ten.Add(30*time.Second), 500, "t", nil)
	got, err = source(t, accessLog.Server, accessLog.Index).Count(t.Context(), objectives(t), ten, ten.Add(time.Minute), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	late := slo.Bucket{At: ten.Add(30 * time.Second), Count: slo.Count{Bad: 1}}
	if !reflect.DeepEqual(got["booking-availability"][1], late) {
		t.Errorf("the late line: %v", got)
	}
}

func TestNoTelemetryDiffersFromNoBookings(t *testing.T) {
	accessLog := indicatortest.New(t)
	count := func(index string) error {
		_, err := source(t, accessLog.Server, index).Count(t.Context(), objectives(t), ten, ten.Add(time.Minute), time.Minute)
		return err
	}
	if err := count(accessLog.Index); !errors.Is(err, indicator.ErrNoTelemetry) {
		t.Errorf("an empty index: %v", err)
	}
	if err := count(accessLog.Index + "-missing-*"); !errors.Is(err, indicator.ErrNoTelemetry) {
		t.Errorf("no index: %v", err)
	}
	accessLog.AddBooking(ten, 0, "", map[string]any{names.EventName: names.EventHeartbeat})
	if err := count(accessLog.Index); err != nil {
		t.Errorf("a heartbeat without bookings: %v", err)
	}
	stopped := httptest.NewServer(nil)
	stopped.Close()
	if _, err := source(t, stopped.URL, "x").Count(t.Context(), objectives(t), ten, ten.Add(time.Minute), time.Minute); err == nil {
		t.Error("no error from a server that is down")
	}
}

func TestEvidenceHasTheRegionsAndThreeDifferentTraces(t *testing.T) {
	accessLog := indicatortest.New(t)
	for n, trace := range []string{"a", "b", "b", "c", "", "d"} {
		accessLog.AddBooking(ten.Add(time.Duration(n)*time.Second), 503, trace, nil)
	}
	accessLog.AddBooking(ten.Add(10*time.Second), 500, "d", map[string]any{names.CloudRegion: names.Regions["us"]})
	accessLog.AddBooking(ten.Add(11*time.Second), 201, "good", nil)
	got, err := source(t, accessLog.Server, accessLog.Index).Evidence(t.Context(), objectives(t)[0], ten, ten.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := indicator.Evidence{Regions: map[string]int64{"ap-northeast-2": 6, "us-east-1": 1}, Traces: []string{"d", "c", "b"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
