package notification_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/services/notification"
	"jari.example/services/notification/inmem"
	"jari.example/services/notification/storetest"
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

func TestRejectsBadInput(t *testing.T) {
	suite := serve(t, inmem.New())
	suite.Run(t)
	refusedAt := func(pointer, from, to string) {
		t.Helper()
		body := bytes.Replace(eventBody(t), []byte(from), []byte(to), 1)
		c := httpjsontest.Case{Method: "POST", Target: "/internal/events", ContentType: "application/json",
			Body: string(body), Status: http.StatusBadRequest, Pointer: pointer}
		if err := suite.Try(c); err != nil {
			t.Error(err)
		}
	}
	// What PostgreSQL cannot store: NUL in a text, more than 2147483647 in an int.
	refusedAt("/reservation/status", `"status":"confirmed"`, `"status":"a\u0000"`)
	refusedAt("/reservation/note", `"note":"`, `"note":"\u0000`)
	refusedAt("/reservation/slot_id", `"slot_id":"`, `"slot_id":"\u0000`)
	refusedAt("/reason", `"reservation":{`, `"reason":"\u0000","reservation":{`)
	refusedAt("/traceparent", `"traceparent":"`, `"traceparent":"\u0000`)
	refusedAt("/reservation/party", `"party":2`, `"party":2147483648`)
	refusedAt("/reservation/version", `"version":1`, `"version":2147483648`)
	refusedAt("/reservation/position", `"status"`, `"position":2147483648,"status"`)
	for pointer, change := range map[string][2]string{
		"/reservation/end":           {`"end":"2026-11-23T11:00:00Z"`, `"end":"2026-11-23T09:30:00Z"`},
		"/reservation/version":       {`"version":1`, `"version":-1`},
		"/reservation/status":        {`"status":"confirmed"`, `"status":"` + strings.Repeat("x", 65) + `"`},
		"/reservation/position":      {`"status"`, `"position":-1,"status"`},
		"/reservation/offer_ends_at": {"reservation.confirmed", "waitlist.offered"},
		"/previous":                  {`"reservation":{`, `"previous":{"start":"2026-11-23T09:30:00Z","party":0},"reservation":{`},
		"/reason":                    {`"reservation":{`, `"reason":"` + strings.Repeat("x", 4001) + `","reservation":{`},
		"/id":                        {"7d444840-9dc0-11d1-b245-5ffdce74fad2", "00000000-0000-0000-0000-000000000000"},
		"/kind":                      {"reservation.confirmed", "reservation.eaten"},
		"/reservation/time_zone":     {"Asia/Seoul", strings.Repeat("x", 65)},
		"/reservation/party":         {`"party":2`, `"party":0`},
		"/reservation/restaurant_id": {"mokran", ""},
		"/reservation/start":         {`"start":"2026-11-23T09:30:00Z"`, `"start":"2026-11-23"`},
	} {
		refusedAt(pointer, change[0], change[1])
	}
}

// eventBody is what the reservation service sends: the golden file of its test.
func eventBody(t *testing.T) []byte { return testdata(t, "event.json") }

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../reservation/notificationhttp/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func post(suite httpjsontest.Suite, path string, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	res := httptest.NewRecorder()
	suite.Handler.ServeHTTP(res, req)
	return res
}

// acceptTwice sends an event twice and returns the event that is stored.
func acceptTwice(t *testing.T, name string) notification.Event {
	t.Helper()
	store := inmem.New()
	suite := serve(t, store)
	for range 2 {
		if res := post(suite, "/internal/events", testdata(t, name)); res.Code != http.StatusAccepted {
			t.Fatalf("%d %s", res.Code, res.Body)
		}
	}
	jobs, err := store.Lease(t.Context(), 10, time.Now(), time.Now().Add(time.Minute))
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v; want one", len(jobs), err)
	}
	return jobs[0].Event
}

