package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/secret"
	"jari.example/services/reservation"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/strategies"
)

// BenchmarkBook measures the store alone, for tuning; make bench-booking measures
// the whole service, under the same loads. Each booking is by another diner.
//
//	go test -run - -bench Book -benchtime 2s ./reservation/postgres
func BenchmarkBook(b *testing.B) {
	for _, load := range []struct {
		name    string
		clients int
		slots   int
		zipf    float64 // 0: uniform
	}{
		{"hot/8", 8, 1, 0}, {"hot/64", 64, 1, 0}, {"hot/256", 256, 1, 0},
		{"zipf/64", 64, 1000, 1.1},
		{"calm/1", 1, 1000, 0}, {"calm/8", 8, 1000, 0}, {"calm/16", 16, 1000, 0}, {"uniform/64", 64, 1000, 0},
	} {
		for _, store := range []string{"grouped", strategies.OneStatement} {
			b.Run(load.name+"/"+store, func(b *testing.B) {
				url := postgrestest.Database(b)
				s, err := postgres.Open(b.Context(), url, nil)
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				book := s.Book
				if store != "grouped" {
					other, err := strategies.Open(b.Context(), store, url, postgres.SessionSettings(), s)
					if err != nil {
						b.Fatal(err)
					}
					defer other.Close()
					book = other.Book
				}
				insertSlots(b, url, load.slots, 1_000_000)
				var left atomic.Int64
				left.Store(int64(b.N))
				var mu sync.Mutex
				var durations []time.Duration
				var wg sync.WaitGroup
				b.ResetTimer()
				for i := range load.clients {
					wg.Go(func() {
						random := rand.New(rand.NewPCG(uint64(i), 7))
						pick := func() uint64 { return random.Uint64N(uint64(load.slots)) }
						if load.zipf > 0 {
							pick = rand.NewZipf(random, load.zipf, 1, uint64(load.slots-1)).Uint64
						}
						var mine []time.Duration
						for left.Add(-1) >= 0 {
							began := time.Now()
							if _, err := book(context.Background(), newBooking(reservation.SlotID(1+pick()), 2)); err != nil {
								b.Error(err)
								return
							}
							mine = append(mine, time.Since(began))
						}
						mu.Lock()
						durations = append(durations, mine...)
						mu.Unlock()
					})
				}
				wg.Wait()
				b.StopTimer()
				slices.Sort(durations)
				if len(durations) > 0 {
					b.ReportMetric(float64(len(durations))/b.Elapsed().Seconds(), "bookings/s")
					b.ReportMetric(durations[len(durations)/2].Seconds()*1000, "p50-ms")
					b.ReportMetric(durations[len(durations)*99/100].Seconds()*1000, "p99-ms")
				}
			})
		}
	}
}

// insertSlots inserts slots 1 to n, an hour apart from tomorrow on.
func insertSlots(t testing.TB, url string, n, covers int) {
	t.Helper()
	postgrestest.Exec(t, url, fmt.Sprintf(`
INSERT INTO slots (id, restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, cancel_until)
OVERRIDING SYSTEM VALUE
SELECT i, 'mokran', s, s + interval '50 minutes', 'Asia/Seoul', 1, 20, %[2]d, %[2]d, s - interval '2 hours'
FROM generate_series(1, %[1]d) i, LATERAL (SELECT date_trunc('hour', now()) + interval '1 day' + i * interval '1 hour' AS s) s`, n, covers))
	postgrestest.Exec(t, url, "SELECT setval(pg_get_serial_sequence('slots', 'id'), (SELECT max(id) FROM slots))")
}

// newBooking is a booking by a new diner under a new key.
func newBooking(slot reservation.SlotID, party int) reservation.Booking {
	return reservation.Booking{
		CommandMeta: reservation.CommandMeta{
			DinerID: uuid.New(), Key: uuid.NewString(), RequestHash: make([]byte, 32), EventID: uuid.New(), At: time.Now(),
			Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		},
		ID: uuid.Must(uuid.NewV7()), SlotID: slot, Party: party, Note: secret.New("창가 자리"),
	}
}
