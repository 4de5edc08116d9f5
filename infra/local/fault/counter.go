package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/wait"
)

// FutureSlot returns the last slot in the database of the reservation service, so that
// diners who look for a table soon are not affected.
func FutureSlot(ctx context.Context, url string) (slot string, err error) {
	conn, err := session(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, `SELECT id::text FROM slots WHERE starts_at > now() ORDER BY starts_at DESC, id DESC LIMIT 1`).Scan(&slot)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errors.New("the database has no future slot: add sample data with `jari seed`")
	}
	return slot, err
}

// Miscount adds a cover to the counter of a slot, so that it differs from its
// reservations: what the audit must find.
func Miscount(ctx context.Context, url, slot string) error {
	return updateSlot(ctx, url, slot, `UPDATE slots SET booked = booked + 1, capacity = greatest(wanted_capacity, booked + 1)
		WHERE id = $1::text::bigint`)
}

// errNoSlot is the error of a slot that does not exist.
var errNoSlot = errors.New("the database has no such slot")

// Recount sets the counter of a slot to what its reservations hold. It may be repeated. A
// slot that is gone has no counter.
func Recount(ctx context.Context, url, slot string) error {
	const held = `(SELECT coalesce(sum(party), 0)::int FROM reservations
		WHERE slot_id = slots.id AND status IN ('offered', 'confirmed', 'seated'))`
	err := updateSlot(ctx, url, slot, `UPDATE slots SET booked = `+held+`, capacity = greatest(wanted_capacity, `+held+`)
		WHERE id = $1::text::bigint`)
	if errors.Is(err, errNoSlot) {
		return nil
	}
	return err
}

// updateSlot locks the slot first, as a booking does, so that the statement sees every
// reservation that was made before.
func updateSlot(ctx context.Context, url, slot, statement string) error {
	conn, err := session(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM slots WHERE id = $1::text::bigint FOR UPDATE`, slot); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, statement, slot)
		if err == nil && tag.RowsAffected() == 0 {
			return fmt.Errorf("slot %s: %w", slot, errNoSlot)
		}
		return err
	})
}

// lateBy is how long ago the offers end that EndOffers ends: late is 30 s.
const lateBy = 40 * time.Second

// EndOffers ends the offers that somebody else waits for, as if they had ended a while
// ago: the next diner gets a late offer. It returns how many it has ended.
func EndOffers(ctx context.Context, url string) (ended int64, err error) {
	conn, err := session(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// Without waiting for a lock, since the service locks the slot first.
	tag, err := conn.Exec(ctx, `UPDATE reservations SET offer_ends_at = now() - make_interval(secs => $1) WHERE id IN (
		SELECT o.id FROM reservations o WHERE o.status = 'offered' AND o.offer_ends_at > now()
			AND EXISTS (SELECT FROM reservations w WHERE w.slot_id = o.slot_id AND w.status = 'waiting')
		FOR UPDATE SKIP LOCKED)`, lateBy.Seconds())
	return tag.RowsAffected(), err
}

// Of stallEvery seconds, the job that offers the seats of ended offers stands still for
// all but the last one, in which it makes the late offers.
const stallEvery = 5

// lateOffers calls EndOffers every second and stall, which stops the job, until end is
// called.
func lateOffers(url string, stall func(on bool) error) (end func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			_ = stall(n%stallEvery < stallEvery-1) // tried again
			_, _ = EndOffers(ctx, url)             // a database that is away may come back
			_ = wait.For(ctx, time.Second)
		}
	})
	return func(context.Context) error { cancel(); done.Wait(); return stall(false) }
}