func TestDecodesTheReservationServicesEvents(t *testing.T) {
	e := acceptTwice(t, "event.json")
	if r := e.Reservation; e.Kind != notification.Confirmed || r.RestaurantID != "mokran" || r.Party != 2 ||
		r.Note.Reveal() != "창가 자리" || e.Traceparent == "" {
		t.Errorf("got %+v", e)
	}
	e = acceptTwice(t, "event_full.json")
	r := e.Reservation
	at := func(s string) time.Time { t, _ := time.Parse(time.RFC3339Nano, s); return t }
	if e.Kind != notification.Moved || e.ClosureReason.Reveal() != "수도관" ||
		(e.Previous != notification.PreviousState{Start: at("2026-11-23T08:30:00Z"), Party: 4}) ||
		r.End != at("2026-11-23T11:00:00Z") || r.Status != "offered" || r.Version != 3 || r.CancelUntil != at("2026-11-23T07:30:00Z") ||
		r.OfferEndsAt != at("2026-11-22T10:10:00.123456Z") || r.Position != 2 {
		t.Errorf("got %+v", e)
	}
}

// Outboxes hold events of the previous version while services are upgraded.
func TestAcceptsAnEventOfThePreviousVersion(t *testing.T) {
	var body map[string]any
	if err := json.Unmarshal(eventBody(t), &body); err != nil {
		t.Fatal(err)
	}
	for _, newField := range []string{"end", "status", "version", "cancel_until"} {
		delete(body["reservation"].(map[string]any), newField)
	}
	old, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if res := post(serve(t, inmem.New()), "/internal/events", old); res.Code != http.StatusAccepted {
		t.Errorf("%d %s", res.Code, res.Body)
	}
}

func TestAcceptsEveryKind(t *testing.T) {
	suite := serve(t, inmem.New())
	for _, kind := range notification.Kinds {
		body := bytes.Replace(testdata(t, "event_full.json"), []byte("reservation.moved"), []byte(kind), 1)
		if res := post(suite, "/internal/events", body); res.Code != http.StatusAccepted {
			t.Errorf("%s: %d %s", kind, res.Code, res.Body)
		}
	}
	if len(notification.Kinds) != 13 {
		t.Errorf("%d kinds", len(notification.Kinds))
	}
}

func TestReturnsUndeliverableReservations(t *testing.T) {
	store := inmem.New()
	suite := serve(t, store)
	failed, fine := storetest.Event(), storetest.Event()
	failed.Reservation.ID = uuid.MustParse("01900000-0000-7000-8000-000000000009")
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, e := range []notification.Event{failed, fine} {
		if _, err := store.Add(t.Context(), e, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(store.Fail(t.Context(), failed.ID, at, notification.Refused), store.Sent(t.Context(), fine.ID, at)); err != nil {
		t.Fatal(err)
	}
	request := func(ids ...uuid.UUID) *httptest.ResponseRecorder {
		body, err := json.Marshal(notification.UndeliverableRequest{ReservationIDs: ids})
		if err != nil {
			t.Fatal(err)
		}
		return post(suite, "/internal/undeliverable", body)
	}
	res := request(fine.Reservation.ID, failed.Reservation.ID, uuid.New())
	if res.Code != http.StatusOK {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	golden := "testdata/http/undeliverable_200.json"
	if flag.Lookup("update").Value.String() == "true" { // mail_test.go has it
		if err := os.WriteFile(golden, res.Body.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(want, res.Body.Bytes()) {
		t.Errorf("the response differs from %s (%v):\n%s", golden, err, res.Body)
	}
	if res := request(fine.Reservation.ID); res.Code != http.StatusOK || !bytes.Contains(res.Body.Bytes(), []byte(`"items":[]`)) {
		t.Errorf("without failures: %d %s", res.Code, res.Body)
	}
	if res := request(make([]uuid.UUID, 201)...); res.Code != http.StatusBadRequest {
		t.Errorf("too many ids: %d %s", res.Code, res.Body)
	}
}
