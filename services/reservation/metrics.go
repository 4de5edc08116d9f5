package reservation

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/internal/fault"
	"jari.example/telemetry/names"
)

// Metrics counts what has become true of reservations. A store counts when a
// transaction is known to be committed, so that nothing counts twice: neither an
// answer that is given again nor a decision that was made anew. A commit whose
// answer was lost is not counted.
type Metrics struct {
	covers, events, refusals metric.Int64Counter
}

// NewMetrics returns a tally on OpenTelemetry's global meter. All tallies of a
// process count as one.
func NewMetrics() Metrics {
	meter := otel.Meter(scope)
	// Instruments cannot fail to be made: their names are constants.
	var t Metrics
	t.covers, _ = meter.Int64Counter(names.MetricCovers, metric.WithUnit("{cover}"))
	t.events, _ = meter.Int64Counter(names.MetricReservations, metric.WithUnit("{event}"))
	t.refusals, _ = meter.Int64Counter(names.MetricBookingsRefused, metric.WithUnit("{booking}"))
	return t
}

// kindAccepted is counted beside EventConfirmed where that answers an offer.
const kindAccepted = "waitlist.accepted"

// Sets of labels, made once: each is sorted and hashed.
var (
	byMethod = attributeSets(names.Method, "reservation.Book", "reservation.Enter", "reservation.Accept", "reservation.Move")
	byKind   = attributeSets(names.EventKind, EventConfirmed, EventMoved, EventCancelled, EventClosed, EventNoShow, EventReminder,
		EventJoined, EventChanged, EventOffered, kindAccepted, EventDeclined, EventExpired, EventLeft)
	byReason = attributeSets(names.Reason, "slot_full", "slot_closed", "not_open_yet", "already_booked", "overlap",
		"too_many_reservations", "slot_not_found", "invalid_field", "idempotency_key_reused", "overloaded", "other")
	methods = map[string]string{
		OpBook: "reservation.Book", OpEnter: "reservation.Enter", OpAccept: "reservation.Accept", "": "reservation.Move",
	}
)

func attributeSets(name string, values ...string) map[string][]metric.AddOption {
	all := make(map[string][]metric.AddOption, len(values))
	for _, v := range values {
		all[v] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(name, v)))}
	}
	return all
}

// Booked counts bookings of so many covers together, made by [Store.Book].
func (t Metrics) Booked(ctx context.Context, bookings, covers int) {
	if bookings > 0 {
		t.covers.Add(ctx, int64(covers), byMethod["reservation.Book"]...)
		t.events.Add(ctx, int64(bookings), byKind[EventConfirmed]...)
	}
}

// Executed counts what c has left on the desk.
func (t Metrics) Executed(ctx context.Context, c Command, d *UnitOfWork) {
	for _, f := range d.transitions {
		t.events.Add(ctx, 1, byKind[f.Kind]...)
		if f.Kind != EventConfirmed {
			continue
		}
		t.covers.Add(ctx, int64(f.Covers), byMethod[methods[c.Op]]...)
		if c.Op == OpAccept {
			t.events.Add(ctx, 1, byKind[kindAccepted]...)
		}
	}
}

// Reminded counts reminders.
func (t Metrics) Reminded(ctx context.Context, n int) {
	if n > 0 {
		t.events.Add(ctx, int64(n), byKind[EventReminder]...)
	}
}

// Refused counts a booking that was certainly not made, by the reason its diner
// was told.
func (t Metrics) Refused(ctx context.Context, err error) {
	reason := fault.ReasonOf(err)
	switch fault.CodeOf(err) {
	case fault.Internal, fault.Timeout, fault.Unavailable:
		if reason != "overloaded" {
			return // whether it was made, only its key knows
		}
	}
	labels, ok := byReason[reason]
	if !ok {
		labels = byReason["other"] // whatever its name is, it must not be one of many
	}
	t.refusals.Add(ctx, 1, labels...)
}
