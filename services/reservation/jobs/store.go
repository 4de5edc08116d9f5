package jobs

import (
	"context"
	"time"

	"jari.example/services/reservation"
)

// Store is what the jobs need. Any number of replicas may call it at once.
type Store interface {
	reservation.Executor

	// SlotsWithExpiry lists up to n slots on which an offer has run out, or a
	// waitlist has reached the cut-off.
	SlotsWithExpiry(ctx context.Context, now time.Time, n int) ([]reservation.SlotID, error)

	// RestaurantsToGenerate lists up to n restaurants whose slots were last
	// generated before a time.
	RestaurantsToGenerate(ctx context.Context, before time.Time, n int) ([]string, error)

	// EnqueueReminders puts a [reservation.EventReminder] into the outbox for up to
	// n confirmed visits that start between now and before, were last changed more
	// than a day ahead of their start, and have no reminder yet. It returns how
	// many. The events carry ctx's trace.
	EnqueueReminders(ctx context.Context, now, before time.Time, n int) (int, error)

	// DeleteIdempotencyRecords deletes up to n records from before a time, and
	// returns how many.
	DeleteIdempotencyRecords(ctx context.Context, before time.Time, n int) (int, error)

	// Audit compares the counter of every slot that has not ended with its
	// reservations, all as of one instant.
	Audit(ctx context.Context, now time.Time) (Audit, error)
}

// Audit is the result of one comparison.
type Audit struct {
	Slots      int // compared
	Mismatches []CounterMismatch
}

// CounterMismatch is a slot whose counter differs from its reservations, or
// whose capacity is not max(wanted, booked).
type CounterMismatch struct {
	SlotID                   reservation.SlotID
	RestaurantID             string
	Wanted, Capacity, Booked int
	Held                     int // covers held by the slot's reservations
}

// Listener is told what the jobs do. Jobs call it from several goroutines.
type Listener interface {
	// JobFailed: a run of the job returned an error. The next run follows.
	JobFailed(ctx context.Context, job string, err error)
	// SlotsAudited: an audit has ended.
	SlotsAudited(ctx context.Context, a Audit)
}
