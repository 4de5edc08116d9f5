package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/internal/fault"
	"jari.example/internal/postgres"
	"jari.example/services/reservation"
)

// maxAttempts bounds how often a change that lost against another is sent again.
const maxAttempts = 10

// retryConflicts runs attempt until it has an answer. It runs again when attempt says
// so, and when another transaction got there first; the next attempt sees what
// that one wrote. A connection that broke is never tried again: the outcome is
// unknown, and the caller's key finds it.
func retryConflicts(ctx context.Context, attempt func() (reservation.Outcome, bool, error)) (reservation.Outcome, error) {
	for range maxAttempts {
		out, again, err := attempt()
		if !again && !isConflict(err) {
			return out, toFault(ctx, err)
		}
		select {
		case <-ctx.Done():
			return out, toFault(ctx, ctx.Err())
		case <-time.After(rand.N(2 * time.Millisecond)):
		}
	}
	return reservation.Outcome{}, fault.New(fault.Unavailable, "unavailable", "Too many people want these seats at once. Please try again.").
		After(time.Second)
}

// isConflict reports whether err only says that another transaction was faster: it
// has just taken the same key or seat (23505), or stood crosswise; or that the
// statement never left, on a connection that had died in the pool.
func isConflict(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505" || pg.Code == "40P01" || pg.Code == "40001"
	}
	_, dialFailed := errors.AsType[*pgconn.ConnectError](err)
	return pgconn.SafeToRetry(err) && !dialFailed
}

// toFault turns an error of pgx into a fault. Once ctx has ended that is the
// reason, whatever the broken-off statement says.
func toFault(ctx context.Context, err error) error {
	if _, refusal := errors.AsType[*fault.Error](err); err != nil && !refusal && ctx.Err() != nil {
		err = ctx.Err()
	}
	return postgres.Explain(err)
}
