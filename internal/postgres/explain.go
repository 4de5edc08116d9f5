package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"jari.example/internal/fault"
)

// Explain turns an error of pgx into a fault: Unavailable when the server cannot
// be reached or cannot serve, Timeout when a deadline passed, else Internal.
// pgx.ErrNoRows and faults are returned unchanged, because callers handle them.
// A cause never holds a statement's arguments, which may be personal data.
func Explain(err error) error {
	if err == nil || errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if dialFailed(err) { // whatever the server's reason, it is not the request's fault
		return fault.Down("postgresql", err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Timeout, "timeout", fault.TimeoutDetail).Because(err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if serverDown(pg.Code) {
			return fault.Down("postgresql", pg)
		}
		switch pg.Code { // cancelled by a statement's or a lock's timeout, or by an operator
		case "57014", "55P03":
			return fault.New(fault.Timeout, "timeout", fault.TimeoutDetail).Because(pg)
		}
		if strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23") { // their messages quote the value
			return fault.Of(fmt.Errorf("postgresql: SQLSTATE %s %s", pg.Code, pg.ConstraintName))
		}
		return fault.Of(pg)
	}
	if pgconn.SafeToRetry(err) || isConnection(err) {
		return fault.Down("postgresql", err)
	}
	return fault.Of(fmt.Errorf("postgresql: %T", err)) // the text of an encode error has every argument
}

func dialFailed(err error) bool {
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

func isConnection(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, puddle.ErrClosedPool)
}

// serverDown reports whether a SQLSTATE means that the server, not the statement,
// failed: connections, resources, shutdown, recovery, a read-only standby.
func serverDown(code string) bool {
	for _, class := range []string{"08", "53", "57P", "55000", "25006", "58"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}
