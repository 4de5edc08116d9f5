package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/chaosbooking/verdict"
	"jari.example/infra/local/parts"
)

var (
	reservationDB  = parts.ReservationDatabase("kr")
	notificationDB = "jari_notification_kr"
)

// drainWithin bounds how long the last event may take to its mail. A mail whose
// sender was interrupted is tried again after a lease and with growing pauses.
const drainWithin = 3 * time.Minute

// drain waits until nothing is on its way any more, and stops the sellers in
// that instant: jobs of theirs would go on making changes between one look and
// the next. What never arrives is left for the verdict.
func (sys *system) drain(ctx context.Context) error {
	for deadline := time.Now().Add(drainWithin); time.Now().Before(deadline); {
		quiet, err := sys.quiet(ctx)
		if err != nil {
			return err
		}
		if quiet {
			sys.freeze(syscall.SIGSTOP)
			if quiet, err = sys.quiet(ctx); quiet || err != nil {
				return err
			}
			sys.freeze(syscall.SIGCONT)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	sys.freeze(syscall.SIGSTOP)
	return nil
}

// quiet reports whether there is no event without its mail, and no line open
// beyond its cut-off.
func (sys *system) quiet(ctx context.Context) (bool, error) {
	coming, err := one[int](ctx, sys, reservationDB,
		"SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM reservations WHERE status IN ('waiting', 'offered') AND cancel_until <= now())")
	if err != nil {
		return false, err
	}
	pending, err := one[int](ctx, sys, notificationDB, "SELECT count(*) FROM events WHERE state = 'pending'")
	return coming+pending == 0, err
}

// freeze stops the sellers, or lets them go on.
func (sys *system) freeze(sig syscall.Signal) {
	for _, r := range replicas {
		if pid := sys.Status(r.name).Pid; pid != 0 {
			_ = syscall.Kill(pid, sig)
		}
	}
}

// witnesses collects what everybody has to say.
func (sys *system) witnesses(ctx context.Context, l *clientLog) (w verdict.World, err error) {
	if w.Slots, err = all[verdict.Slot](ctx, sys, reservationDB, "SELECT id, capacity, booked, cancel_until > now() FROM slots ORDER BY id"); err != nil {
		return w, err
	}
	if w.Rows, err = all[verdict.Row](ctx, sys, reservationDB,
		"SELECT id::text, slot_id, coalesce(diner_id::text, ''), party, status, version FROM reservations ORDER BY created_at, id"); err != nil {
		return w, err
	}
	if w.Untold, err = one[int](ctx, sys, reservationDB, "SELECT count(*) FROM outbox"); err != nil {
		return w, err
	}
	if w.Events, err = all[verdict.Event](ctx, sys, notificationDB, "SELECT id::text, kind, reservation_id::text, state FROM events ORDER BY seq"); err != nil {
		return w, err
	}
	if w.Mails, err = sys.mails(ctx); err != nil {
		return w, err
	}
	sys.ledger.mu.Lock()
	defer sys.ledger.mu.Unlock()
	w.Sends = sys.ledger.sends
	w.Tries, w.Kills = l.tries, l.kills
	for i, t := range w.Tries {
		w.Tries[i].Lost = sys.ledger.lost[l.numbers[i]] || t.Lost
	}
	return w, nil
}

// mails is what SES holds for our diners.
func (sys *system) mails(ctx context.Context) (list []verdict.Mail, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, sys.parts.AWSURL()+"/moto-api/data.json", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var data struct {
		SES struct {
			RawMessage []struct {
				Raw string `json:"raw_data"`
			}
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&data); err != nil {
		return nil, fmt.Errorf("moto's mails: %w", err)
	}
	for _, m := range data.SES.RawMessage {
		if event, to := toldIn(m.Raw); strings.HasSuffix(to, "@"+sys.domain) {
			list = append(list, verdict.Mail{Event: event})
		}
	}
	return list, nil
}

// connect connects anew each time: whatever was connected may have been killed.
func (sys *system) connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, sys.parts.DatabaseURL(database))
}

func all[T any](ctx context.Context, sys *system, database, query string, args ...any) (list []T, err error) {
	conn, err := sys.connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, _ := conn.Query(ctx, query, args...) // its error comes with the rows
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

func one[T any](ctx context.Context, sys *system, database, query string, args ...any) (value T, err error) {
	conn, err := sys.connect(ctx, database)
	if err != nil {
		return value, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return value, conn.QueryRow(ctx, query, args...).Scan(&value)
}
