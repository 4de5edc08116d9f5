package app

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/text"
	"jari.example/services/reservation"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// OwnerEntryRequest asks for a booking for a guest without an account. Key is the
// Idempotency-Key.
type OwnerEntryRequest struct {
	RestaurantID string        `json:"-"`
	SlotID       string        `json:"slot_id"`
	Party        int           `json:"party"`
	Name         secret.String `json:"name"`
	Phone        secret.String `json:"phone"`
	Note         secret.String `json:"note"`
	WalkIn       bool          `json:"walk_in"`
	Key          string        `json:"-"`
}

// validate normalises name, phone and note, and returns an error for an invalid
// request. The phone may be absent.
func (r *OwnerEntryRequest) validate() error {
	booking := BookRequest{SlotID: r.SlotID, Party: r.Party, Note: r.Note}
	if err := booking.validate(); err != nil {
		return err
	}
	r.Note = booking.Note
	if err := text.CleanSecret(&r.Name, "/name", text.Name); err != nil || r.Phone.IsZero() {
		return err
	}
	return text.CleanSecret(&r.Phone, "/phone", text.Phone)
}

// Enter books for a guest without an account. Codes: invalid; forbidden;
// not_found slot_not_found; conflict slot_closed, slot_full; unprocessable
// idempotency_key_reused.
func (s *Service) Enter(ctx context.Context, r OwnerEntryRequest) (reservation.Outcome, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return reservation.Outcome{}, err
	}
	if err := r.validate(); err != nil {
		return reservation.Outcome{}, err
	}
	telemetry.Note(ctx, slog.String(names.SlotID, r.SlotID), slog.Int(names.Party, r.Party))
	hash := requestHash(r.RestaurantID, r.SlotID, r.Party, r.Name.Reveal(), r.Phone.Reveal(), r.Note.Reveal(), r.WalkIn)
	meta, err := s.meta(ctx, r.Key, hash)
	if err != nil {
		return reservation.Outcome{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return reservation.Outcome{}, err
	}
	e := reservation.OwnerEntry{
		Booking:      reservation.Booking{CommandMeta: meta, ID: id, SlotID: reservation.ParseSlotID(r.SlotID), Party: r.Party, Note: r.Note},
		RestaurantID: r.RestaurantID, Guest: reservation.Guest{Name: r.Name, Phone: r.Phone}, WalkIn: r.WalkIn,
	}
	return s.execute(ctx, reservation.Command{
		CommandMeta: meta, Op: reservation.OpEnter, Decide: e.Decide,
		Scope: reservation.Scope{Slots: []reservation.SlotID{e.SlotID}},
	})
}

// Seat records that the party has come. Codes: not_found; conflict not_seatable;
// unprocessable idempotency_key_reused.
func (s *Service) Seat(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	return s.recordAttendance(ctx, r, reservation.OpSeat)
}

// NoShow records that the party did not come. Its covers are free again until the
// slot ends. Codes: not_found; conflict not_no_show; unprocessable
// idempotency_key_reused.
func (s *Service) NoShow(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	return s.recordAttendance(ctx, r, reservation.OpNoShow)
}

// UndoNoShow takes a no-show back: the reservation is confirmed again. Codes:
// not_found; conflict not_undoable, slot_full; unprocessable
// idempotency_key_reused.
func (s *Service) UndoNoShow(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	id, meta, err := s.reservationCommand(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	n := reservation.NoShowUndo{CommandMeta: meta, ID: id, MayTouch: endpoint.IdentityFrom(ctx).MayTouch}
	return s.execute(ctx, reservation.Command{
		CommandMeta: meta, Op: reservation.OpUndoNoShow, Scope: reservation.Scope{ReservationID: id}, Decide: n.Decide,
	})
}

func (s *Service) recordAttendance(ctx context.Context, r ReservationRequest, op string) (reservation.Outcome, error) {
	id, meta, err := s.reservationCommand(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	a := reservation.Attendance{CommandMeta: meta, ID: id, MayTouch: endpoint.IdentityFrom(ctx).MayTouch, NoShow: op == reservation.OpNoShow}
	return s.execute(ctx, reservation.Command{CommandMeta: meta, Op: op, Scope: reservation.Scope{ReservationID: id}, Decide: a.Decide})
}
