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

// Service is what diners and owners can do with seats. Every method may return
// Unavailable or Timeout when the store cannot answer; a change may have
// happened then, and the same Idempotency-Key finds out.
type Service struct {
	store       reservation.Store
	notifyRelay func() // tells the relay that there may be an event
	now         func() time.Time
	slots       *slotCache
	soldOut     *soldOutCache
	users       Users
	mails       Mails
	metrics     observe.Metrics
}

// New makes a Service. wake is called after each commit and must not block.
// users and mails may be nil: the owner's list does without them then.
func New(store reservation.Store, users Users, mails Mails, wake func()) *Service {
	return &Service{
		store: store, notifyRelay: wake, now: time.Now, slots: newSlotCache(store), soldOut: newSoldOutCache(),
		users: users, mails: mails, metrics: observe.NewMetrics(),
	}
}

// execute commits c. It may have freed covers of any slot it was about, so what
// this process remembers of those is forgotten: who has just given seats back
// should see them.
func (s *Service) execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	var touched []*reservation.Slot
	decide := c.Decide
	c.Decide = func(d *reservation.UnitOfWork) (reservation.Reservation, error) {
		touched = slices.Collect(maps.Values(d.Slots))
		return decide(d)
	}
	out, err := s.store.Execute(ctx, c)
	for _, slot := range touched {
		s.soldOut.remove(slot.ID)
	}
	s.slots.invalidate(touched, c.Period.RestaurantID)
	return s.finish(ctx, out, err)
}

// meta is what a store must know about who changes something, and when.
func (s *Service) meta(ctx context.Context, key string, hash []byte) (reservation.CommandMeta, error) {
	who, err := diner(ctx)
	return reservation.CommandMeta{
		DinerID: who, Key: key, RequestHash: hash, EventID: uuid.New(),
		Traceparent: telemetry.Traceparent(ctx),
		At:          s.now().UTC().Truncate(time.Microsecond), // what PostgreSQL keeps
	}, err
}

// finish notes what came out and wakes the relay for it.
func (s *Service) finish(ctx context.Context, out reservation.Outcome, err error) (reservation.Outcome, error) {
	if err != nil {
		return out, err
	}
	if out.ID != uuid.Nil { // schedules and closures are about no single one
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

// requestHash condenses the parts of a request that make it the same request.
func requestHash(parts ...any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return sum[:]
}
