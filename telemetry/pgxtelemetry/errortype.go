package pgxtelemetry

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// errorType is the error.type of err: a SQLSTATE, canceled, timeout or
// connection. Never the error's text: pgx's encoding errors print every argument,
// and those may be personal data.
func errorType(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "connection"
}
