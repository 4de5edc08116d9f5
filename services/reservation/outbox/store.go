// Package outbox delivers reservation's events to the notification service. It
// is the relay of a transactional outbox: a store commits each event together
// with the change that caused it, and a relay delivers it afterwards, at least
// once and in order per reservation.
package outbox

import (
	"context"
	"time"

	"jari.example/internal/backlog"
	"jari.example/services/reservation"
)

// Store holds the events that are not delivered yet. Any number of relays may
// lease from it at once.
type Store interface {
	// Backlog counts the events that are left, by the time they occurred.
	backlog.Queue

	// Lease returns up to n events that are due at now, and hides them from every
	// other caller until then. Of the events of one reservation it only ever
	// returns the oldest.
	Lease(ctx context.Context, n int, now, until time.Time) ([]reservation.Event, error)
	// Delivered deletes the event.
	Delivered(ctx context.Context, seq int64) error
	// Postpone makes the event due at due instead of at the end of its lease.
	Postpone(ctx context.Context, seq int64, due time.Time) error
}

// Receiver takes events: the notification service.
type Receiver interface {
	// Deliver returns nil once the receiver has stored the event. It accepts the
	// same event again without acting on it twice.
	Deliver(ctx context.Context, e reservation.Event) error
}

// Listener is told what a relay does. A relay calls it from several goroutines.
type Listener interface {
	// LeaseFailed: the store did not return events.
	LeaseFailed(ctx context.Context, err error)
	// Delivered: the receiver has the event, and the store has deleted it.
	Delivered(ctx context.Context, e reservation.Event)
	// DeliveryFailed: the event will be tried again soon.
	DeliveryFailed(ctx context.Context, e reservation.Event, err error)
	// DeliveryRefused: the receiver understood the event and refused it. It will
	// be tried again, more and more seldom.
	DeliveryRefused(ctx context.Context, e reservation.Event, err error)
	// Panicked: a delivery panicked with p. The event comes again when its lease
	// ends.
	Panicked(ctx context.Context, p any)
}
