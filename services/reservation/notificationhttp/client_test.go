package notificationhttp_test

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/notificationhttp"
	"jari.example/telemetry"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func event() reservation.Event {
	start := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	return reservation.Event{
		ID: uuid.MustParse("7d444840-9dc0-11d1-b245-5ffdce74fad2"), Kind: reservation.EventConfirmed,
		OccurredAt:  time.Date(2026, 11, 22, 10, 0, 0, 123456000, time.UTC),
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Reservation: reservation.Reservation{
			ID:      uuid.MustParse("01900000-0000-7000-8000-000000000009"),
			DinerID: uuid.MustParse("01900000-0000-7000-8000-000000000001"),
			SlotID:  42, RestaurantID: "mokran", Start: start, End: start.Add(reservation.Dining),
			TimeZone: "Asia/Seoul", Party: 2, Note: telemetry.NewSecret("창가 자리"), Status: reservation.Confirmed,
		},
	}
}

func TestTheEventOnTheWire(t *testing.T) {
	var got []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.Path != "/internal/events" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	if err := notificationhttp.New(srv.URL+"/", http.DefaultClient).Tell(t.Context(), event()); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "event.json")
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("the event has changed (-update rewrites %s):\n%s", golden, got)
	}
}

func TestFailuresKeepTheirClass(t *testing.T) {
	for status, want := range map[int]fault.Code{
		http.StatusBadRequest:         fault.Invalid,
		http.StatusServiceUnavailable: fault.Unavailable,
		http.StatusBadGateway:         fault.Unavailable,
		http.StatusGatewayTimeout:     fault.Timeout,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		err := notificationhttp.New(srv.URL, http.DefaultClient).Tell(t.Context(), event())
		srv.Close()
		if got := fault.CodeOf(err); got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
		if err := notificationhttp.New(srv.URL, http.DefaultClient).Tell(t.Context(), event()); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("nobody there: %v", err)
		}
	}
}
