// Command benchreservationd is reservationd with one more flag, -store: it books
// with one of the strategies that the service's own is compared with. Only
// benchmarks and campaigns run it.
package main

import (
	"context"
	"errors"

	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/services/reservation"
	"jari.example/services/reservation/daemon"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/strategies"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceReservation, daemon.Program(chooseStrategy)) }

const grouped = "grouped" // the service's own

func chooseStrategy(flags *config.Set) daemon.Decorator {
	name := flags.OneOf("store", grouped,
		"how bookings are made: grouped is the service's own way; the others are for comparison, and read_then_write overbooks",
		grouped, strategies.OneStatement, strategies.ForUpdate, strategies.SkipLocked, strategies.ReadThenWrite)
	return func(ctx context.Context, s daemon.Store, url string) (daemon.Store, func(), error) {
		switch {
		case *name == grouped:
			return s, func() {}, nil
		case url == "":
			return nil, nil, errors.New("-store needs -database-url")
		}
		booker, err := strategies.Open(ctx, *name, url, postgres.SessionSettings(), s)
		if err != nil {
			return nil, nil, err
		}
		return withStrategy{s, booker}, booker.Close, nil
	}
}

// withStrategy is a store that books with a strategy.
type withStrategy struct {
	daemon.Store
	booker *strategies.Booker
}

// Book implements [reservation.Store].
func (s withStrategy) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	return s.booker.Book(ctx, b)
}
