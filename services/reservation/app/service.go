// Package app holds the use cases of reservations: one method per operation of the
// API. It validates requests, checks who may do what, builds commands for the
// store, and keeps two caches: sold-out slots and slots for availability.
package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/internal/endpoint"
	"jari.example/services/reservation"
	"jari.example/services/reservation/observe"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Service implements the use cases. Every method may return Unavailable or Timeout
// if the store does not answer. The result of a change is unknown then; a retry
// with the same Idempotency-Key finds it.
type Service struct {
	store       reservation.Store
	notifyRelay func() // wakes the outbox relay
	now         func() time.Time
	slots       *slotCache
	soldOut     *soldOutCache
	users       Users
	mails       Mails
	metrics     observe.Metrics
}

// New returns a Service. wake is called after each commit and must not block.
// users and mails may be nil: the owner's list comes without their data then.
func New(store reservation.Store, users Users, mails Mails, wake func()) *Service {
	return &Service{
		store: store, notifyRelay: wake, now: time.Now, slots: newSlotCache(store), soldOut: newSoldOutCache(),
		users: users, mails: mails, metrics: observe.NewMetrics(),
	}
}

// execute commits c and removes its slots from both caches: c may have freed
// covers, and a diner who has just given seats back should see them.
func (s *Service) execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	var touched []*reservation.Slot
	decide := c.Decide
	c.Decide = func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
		touched = slices.Collect(maps.Values(u.Slots))
		return decide(u)
	}
	out, err := s.store.Execute(ctx, c)
	for _, slot := range touched {
		s.soldOut.remove(slot.ID)
	}
	s.slots.invalidate(touched, c.Period.RestaurantID)
	return s.finish(ctx, out, err)
}

// meta builds the metadata of a command of the caller in ctx.
func (s *Service) meta(ctx context.Context, key string, hash []byte) (reservation.CommandMeta, error) {
	dinerID, err := diner(ctx)
	return reservation.CommandMeta{
		DinerID: dinerID, Key: key, RequestHash: hash, EventID: uuid.New(),
		Traceparent: telemetry.Traceparent(ctx),
		At:          s.now().UTC().Truncate(time.Microsecond), // PostgreSQL's precision
	}, err
}

// finish notes the result in the access log and wakes the relay.
func (s *Service) finish(ctx context.Context, out reservation.Outcome, err error) (reservation.Outcome, error) {
	if err != nil {
		return out, err
	}
	if out.ID != uuid.Nil { // schedules and closures concern no single reservation
		telemetry.Note(ctx,
			slog.String(names.ReservationID, out.ID.String()),
			slog.String(names.RestaurantID, out.RestaurantID),
			slog.Bool(names.Replayed, out.Replayed))
	}
	s.notifyRelay()
	return out, nil
}

func diner(ctx context.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(endpoint.IdentityFrom(ctx).UserID)
	if err != nil {
		return id, fault.New(fault.Unauthenticated, "unauthenticated", "Please log in.")
	}
	return id, nil
}

// requestHash identifies a request by its parts.
func requestHash(parts ...any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return sum[:]
}
