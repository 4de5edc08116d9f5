// Package observe turns what happens to reservations into metrics and log
// lines. The domain, the relay and the jobs hold no logger: they return or
// report what happened.
package observe

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/telemetry/names"
)

const scope = "jari.example/services/reservation" // of the instruments

// Metrics counts business events. A store counts after a transaction is known
// to be committed, so that nothing counts twice: neither a replayed result nor a
// decision that was repeated after a conflict. A commit whose confirmation was
// lost is not counted.
type Metrics struct {
	covers, events, refusals metric.Int64Counter
	logger                   *slog.Logger // of offers; nil: they are only counted
}

// NewMetrics returns counters on OpenTelemetry's global meter. All of a process
// add to the same counters.
func NewMetrics() Metrics {
	meter := otel.Meter(scope)
	// Creating an instrument fails only for a malformed name.
	var m Metrics
	m.covers, _ = meter.Int64Counter(names.MetricCovers, metric.WithUnit("{cover}"))
	m.events, _ = meter.Int64Counter(names.MetricReservations, metric.WithUnit("{event}"))
	m.refusals, _ = meter.Int64Counter(names.MetricBookingsRefused, metric.WithUnit("{booking}"))
	return m
}

// WithLogger returns m, which logs each offer, too: an objective counts those that
// were made late.
func (m Metrics) WithLogger(l *slog.Logger) Metrics {
	m.logger = l
	return m
}

// kindAccepted is counted together with EventConfirmed when an offer is accepted.
const kindAccepted = "waitlist.accepted"

// Attribute sets are made once: each is sorted and hashed.
var (
	byMethod = attributeSets(names.Method, "reservation.Book", "reservation.Enter", "reservation.Accept", "reservation.Move")
	byKind   = attributeSets(names.EventKind,
		reservation.EventConfirmed, reservation.EventMoved, reservation.EventCancelled, reservation.EventClosed,
		reservation.EventNoShow, reservation.EventUndone, reservation.EventReminder,
		reservation.EventJoined, reservation.EventChanged, reservation.EventOffered, kindAccepted,
		reservation.EventDeclined, reservation.EventExpired, reservation.EventLeft)
	byReason = attributeSets(names.Reason, "slot_full", "slot_closed", "not_open_yet", "already_booked", "overlap",
		"too_many_reservations", "slot_not_found", "invalid_field", "idempotency_key_reused", "overloaded", "other")
	methods = map[string]string{
		reservation.OpBook: "reservation.Book", reservation.OpEnter: "reservation.Enter",
		reservation.OpAccept: "reservation.Accept", "": "reservation.Move",
	}
)

func attributeSets(name string, values ...string) map[string][]metric.AddOption {
	all := make(map[string][]metric.AddOption, len(values))
	for _, v := range values {
		all[v] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(name, v)))}
	}
	return all
}

// Booked counts bookings of so many covers together, made by [reservation.Store]'s Book.
func (m Metrics) Booked(ctx context.Context, bookings, covers int) {
	if bookings > 0 {
		m.covers.Add(ctx, int64(covers), byMethod["reservation.Book"]...)
		m.events.Add(ctx, int64(bookings), byKind[reservation.EventConfirmed]...)
	}
}

// Executed counts the transitions of a committed command; op is the command's.
func (m Metrics) Executed(ctx context.Context, op string, transitions []reservation.Transition) {
	for _, t := range transitions {
		m.events.Add(ctx, 1, byKind[t.Kind]...)
		if t.Kind == reservation.EventOffered && m.logger != nil {
			m.logger.InfoContext(ctx, "covers offered", names.EventName, names.EventOfferMade,
				names.OfferDelay, t.Offer.Delay.Seconds(),
				names.SlotID, t.Offer.SlotID.String(), names.ReservationID, t.Offer.ReservationID.String())
		}
		if t.Kind != reservation.EventConfirmed {
			continue
		}
		m.covers.Add(ctx, int64(t.Covers), byMethod[methods[op]]...)
		if op == reservation.OpAccept {
			m.events.Add(ctx, 1, byKind[kindAccepted]...)
		}
	}
}

// Reminded counts reminders.
func (m Metrics) Reminded(ctx context.Context, n int) {
	if n > 0 {
		m.events.Add(ctx, int64(n), byKind[reservation.EventReminder]...)
	}
}

// Refused counts a booking that was certainly not made, by the reason that its
// diner got.
func (m Metrics) Refused(ctx context.Context, err error) {
	reason := fault.ReasonOf(err)
	switch fault.CodeOf(err) {
	case fault.Internal, fault.Timeout, fault.Unavailable:
		if reason != "overloaded" {
			return // unknown: it may have been committed
		}
	}
	labels, ok := byReason[reason]
	if !ok {
		labels = byReason["other"] // bounds the number of attribute values
	}
	m.refusals.Add(ctx, 1, labels...)
}
