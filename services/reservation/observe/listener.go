package observe

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/outbox"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Listener logs and counts what the relay and the jobs report. It implements
// [outbox.Listener] and [jobs.Listener].
type Listener struct {
	logger     *slog.Logger
	refused    metric.Int64Counter
	violations metric.Int64Counter
}

var (
	_ outbox.Listener = Listener{}
	_ jobs.Listener   = Listener{}
)

// NewListener returns a listener that writes to logger and to OpenTelemetry's
// global meter.
func NewListener(logger *slog.Logger) Listener {
	meter := otel.Meter(scope)
	// Creating an instrument fails only for a malformed name.
	refused, _ := meter.Int64Counter(names.MetricOutboxRefused, metric.WithUnit("{event}"))
	violations, _ := meter.Int64Counter(names.MetricInvariantViolations, metric.WithUnit("{slot}"))
	return Listener{logger, refused, violations}
}

// LeaseFailed implements [outbox.Listener].
func (l Listener) LeaseFailed(ctx context.Context, err error) {
	l.logger.WarnContext(ctx, "outbox lease failed", names.EventName, names.EventOutboxFailed,
		names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
}

// Delivered implements [outbox.Listener].
func (l Listener) Delivered(ctx context.Context, e reservation.Event) {
	l.event(e).InfoContext(ctx, "outbox event delivered", names.EventName, names.EventOutboxDelivered)
}

// DeliveryFailed implements [outbox.Listener].
func (l Listener) DeliveryFailed(ctx context.Context, e reservation.Event, err error) {
	l.event(e).WarnContext(ctx, "outbox event not delivered; will retry", names.EventName, names.EventOutboxFailed,
		names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
}

// DeliveryRefused implements [outbox.Listener].
func (l Listener) DeliveryRefused(ctx context.Context, e reservation.Event, err error) {
	l.event(e).ErrorContext(ctx, "outbox event refused by the notification service", names.EventName, names.EventOutboxRefused,
		names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
	l.refused.Add(ctx, 1, metric.WithAttributes(
		attribute.String(names.MailKind, e.Kind), attribute.String(names.Reason, fault.ReasonOf(err))))
}

// Panicked implements [outbox.Listener].
func (l Listener) Panicked(ctx context.Context, p any) {
	telemetry.LogPanic(ctx, l.logger, "outbox relay", p)
}

func (l Listener) event(e reservation.Event) *slog.Logger {
	return l.logger.With(names.OutboxEventID, e.ID.String(), names.ReservationID, e.Reservation.ID.String(),
		names.MailKind, e.Kind, names.Count, e.Attempts)
}

// JobFailed implements [jobs.Listener].
func (l Listener) JobFailed(ctx context.Context, job string, err error) {
	l.logger.WarnContext(ctx, "job failed; will run again", names.EventName, names.EventJobFailed,
		names.Job, job, names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
}

// SlotsAudited implements [jobs.Listener].
func (l Listener) SlotsAudited(ctx context.Context, a jobs.Audit) {
	for _, m := range a.Mismatches {
		l.violations.Add(ctx, 1)
		l.logger.ErrorContext(ctx, "slot counter does not match its reservations",
			names.EventName, names.EventInvariantViolated, names.SlotID, m.SlotID.String(), names.RestaurantID, m.RestaurantID,
			names.SlotWanted, m.Wanted, names.SlotCapacity, m.Capacity, names.SlotBooked, m.Booked, names.SlotHeld, m.Held)
	}
	l.logger.InfoContext(ctx, "slot counters audited", names.EventName, names.EventAudited,
		names.Count, a.Slots, names.Violations, len(a.Mismatches))
}
