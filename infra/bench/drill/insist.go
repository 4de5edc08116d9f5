package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/crowd"
	"jari.example/infra/local/parts"
	"jari.example/internal/wait"
)

const (
	insisting = 20                     // diners who press Book when the region goes away
	losing    = 4                      // diners who have pressed it, and whose response is lost
	lockLimit = 10 * time.Second       // until their bookings wait for the slots, or are decided
	lockEvery = 100 * time.Millisecond // how often that is looked at
)

// pressing are diners who press Book until each has an answer.
type pressing struct {
	diners []*crowd.Insistent

	all    sync.WaitGroup
	mu     sync.Mutex
	failed error
}

// press lets a diner begin after a pause.
func (p *pressing) press(ctx context.Context, c *crowd.Crowd, i *crowd.Insistent, slot string, pause time.Duration) {
	p.all.Go(func() {
		err := wait.For(ctx, pause)
		if err == nil {
			err = c.Insist(ctx, i, slot)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.failed = errors.Join(p.failed, err)
	})
}

func (p *pressing) await() error {
	p.all.Wait()
	return p.failed
}

// insist lets diners press Book for slots that somebody saw free, around the moment in which the
// region goes.
func (d *drill) insist(ctx context.Context) (p *pressing, err error) {
	p = &pressing{}
	if p.diners, err = d.kr.SignUpInsistent(ctx, insisting); err != nil {
		return p, err
	}
	for _, i := range p.diners {
		slot, err := d.kr.AnyFree()
		if err != nil {
			return p, err
		}
		p.press(ctx, d.kr, i, slot, rand.N(5*time.Second))
	}
	return p, nil
}

// locked are diners whose bookings wait in PostgreSQL for slots that a transaction of the drill has
// locked. When the region's processes are killed meanwhile and then the transaction ends,
// PostgreSQL carries the bookings out, and nobody is there to respond.
type locked struct {
	pressing
	holder, observer *pgx.Conn // two: within a transaction pg_stat_activity does not change
}

const lockSlots = `SELECT id::text FROM slots WHERE booked = 0 AND capacity > 0 AND party_min = 1
	AND starts_at > now() + interval '2 days' AND (opens_at IS NULL OR opens_at < now()) LIMIT $1 FOR UPDATE SKIP LOCKED`

// waiting are the bookings that wait for the transaction, and others the connections of the services.
const (
	waiting = `SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))`
	others  = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> $1`
)

// pressForLocked locks slots, and lets a diner press Book for each. It returns when bookings wait.
func (d *drill) pressForLocked(ctx context.Context) (l *locked, err error) {
	l = &locked{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.release(ctx), l.close(ctx))
		}
	}()
	for _, conn := range []**pgx.Conn{&l.holder, &l.observer} {
		if *conn, err = d.Connect(ctx, parts.ReservationDatabase(awayRegion)); err != nil {
			return l, err
		}
	}
	if l.diners, err = d.kr.SignUpInsistent(ctx, losing); err != nil {
		return l, err
	}
	tx, err := l.holder.Begin(ctx) // release ends its connection, and so the transaction
	if err != nil {
		return l, err
	}
	rows, _ := tx.Query(ctx, lockSlots, losing) // rows hold the error
	slots, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(slots) < losing {
		err = fmt.Errorf("only %d free slots could be locked", len(slots))
	}
	if err != nil {
		return l, err
	}
	for n, i := range l.diners {
		l.press(ctx, d.kr, i, slots[n], 0)
	}
	return l, l.until(ctx, waiting, l.holder, func(n int) bool { return n > 0 })
}

// until waits until a count, which depends on the process of a connection, is so.
func (l *locked) until(ctx context.Context, query string, of *pgx.Conn, enough func(int) bool) error {
	limited, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	var n int
	var err error
	if waitErr := wait.Until(limited, lockEvery, func() bool {
		err = l.observer.QueryRow(limited, query, of.PgConn().PID()).Scan(&n)
		return err != nil || enough(n)
	}); waitErr != nil {
		return fmt.Errorf("%s is %d: %w", query, n, waitErr)
	}
	return err
}

// release lets PostgreSQL carry the bookings out.
func (l *locked) release(ctx context.Context) error { return disconnect(ctx, &l.holder) }

// decided waits until all bookings are carried out, and counts those that were made.
func (l *locked) decided(ctx context.Context) (made int, err error) {
	defer func() { err = errors.Join(err, l.close(ctx)) }()
	if err := l.until(ctx, others, l.observer, func(n int) bool { return n == 0 }); err != nil {
		return 0, err
	}
	stored, err := crowd.Reservations(ctx, l.observer, l.diners)
	return len(stored), err
}

func (l *locked) close(ctx context.Context) error { return disconnect(ctx, &l.observer) }

// disconnect closes a connection if it is open.
func disconnect(ctx context.Context, conn **pgx.Conn) error {
	open := *conn
	if *conn = nil; open == nil {
		return nil
	}
	return open.Close(context.WithoutCancel(ctx))
}
