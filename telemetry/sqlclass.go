package telemetry

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// sqlClass names a failure without its text: pgx's encode errors print every
// argument, and those may be somebody's address.
func sqlClass(err error) string {
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
