package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/internal/fault"
	"jari.example/internal/postgres"
	"jari.example/internal/wait"
	"jari.example/services/reservation"
)

// maxAttempts bounds how often a transaction that conflicts with another is run.
const maxAttempts = 10

// retryConflicts runs attempt until it has a result. It runs it again when
// attempt asks for it and after a conflict with another transaction, whose
// writes the next attempt sees. A broken connection is not retried: the result
// is unknown, and the caller's key finds it.
func retryConflicts(ctx context.Context, attempt func() (reservation.Outcome, bool, error)) (reservation.Outcome, error) {
	for range maxAttempts {
		out, again, err := attempt()
		if !again && !isConflict(err) {
			return out, toFault(ctx, err)
		}
		if err := wait.For(ctx, rand.N(2*time.Millisecond)); err != nil {
			return out, toFault(ctx, err)
		}
	}
	err := fault.New(fault.Unavailable, "unavailable", "Too many people want these seats at once. Please try again.").After(time.Second)
	return reservation.Outcome{}, err
}

// isConflict reports whether err only says that another transaction was faster:
// it has just inserted the same key or reservation (23505), or one of the two
// had to be aborted (40P01 deadlock, 40001 serialization failure). So does a
// statement that was never sent, because its pooled connection was dead.
func isConflict(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505" || pg.Code == "40P01" || pg.Code == "40001"
	}
	_, dialFailed := errors.AsType[*pgconn.ConnectError](err)
	return pgconn.SafeToRetry(err) && !dialFailed
}

// toFault turns an error of pgx into a fault. If ctx has ended, that is the
// reason, whatever the interrupted statement returned.
func toFault(ctx context.Context, err error) error {
	if _, refusal := errors.AsType[*fault.Error](err); err != nil && !refusal && ctx.Err() != nil {
		err = ctx.Err()
	}
	return postgres.Explain(err)
}
