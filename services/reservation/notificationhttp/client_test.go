package notificationhttp_test

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/reservation"
	"jari.example/services/reservation/notificationhttp"
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
			SlotID:  42, RestaurantID: "mokran", Start: start, End: start.Add(90 * time.Minute),
			TimeZone: "Asia/Seoul", Party: 2, Note: secret.New("창가 자리"), Status: reservation.Confirmed,
			Version: 1, CancelUntil: start.Add(-2 * time.Hour),
		},
	}
}

// fullEvent is an event with all optional members.
func fullEvent() reservation.Event {
	e := event()
	r := &e.Reservation
	e.Kind, e.Reason, e.Previous = reservation.EventMoved, "수도관", &reservation.Visit{Start: r.Start.Add(-time.Hour), Party: 4}
	r.Status, r.Version, r.OfferEndsAt, r.Position = reservation.Offered, 3, e.OccurredAt.Add(10*time.Minute), 2
	return e
}

func TestSendsEventsInTheAgreedForm(t *testing.T) {
	for name, e := range map[string]reservation.Event{"event.json": event(), "event_full.json": fullEvent()} {
		var got []byte
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, _ = io.ReadAll(r.Body)
			if r.Method != "POST" || r.URL.Path != "/internal/events" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
			}
			w.WriteHeader(http.StatusAccepted)
		}))
		defer srv.Close()
		if err := notificationhttp.New(srv.URL+"/", http.DefaultClient).Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
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
}

func TestReadsUndeliverableMailsInBatches(t *testing.T) {
	body, err := os.ReadFile("../../notification/testdata/http/undeliverable_200.json") // written by notification's own test
	if err != nil {
		t.Fatal(err)
	}
	var requested []int
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var query struct {
			IDs []uuid.UUID `json:"reservation_ids"`
		}
		if err := json.NewDecoder(r.Body).Decode(&query); err != nil || r.URL.Path != "/internal/undeliverable" {
			t.Errorf("got a request for %s, %v", r.URL.Path, err)
		}
		requested = append(requested, len(query.IDs))
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	defer srv.Close()
	c := notificationhttp.New(srv.URL, http.DefaultClient)

	why, err := c.Undeliverable(t.Context(), make([]uuid.UUID, 450))
	if err != nil || len(why) != 1 || why[uuid.MustParse("01900000-0000-7000-8000-000000000009")] != "refused" {
		t.Errorf("got %v, %v", why, err)
	}
	if !slices.Equal(requested, []int{200, 200, 50}) {
		t.Errorf("batches of %v ids, want 200, 200, 50", requested)
	}
	if why, err := c.Undeliverable(t.Context(), nil); err != nil || len(why) != 0 || len(requested) != 3 {
		t.Errorf("without ids: %v, %v, %d requests; want no request", why, err, len(requested))
	}
	status = http.StatusServiceUnavailable
	if _, err := c.Undeliverable(t.Context(), make([]uuid.UUID, 1)); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("503: %v, want unavailable", err)
	}
}

func TestMapsFailuresToFaultCodes(t *testing.T) {
	for status, want := range map[int]fault.Code{
		http.StatusBadRequest:         fault.Invalid,
		http.StatusServiceUnavailable: fault.Unavailable,
		http.StatusBadGateway:         fault.Unavailable,
		http.StatusGatewayTimeout:     fault.Timeout,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		err := notificationhttp.New(srv.URL, http.DefaultClient).Deliver(t.Context(), event())
		srv.Close()
		if got := fault.CodeOf(err); got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
		if err := notificationhttp.New(srv.URL, http.DefaultClient).Deliver(t.Context(), event()); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("connection refused: %v, want unavailable", err)
		}
	}
}
