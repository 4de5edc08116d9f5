package lineartest_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/httpapi"
	"jari.example/services/reservation/lineartest"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/strategies"
)

// replicas starts two services on one database, each with a store of its own,
// and returns their URLs.
func replicas(t *testing.T, wrap func(t *testing.T, database string, s *postgres.Store) reservation.Store) []string {
	t.Helper()
	database := postgrestest.Database(t)
	var urls []string
	for range 2 {
		store, err := postgres.Open(t.Context(), database, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
		logger := slog.New(slog.DiscardHandler)
		mw, err := endpoint.Shared(logger, nil)
		if err != nil {
			t.Fatal(err)
		}
		routes := httpjson.NewRoutes(logger)
		httpapi.AddRoutes(routes, httpapi.NewEndpoints(app.New(wrap(t, database, store), nil, nil, func() {}), mw))
		handler, err := routes.Handler()
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	return urls
}

func TestConcurrentClientsSeeALinearizableService(t *testing.T) {
	lineartest.Run(t, replicas(t, func(_ *testing.T, _ string, s *postgres.Store) reservation.Store { return s }), 48)
}

// readThenWrite books as strategies.ReadThenWrite does, and is the real store
// otherwise.
type readThenWrite struct {
	*postgres.Store
	booker *strategies.Booker
}

func (s readThenWrite) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	out, err := s.booker.Book(ctx, b)
	if out.Replayed { // the strategy replays a reservation as it is now: not the fault under test
		return s.Store.Book(ctx, b)
	}
	return out, err
}

// The negative control of the checker.
func TestDetectsAStoreThatReadsBeforeItWrites(t *testing.T) {
	lineartest.Detects(t, replicas(t, func(t *testing.T, database string, s *postgres.Store) reservation.Store {
		booker, err := strategies.Open(t.Context(), strategies.ReadThenWrite, database, postgres.SessionSettings(), s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(booker.Close)
		return readThenWrite{s, booker}
	}), 60)
}
