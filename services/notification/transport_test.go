package notification_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/services/notification"
	"jari.example/services/notification/inmem"
	"jari.example/telemetry/telemetrytest"
)

func serve(t *testing.T, store notification.Store) httpjsontest.Suite {
	t.Helper()
	rec := telemetrytest.Start(t)
	mw, err := endpoint.Shared(rec.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := notification.New(store, func() {}, time.Now)
	routes := notification.NewRoutes(notification.NewEndpoints(s, mw), rec.Logger)
	handler, err := routes.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return httpjsontest.Suite{Handler: handler, Routes: routes.List()}
}

func TestBadInputIsRefused(t *testing.T) {
	suite := serve(t, inmem.New())
	suite.Run(t)
	for pointer, change := range map[string][2]string{
		"/id":                        {"7d444840-9dc0-11d1-b245-5ffdce74fad2", "00000000-0000-0000-0000-000000000000"},
		"/kind":                      {"reservation.confirmed", "reservation.eaten"},
		"/reservation/time_zone":     {"Asia/Seoul", "Local"},
		"/reservation/party":         {`"party":2`, `"party":0`},
		"/reservation/restaurant_id": {"mokran", ""},
		"/reservation/start":         {`"start":"2026-11-23T09:30:00Z"`, `"start":"2026-11-23"`},
	} {
		body := bytes.Replace(told(t), []byte(change[0]), []byte(change[1]), 1)
		c := httpjsontest.Case{Method: "POST", Target: "/internal/events", ContentType: "application/json",
			Body: string(body), Status: http.StatusBadRequest, Pointer: pointer}
		if err := suite.Try(c); err != nil {
			t.Error(err)
		}
	}
}

// told is what the reservation service sends, as its own test has written it.
func told(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../reservation/notificationhttp/testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatReservationTellsIsUnderstood(t *testing.T) {
	store := inmem.New()
	suite := serve(t, store)
	for range 2 {
		req := httptest.NewRequest(http.MethodPost, "/internal/events", bytes.NewReader(told(t)))
		req.Header.Set("Content-Type", "application/json")
		res := httptest.NewRecorder()
		suite.Handler.ServeHTTP(res, req)
		if res.Code != http.StatusAccepted {
			t.Fatalf("%d %s", res.Code, res.Body)
		}
	}
	jobs, err := store.Lease(t.Context(), 10, time.Now(), time.Now().Add(time.Minute))
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v; want one", len(jobs), err)
	}
	r := jobs[0].Reservation
	if jobs[0].Kind != notification.Confirmed || r.RestaurantID != "mokran" || r.Party != 2 || r.Note.Reveal() != "창가 자리" || jobs[0].Traceparent == "" {
		t.Errorf("understood %+v", jobs[0])
	}
}
