package httpapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/httpapi"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// instantStore books everything at once.
type instantStore struct{ reservation.Store }

func (instantStore) Book(_ context.Context, b reservation.Booking) (reservation.Outcome, error) {
	return reservation.Outcome{Reservation: reservation.Reservation{
		ID: b.ID, SlotID: b.SlotID, RestaurantID: "mokran", Start: b.At.Add(time.Hour), End: b.At.Add(2 * time.Hour),
		TimeZone: "Asia/Seoul", Party: b.Party, Status: reservation.Confirmed, CreatedAt: b.At,
	}}, nil
}

// soldOutStore has no cover left, and remembers no key.
type soldOutStore struct{ reservation.Store }

func (soldOutStore) Book(context.Context, reservation.Booking) (reservation.Outcome, error) {
	return reservation.Outcome{}, reservation.Full(0)
}

func (soldOutStore) Replay(context.Context, string, reservation.CommandMeta) (reservation.Outcome, error) {
	return reservation.Outcome{}, nil
}

// BenchmarkBooking measures what a booking costs besides its store: the HTTP
// handler, JSON and full telemetry, with spans sent to an agent. CPU time is the
// better measure, because spans are exported by other goroutines.
func BenchmarkBooking(b *testing.B) { benchmark(b, instantStore{}, http.StatusCreated) }

// BenchmarkRefusal measures the same for a slot that is sold out.
func BenchmarkRefusal(b *testing.B) { benchmark(b, soldOutStore{}, http.StatusConflict) }

func benchmark(b *testing.B, store reservation.Store, want int) {
	b.Helper()
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer agent.Close()
	logFile, err := os.Create(b.TempDir() + "/log")
	if err != nil {
		b.Fatal(err)
	}
	defer logFile.Close()
	t, stop, err := telemetry.Start(b.Context(), telemetry.Config{
		Service: names.ServiceReservation, Region: "ap-northeast-2", Endpoint: agent.URL, Output: logFile, Level: slog.LevelInfo,
		TraceCeiling: -1,
	})
	if err != nil {
		b.Fatal(err)
	}
	mw, err := endpoint.Shared(t.Logger, nil)
	if err != nil {
		b.Fatal(err)
	}
	rs := httpjson.NewRoutes(t.Logger)
	httpapi.AddRoutes(rs, httpapi.NewEndpoints(app.New(store, nil, nil, func() {}), mw))
	h, err := rs.Handler()
	if err != nil {
		b.Fatal(err)
	}
	diner, key := uuid.NewString(), uuid.NewString()
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		body := strings.NewReader(`{"slot_id":"17","party":2}`)
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/reservations", body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(names.HeaderUserID, diner)
		r.Header.Set(names.HeaderUserRole, "diner")
		r.Header.Set(names.HeaderSessionID, diner)
		r.Header.Set(names.HeaderIdempotency, key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			b.Fatal(w.Code, w.Body)
		}
	}
	_ = t.Traces.ForceFlush(b.Context())
	b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
	_ = stop(context.Background())
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
