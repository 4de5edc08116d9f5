//go:build strategies

package main

import (
	"context"
	"errors"

	"jari.example/internal/config"
	"jari.example/services/reservation"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/strategies"
)

// strategy defines -store, which puts another way of booking before the real
// store's own.
func strategy(flags *config.Set) func(context.Context, store, string) (store, func(), error) {
	name := flags.String("store", grouped, "how seats are sold: "+grouped+" is how it is done, one_statement, for_update and read_then_write what it is compared with (read_then_write overbooks)")
	return func(ctx context.Context, s store, url string) (store, func(), error) {
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
		return another{s, booker}, booker.Close, nil
	}
}

const grouped = "grouped"

// another is a store that books another way.
type another struct {
	store
	booker *strategies.Booker
}

// Book implements [reservation.Store].
func (a another) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	return a.booker.Book(ctx, b)
}
