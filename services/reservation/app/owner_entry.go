package app

import (
	"context"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
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

const (
	maxName  = 100
	maxPhone = 40
)

// Enter books for a guest without an account. Codes: invalid; forbidden;
// not_found slot_not_found; conflict slot_closed, slot_full; unprocessable
// idempotency_key_reused.
func (s *Service) Enter(ctx context.Context, r OwnerEntryRequest) (reservation.Outcome, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return reservation.Outcome{}, err
	}
	name, phone := r.Name.Reveal(), r.Phone.Reveal()
	if err := (BookRequest{SlotID: r.SlotID, Party: r.Party, Note: r.Note}).validate(); err != nil {
		return reservation.Outcome{}, err
	}
	telemetry.Note(ctx, slog.String(names.SlotID, r.SlotID), slog.Int(names.Party, r.Party))
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(name) == "" || n > maxName || strings.ContainsRune(name, 0):
		return reservation.Outcome{}, fault.BadField("/name", "name has 1 to %d characters.", maxName)
	case utf8.RuneCountInString(phone) > maxPhone || strings.ContainsRune(phone, 0):
		return reservation.Outcome{}, fault.BadField("/phone", "phone has at most %d characters.", maxPhone)
	}
	hash := requestHash(r.RestaurantID, r.SlotID, r.Party, name, phone, r.Note.Reveal(), r.WalkIn)
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
