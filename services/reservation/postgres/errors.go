package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/services/internal/fault"
	"jari.example/services/reservation"
)

// tries bounds how often a change that lost against another is sent again.
const tries = 10

// settle runs attempt until it has an answer. It runs again when attempt says
// so, and when another transaction got there first; the next attempt sees what
// that one wrote. A connection that broke is never tried again: the outcome is
// unknown, and the caller's key finds it.
func settle(ctx context.Context, attempt func() (reservation.Outcome, bool, error)) (reservation.Outcome, error) {
	for range tries {
		out, again, err := attempt()
		if !again && !lost(err) {
			return out, explain(ctx, err)
		}
		select {
		case <-ctx.Done():
			return out, explain(ctx, ctx.Err())
		case <-time.After(rand.N(2 * time.Millisecond)):
		}
	}
	return reservation.Outcome{}, fault.New(fault.Unavailable, "unavailable", "Too many people want these seats at once. Please try again.").
		After(time.Second)
}

// lost reports whether err only says that another transaction was faster: it
// has just taken the same key or seat (23505), or stood crosswise.
func lost(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505" || pg.Code == "40P01" || pg.Code == "40001"
	}
	return pgconn.SafeToRetry(err) && !dialFailed(err)
}

func dialFailed(err error) bool {
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

// explain turns an error of pgx into a fault. Its text may hold arguments, so
// it is a cause, which callers never see. Once ctx has ended that is the
// reason, whatever the cancelled statement says.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if ended := ctx.Err(); ended != nil {
		return fault.New(fault.Timeout, "timeout", "The answer took too long.").Because(errors.Join(ended, err))
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && !dialFailed(err) && !serverDown(pg.Code) {
		return fault.Of(err)
	}
	return fault.Down("postgresql", err)
}

// serverDown reports whether code says that the server, not the statement, is
// the trouble: connections, resources, shutdown, recovery, a read-only standby.
func serverDown(code string) bool {
	for _, class := range []string{"08", "53", "57P", "55000", "25006", "58"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}
