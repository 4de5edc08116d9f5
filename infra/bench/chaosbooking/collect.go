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

	"jari.example/infra/bench/chaosbooking/invariants"
	"jari.example/infra/local/parts"
	"jari.example/internal/wait"
)

var (
	reservationDB  = parts.ReservationDatabase("kr")
	notificationDB = "jari_notification_kr"
)

// drainWithin bounds how long it may take until the last event has its mail. A
// mail whose delivery was interrupted is retried after its lease and with
// exponential backoff.
const drainWithin = 3 * time.Minute

// drain waits until every event has its mail, and pauses the replicas at that
// moment: their maintenance jobs would change data between two queries. What
// has not arrived by then is a violation that invariants.Check reports.
func (sys *system) drain(ctx context.Context) error {
	for deadline := time.Now().Add(drainWithin); time.Now().Before(deadline); {
		done, err := sys.drained(ctx)
		if err != nil {
			return err
		}
		if done {
			sys.signalReplicas(syscall.SIGSTOP)
			if done, err = sys.drained(ctx); done || err != nil {
				return err
			}
			sys.signalReplicas(syscall.SIGCONT)
		}
		if err := wait.For(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	sys.signalReplicas(syscall.SIGSTOP)
	return nil
}

// drained reports whether every event has its mail and no waitlist is open after
// its cut-off.
func (sys *system) drained(ctx context.Context) (bool, error) {
	coming, err := queryOne[int](ctx, sys, reservationDB, `SELECT (SELECT count(*) FROM outbox)
		+ (SELECT count(*) FROM reservations WHERE status IN ('waiting', 'offered') AND cancel_until <= now())`)
	if err != nil {
		return false, err
	}
	pending, err := queryOne[int](ctx, sys, notificationDB, "SELECT count(*) FROM events WHERE state = 'pending'")
	return coming+pending == 0, err
}

// signalReplicas pauses the replicas (SIGSTOP) or resumes them (SIGCONT).
func (sys *system) signalReplicas(sig syscall.Signal) {
	for _, r := range replicas {
		if pid := sys.Status(r.name).Pid; pid != 0 {
			_ = syscall.Kill(pid, sig)
		}
	}
}

// What collect reads, in the order of the fields that it fills.
const (
	slotsSQL  = "SELECT id, capacity, booked, cancel_until > now() FROM slots ORDER BY id"
	rowsSQL   = "SELECT id::text, slot_id, coalesce(diner_id::text, ''), party, status, version FROM reservations ORDER BY created_at, id"
	outboxSQL = "SELECT count(*) FROM outbox"
	eventsSQL = "SELECT id::text, kind, reservation_id::text, state FROM events ORDER BY seq"
)

// collect reads the history from the recorder, the databases, SES and the
// proxies.
func (sys *system) collect(ctx context.Context, l *recorder) (w invariants.History, err error) {
	if w.Slots, err = queryAll[invariants.Slot](ctx, sys, reservationDB, slotsSQL); err != nil {
		return w, err
	}
	if w.Rows, err = queryAll[invariants.Row](ctx, sys, reservationDB, rowsSQL); err != nil {
		return w, err
	}
	if w.Undelivered, err = queryOne[int](ctx, sys, reservationDB, outboxSQL); err != nil {
		return w, err
	}
	if w.Events, err = queryAll[invariants.Event](ctx, sys, notificationDB, eventsSQL); err != nil {
		return w, err
	}
	if w.Mails, err = sys.mails(ctx); err != nil {
		return w, err
	}
	sys.proxyLog.mu.Lock()
	defer sys.proxyLog.mu.Unlock()
	w.Sends = sys.proxyLog.sends
	w.Attempts, w.Kills = l.attempts, l.kills
	for i, t := range w.Attempts {
		w.Attempts[i].Lost = sys.proxyLog.lost[l.numbers[i]] || t.Lost
	}
	return w, nil
}

// mails is the mails that SES holds for the actors.
func (sys *system) mails(ctx context.Context) (list []invariants.Mail, err error) {
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
		return nil, fmt.Errorf("read moto's mails: %w", err)
	}
	for _, m := range data.SES.RawMessage {
		if event, to := eventOf(m.Raw); strings.HasSuffix(to, "@"+sys.mailDomain) {
			list = append(list, invariants.Mail{Event: event})
		}
	}
	return list, nil
}

// connect opens a new connection, since a pooled one may belong to a killed
// server.
func (sys *system) connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, sys.parts.DatabaseURL(database))
}

func queryAll[T any](ctx context.Context, sys *system, database, query string, args ...any) (list []T, err error) {
	conn, err := sys.connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, _ := conn.Query(ctx, query, args...) // its error comes with the rows
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

func queryOne[T any](ctx context.Context, sys *system, database, query string, args ...any) (value T, err error) {
	conn, err := sys.connect(ctx, database)
	if err != nil {
		return value, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return value, conn.QueryRow(ctx, query, args...).Scan(&value)
}
